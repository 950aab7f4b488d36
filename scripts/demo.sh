#!/bin/bash
# The main job from beginning to end: compiles a firmware, signs it with a key that never leaves its
# token, encrypts it, shows what is in the file and asks a device whether it would take it, and four
# damaged or unfit ones. Every exit code is checked: the script fails when one is not as documented.
#
#   scripts/demo.sh [--no-install] [--work DIR]
#
# Everything that is made goes below DIR (default: build/demo). --no-install expects the packages
# to be there; OTAIMG=PATH takes a tool that is built already.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
base=$top/build/demo
install=yes

die() {
    echo "demo.sh: $1" >&2
    exit "${2:-1}"
}

while [ $# -gt 0 ]; do
    case $1 in
    --no-install) install=no ;;
    --work)
        [ $# -ge 2 ] || die "--work needs a folder" 2
        base=$2
        shift
        ;;
    *) die "unknown option '$1', expected --no-install or --work DIR" 2 ;;
    esac
    shift
done

step_number=0
step() {
    step_number=$((step_number + 1))
    printf '\n%d. %s\n' "$step_number" "$1"
}

# Shows a command, runs it, shows what it says and checks how it ends.
expect() {
    local wanted=$1 status=0
    shift
    printf '   $ %s\n' "$*"
    "$@" >output 2>&1 || status=$?
    sed 's/^/     /' output
    [ "$wanted" = 0 ] && [ $status = 0 ] || printf '     exit code %d\n' "$status"
    [ $status = "$wanted" ] || die "'$*' ended with $status, expected $wanted"
}

# Long output: to a file, which is shown from the first line that matches a pattern to its end.
expect_ending() {
    local file=$1 pattern=$2
    shift 2
    printf '   $ %s > %s\n' "$*" "$file"
    "$@" >"$file" || die "'$*' failed"
    grep -q "$pattern" "$file" || die "'$file' has no line like '$pattern'"
    printf '     (the last of %d lines)\n' "$(wc -l <"$file")"
    sed -n "/$pattern/,\$ s/^/     /p" "$file"
}

build_quietly() {
    "$@" >build.log 2>&1 || {
        cat build.log >&2
        die "'$*' failed"
    }
}

# Text as it may stand in the query of a URI.
encoded() {
    local LC_ALL=C text=$1 i c
    for ((i = 0; i < ${#text}; i++)); do
        c=${text:i:1}
        case $c in
        [a-zA-Z0-9._/-]) printf '%s' "$c" ;;
        *) printf '%%%02X' "'$c" ;;
        esac
    done
}

byte_at() {
    od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '
}

set_byte() {
    printf '%b' "\\0$(printf '%o' "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# The OTAU header's checksum (offset 2, low byte first) is the negated sum of all other bytes.
repair_checksum() {
    local file=$1 difference=$2 sum
    sum=$(($(byte_at "$file" 2) + 256 * $(byte_at "$file" 3) - difference & 0xFFFF))
    set_byte "$file" 2 $((sum & 0xFF))
    set_byte "$file" 3 $((sum >> 8))
}

need() {
    local name
    for name in "$@"; do
        command -v "$name" >/dev/null && continue
        [ "${CI:-}" = true ] && die "'$name' not found, and with CI=true nothing is skipped"
        die "'$name' not found, expected the packages of scripts/packages.sh build demo" 77
    done
}

if [ $install = yes ]; then
    "$top/scripts/packages.sh" build demo
fi
[ -z "${OTAIMG:-}" ] || OTAIMG=$(realpath "$OTAIMG") || die "OTAIMG does not name a program"
need cmake arm-none-eabi-gcc softhsm2-util pkcs11-tool

mkdir -p "$base"
base=$(cd "$base" && pwd)
work=$base/work
rm -rf "$work"
mkdir "$work"
cd "$work"
echo "demo of otaimg in $work"

if [ -z "${OTAIMG:-}" ]; then
    step "build otaimg"
    build_quietly cmake -S "$top" -B "$base/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
    build_quietly cmake --build "$base/build" -j "$(nproc)"
    OTAIMG=$base/build/tools/otaimg/otaimg
fi
otaimg() {
    "$OTAIMG" "$@"
}
expect 0 otaimg --version

step "compile a firmware for the WBZ451's Cortex-M4 (vector table at 0x01000200)"
build_quietly cmake -S "$top/examples/app" -B app
build_quietly cmake --build app
expect 0 arm-none-eabi-size app/app.elf

step "make a token of our own: SoftHSM, in place of the hardware that a company has"
OTAIMG=$OTAIMG "$top/keys/test/make-token.sh" token --label otaimg-demo >token.sh 2>output ||
    { cat output >&2; die "make-token.sh failed"; }
. ./token.sh
access="module-path=$(encoded "$OTAIMG_PKCS11_MODULE")&pin-source=$(encoded "$work/token/pin")"
for name in release device; do
    sed "s|@TOKEN@|${access//&/\\&}|g" "$top/examples/demo/$name.yaml" >$name.yaml
done
cp "$top/examples/demo/app.cdx.json" .
pin="pin-source=$(encoded "$work/token/pin")"
expect 0 otaimg keys list --login "pkcs11:token=otaimg-demo?$pin"

step "export the public key: the device will trust this one and no other"
expect 0 otaimg keys export "pkcs11:token=otaimg-demo;object=wbz451-app" -o release.pub.pem

step "is it fit for production? The same rules stand guard over the build"
expect 0 otaimg lint release.yaml

step "sign in the token, encrypt in the token, write the OTA file"
expect 0 otaimg build release.yaml
expect 0 ls -l app.ota

step "what is in the file, for people and for programs"
expect 0 otaimg inspect app.ota
keys=(--verify-key release.pub.pem --decrypt-key "pkcs11:token=otaimg-demo;object=wbz451-enc?$pin"
    --decrypt-iv 7f0c2b9d4e6a1853c7d2940be5f86a31)
expect_ending app.txt '^product' otaimg inspect app.ota "${keys[@]}"
expect_ending app.json '^  "checks"' otaimg inspect app.ota --json "${keys[@]}"

step "would the device take it? The device's own code answers"
expect 0 otaimg verify app.ota --device device.yaml

step "one bit flipped on the way: the checksum tells"
cp app.ota flipped.ota
old=$(byte_at flipped.ota 1000)
new=$((old ^ 1))
set_byte flipped.ota 1000 $new
expect 10 otaimg verify flipped.ota --device device.yaml

step "the same bit, with the checksum repaired by an attacker: the signature tells"
repair_checksum flipped.ota $((new - old))
expect 11 otaimg verify flipped.ota --device device.yaml

step "an older version, properly signed: no way back"
expect 0 otaimg build release.yaml --set firmware.version=1.4.0.0 -o older.ota
expect 14 otaimg verify older.ota --device device.yaml

step "another product's firmware, properly signed: not for this device"
expect 0 otaimg build release.yaml \
    --set attributes.product=00000000-0000-4000-8000-000000000001 -o other.ota
expect 13 otaimg verify other.ota --device device.yaml

rm -f output
printf '\nAll as expected. The files are in %s\n' "$work"
