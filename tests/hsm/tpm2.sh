#!/bin/bash
# A second kind of token: tpm2-pkcs11 on a software TPM, behind a resource manager. A release signed with
# its key verifies with the public key it exports, and a wrong PIN is sent once. Skipped where one of the
# programs is absent: scripts/packages.sh tpm installs them. Their package registers the module with every
# program that uses p11-kit, so that they belong on no machine that does not want that.
#
#   tpm2.sh OTAIMG MOCK_P11
set -euo pipefail

skip() {
    echo "SKIP: $1, expected the packages of scripts/packages.sh tpm"
    exit 77
}

fail() {
    echo "FAIL: $1" >&2
    exit 1
}

find_module() {
    local path
    for path in "${TPM2_PKCS11_MODULE:-}" /usr/lib/*/pkcs11/libtpm2_pkcs11.so \
        /usr/lib/*/libtpm2_pkcs11.so.1 /usr/lib64/pkcs11/libtpm2_pkcs11.so; do
        if [ -f "$path" ] && [ -r "$path" ]; then
            echo "$path"
            return
        fi
    done
    return 1
}

for program in dbus-daemon dbus-send swtpm tpm2-abrmd tpm2_ptool; do
    command -v $program >/dev/null || skip "$program not found"
done
module=$(find_module) || skip "libtpm2_pkcs11.so not found"
otaimg=$1
mock=$2

