#!/bin/bash
# A PIN and a passphrase are in no argument list, in nothing that is written, and while a signature is
# being made neither in the environment nor in the memory of the program, which leaves no core dump.
#
#   secrets.sh OTAIMG MOCK_P11 SOURCE_DIR
set -euo pipefail
otaimg=$1
mock=$2
source_dir=$3

. "$source_dir/tests/hsm/token.sh"
command -v strace >/dev/null || skip "strace not found"
strace -qq -e trace=none true 2>/dev/null || skip "ptrace is not permitted"

cd "$work"

PIN=pin-4711-of-the-test
passphrase=correct-horse-of-the-test
printf '%s' "$PIN" >pin
make_token --pin-file pin
rm pin

# Stack pointer, reset address and something behind them.
{ printf '\000\000\001\040\001\003\000\001' && head -c 1016 /dev/zero; } >app.bin
cat >release.yaml <<'END'
otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
sign: {key: "pkcs11:token=release;object=wbz451-app"}
output: app.ota
END

# nowhere SECRET FILE...: the secret's text is in none of these files.
nowhere() {
    local secret=$1
    shift
    for file in "$@"; do
        [ -s "$file" ] || fail "$file is empty: nothing was looked at"
        ! grep -a -q -F -e "$secret" "$file" || fail "the secret is in $file"
    done
}

# The calls that hand something to others; what is read, as a file with a PIN, is not among them.
trace() {
    strace -f -s 4096 -o trace -e trace=execve,write,writev,pwrite64,sendto,sendmsg,prctl,setrlimit,prlimit64 "$@"
}

# expect_clean NAME SECRET: the trace is that of a run that worked, and hardened itself.
expect_clean() {
    [ -s app.ota ] || fail "$1: no file was made"
    grep -q 'execve(' trace && grep -q 'app.ota' out || fail "$1: nothing was traced"
    nowhere "$2" trace out app.ota
    ! grep -a -q -F -e "$2" err || fail "$1: the secret is in a message"
    grep -q 'prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE' trace || fail "$1: the process can be dumped"
    grep -q 'RLIMIT_CORE, {rlim_cur=0, rlim_max=0}' trace || fail "$1: core dumps are not limited"
    rm app.ota
}

OTAIMG_PIN=$PIN trace "$otaimg" build release.yaml >out 2>err || fail "PIN in environment: $(cat err)"
expect_clean "PIN in environment" "$PIN"
trace "$otaimg" build release.yaml --pin-fd 3 3<<<"$PIN" >out 2>err || fail "--pin-fd: $(cat err)"
expect_clean "--pin-fd" "$PIN"

OTAIMG_PASSPHRASE=$passphrase "$otaimg" keys generate file:locked.pem >/dev/null
OTAIMG_PASSPHRASE=$passphrase trace "$otaimg" build release.yaml --set sign.key=file:locked.pem \
    >out 2>err || fail "passphrase: $(cat err)"
expect_clean "passphrase" "$passphrase"

# The trace does show a secret that is handed on.
trace "$otaimg" build "$passphrase.yaml" >out 2>err || true
grep -q -F -e "$passphrase" trace || fail "the trace would not show the secret"

# memory_of PID: all that can be read of it.
memory_of() {
    local range from to
    while read -r range _; do
        from=$((16#${range%-*}))
        to=$((16#${range#*-}))
        dd if="/proc/$1/mem" bs=4096 iflag=skip_bytes,count_bytes skip=$from count=$((to - from)) \
            2>/dev/null || true
    done < <(grep -E '^[0-9a-f]+-[0-9a-f]+ rw' "/proc/$1/maps")
}

# A module, and what it may start, gets neither.
OTAIMG_PIN=$PIN OTAIMG_PASSPHRASE=$passphrase MOCK_P11_MODULE=$OTAIMG_PKCS11_MODULE \
    MOCK_P11_ENVIRON=$work/module.env OTAIMG_PKCS11_MODULE=$mock "$otaimg" build release.yaml \
    >out 2>err || fail "environment of a module: $(cat err)"
grep -q '^MOCK_P11_ENVIRON=' module.env || fail "module.env is not the module's environment"
nowhere "$PIN" module.env
nowhere "$passphrase" module.env

mkfifo pause
env OTAIMG_PIN="$PIN" OTAIMG_PKCS11_MODULE="$mock" MOCK_P11_MODULE="$OTAIMG_PKCS11_MODULE" \
    MOCK_P11_PAUSE="C_Sign=$work/pause" "$otaimg" build release.yaml >out 2>err &
pid=$!
exec 4>pause # returns when C_Sign is about to be called
tr '\0' '\n' <"/proc/$pid/cmdline" >cmdline
tr '\0' '\n' <"/proc/$pid/environ" >environ || true
memory_of $pid >memory
grep -E 'core file size' "/proc/$pid/limits" >limits
exec 4>&-
wait $pid || fail "paused build: $(cat err)"
nowhere "$PIN" cmdline
if [ -s environ ]; then
    grep -q '^OTAIMG_PIN=' environ || fail "environ is not that of the program"
    nowhere "$PIN" environ
fi
grep -q ' 0  *0 ' limits || fail "core dumps: $(cat limits)"
if [ -s memory ]; then
    grep -a -q wbz451-app memory || fail "the memory is not that of the program"
    nowhere "$PIN" memory
elif [ "$(id -u)" = 0 ]; then
    fail "the memory cannot be read"
fi
echo PASS
