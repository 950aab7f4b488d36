#!/bin/sh
# What otaimg makes for the factory and for an update goes through the bootloader's core and the
# application's side: factory.sh OTAIMG FACTORY_PROGRAM SOURCE_DIR
set -eu
otaimg=$1
program=$2
source_dir=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077
unset SOURCE_DATE_EPOCH OTAIMG_PKCS11_MODULE

fail() {
  echo "FAIL: $1" >&2
  exit 1
}

cp "$source_dir"/tests/golden/keys/release.pem "$source_dir"/tests/golden/keys/release.pub.pem .
cp "$source_dir"/tests/cli/release.yaml "$source_dir"/tests/cli/device.yaml .
sed -i '/^decrypt/d' device.yaml
# A build: firmware as a linker writes it, with a configuration word.
build() { # name firmware_bytes
  { printf '\000\000\001\040\001\003\000\001' && head -c "$2" "$otaimg"; } >"$1.bin"
  srec_cat "$1.bin" -binary -offset 0x01000200 -generate 0x45F9C 0x45FA0 -constant 0x7F \
    -o "$1.hex" -intel
}
build app 20001
build next 33333
srec_cat -generate 0 0x400 -constant 0x5A -o boot.hex -intel
"$otaimg" build release.yaml >/dev/null
"$otaimg" build release.yaml --set firmware.file=next.hex --set firmware.version=1.5.0.0 \
  --set firmware.sequence=8 --set attributes.security-counter=9 --set file-type=image -o next.img >/dev/null
"$otaimg" keys export --format provision --device device.yaml -o device.prov 2>/dev/null
"$otaimg" merge app.ota --app-hex app.hex -b boot.hex -p device.prov -o factory.hex
"$program" factory.hex next.img
# The same update with another version in its metadata is not taken.
{ head -c 28 next.img && printf '\002' && tail -c +30 next.img; } >bad.img
if "$program" factory.hex bad.img >out 2>err; then
  fail "an altered image was installed"
fi
grep -q '^FAIL: that is the state' err || fail "it was refused for another reason: $(cat err)"
tail -1 out | grep -q '^FAILED' || fail "unexpected: $(cat out)"