work=$(mktemp -d)
daemons=()
stop() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
clean_up() {
    local pid
    for pid in "${daemons[@]}"; do
        stop "$pid"
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
unset SOFTHSM2_CONF OTAIMG_PIN MOCK_P11_FAIL MOCK_P11_PAUSE

# wait_until COMMAND...: for ten seconds, as long as the last daemon lives.
wait_until() {
    local try
    for try in $(seq 100); do
        ! "$@" || return 0
        kill -0 "${daemons[-1]}" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

# The resource manager is found on a bus, here on one of its own.
start_bus() {
    export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/bus
    dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS" >bus.log 2>&1 &
    daemons+=($!)
    wait_until [ -S bus ] || fail "dbus-daemon does not start: $(cat bus.log)"
}

# listens PORT: told by the kernel, since the TPM would take a connection for its only client.
listens() {
    grep -q -i ":$(printf '%04X' "$1") 00000000:0000 0A" /proc/net/tcp
}

# The resource manager wants two ports in a row. Another program may take one after the look: try again.
start_tpm() {
    local try
    mkdir state
    for try in $(seq 20); do
        port=$((20000 + RANDOM % 12000))
        ! listens $port && ! listens $((port + 1)) || continue
        swtpm socket --tpm2 --tpmstate dir=state --flags not-need-init,startup-clear \
            --server "type=tcp,port=$port,bindaddr=127.0.0.1" \
            --ctrl "type=tcp,port=$((port + 1)),bindaddr=127.0.0.1" >swtpm.log 2>&1 &
        tpm=$!
        daemons+=($tpm)
        ! wait_until listens $((port + 1)) || return 0
        unset 'daemons[-1]'
        stop "$tpm"
    done
    fail "swtpm does not start: $(cat swtpm.log)"
}

manager_is_there() {
    dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
        org.freedesktop.DBus.NameHasOwner string:com.intel.tss2.Tabrmd 2>/dev/null | grep -q true
}

start_manager() {
    local options=(--session "--tcti=swtpm:host=127.0.0.1,port=$port")
    [ "$(id -u)" != 0 ] || options+=(--allow-root)
    tpm2-abrmd "${options[@]}" >abrmd.log 2>&1 &
    daemons+=($!)
    wait_until manager_is_there || fail "tpm2-abrmd does not start: $(cat abrmd.log)"
}

start_bus
start_tpm
start_manager
export TPM2TOOLS_TCTI=tabrmd:bus_type=session TPM2_PKCS11_TCTI=tabrmd:bus_type=session
export TPM2_PKCS11_STORE=$work/store TSS2_LOG=all+NONE
mkdir store
pin=pin-of-the-tpm-test
{
    tpm2_ptool init --path store
    tpm2_ptool addtoken --path store --pid=1 --label=release --sopin=officer --userpin=$pin
    tpm2_ptool addkey --path store --label=release --key-label=app --algorithm=ecc256 --userpin=$pin
} >ptool.log 2>&1 || fail "tpm2_ptool: $(cat ptool.log)"

export OTAIMG_PKCS11_MODULE=$module
key='pkcs11:token=release;object=app'

# with_pin PIN ARGUMENT...: the environment variable is taken once, so each run gets its own.
with_pin() {
    OTAIMG_PIN=$1 "$otaimg" "${@:2}"
}

"$otaimg" keys list >list 2>err || fail "keys list: $(cat err)"
cat list
grep -q '^pkcs11:.*;token=release;.*;object=app?module-path=' list || fail "the key is not listed"
! grep -q '%00' list || fail "padding of the token's texts is part of the URI"
with_pin $pin keys list --login >list 2>err || fail "keys list --login: $(cat err)"
grep -q 'holds   private and public key, sensitive, not extractable' list || fail "no private key is listed"
"$otaimg" keys show "$key" >shown 2>err || fail "keys show: $(cat err)"
cmp <(sed -n 's/^ *sha256 *//p' list) <(sed -n 's/^ *sha256 *//p' shown) || fail "another key is shown"
"$otaimg" keys show "$(grep '^pkcs11:' list)" 2>err | cmp - shown || fail "listed URI: $(cat err)"
"$otaimg" keys show 'pkcs11:model=SW%20%20%20TPM;object=app' 2>err | cmp - shown ||
    fail "URI with a model: $(cat err)"
"$otaimg" keys export "$key" -o release.pub.pem 2>err || fail "keys export: $(cat err)"

{ printf '\000\000\001\040\001\003\000\001' && head -c 1016 /dev/zero; } >app.bin
cat >release.yaml <<END
otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
sign: {key: "$key"}
output: app.ota
END

# The error lines of the last run: neither warnings nor what the module prints by itself.
errors() {
    grep '^otaimg: ' err | grep -v '^otaimg: warning: '
}

# expect_refused COMMAND...: exit 4 with one error line; no file.
expect_refused() {
    local status=0
    "$@" >out 2>err || status=$?
    [ $status -eq 4 ] || fail "$*: exit $status: $(cat err)"
    [ "$(errors | wc -l)" = 1 ] || fail "$*: not one line: $(cat err)"
    [ ! -s out ] && [ ! -e app.ota ] || fail "$*: something was written"
    errors
}

# The mock counts the calls on their way to the module.
export OTAIMG_PKCS11_MODULE=$mock MOCK_P11_MODULE=$module MOCK_P11_LOG=$work/calls.log
expect_refused with_pin wrong-pin build release.yaml
grep -q "token 'release': C_Login: CKR_PIN_INCORRECT" err || fail "wrong PIN: $(cat err)"
[ "$(grep -c -x C_Login calls.log)" = 1 ] || fail "wrong PIN: not sent once"
export OTAIMG_PKCS11_MODULE=$module

with_pin $pin build release.yaml 2>err || fail "build: $(cat err)"
"$otaimg" verify app.ota --verify-key file:release.pub.pem 2>err || fail "verify: $(cat err)"
"$otaimg" which-key app.ota file:release.pub.pem || fail "which-key: another key"
rm app.ota

# The TPM goes away while the first signature is being made.
export OTAIMG_PKCS11_MODULE=$mock
mkfifo pause
(
    exec 4>pause # returns when C_Sign is about to be called
    kill "$tpm"
) &
daemons+=($!)
MOCK_P11_PAUSE="C_Sign=$work/pause" expect_refused with_pin $pin build release.yaml
grep -q "token 'release': C_Sign: CKR_" err || fail "lost TPM: $(cat err)"
[ -z "$(find . -name '*.ota*')" ] || fail "lost TPM: something was left"
echo PASS
