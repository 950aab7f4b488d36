#!/bin/sh
# The real file that Microchip publishes with a demo, where it is at hand (it may not be
# distributed): usage: vendor.sh OTAIMG FOLDER
set -eu
otaimg=$1
file=$2/bz2_ble_Sensor_OTA.bin
key=$2/sample-key.pub.pem
if [ ! -f "$file" ] || [ ! -f "$key" ]; then
  echo "skipped: no vendor file in $2"
  exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf AABBCCDDEEFF00112233445566778899 >"$dir/aes.hex"
cat >"$dir/device.yaml" <<END
otaimg-device: 1
device: wbz451
policy: stock
class: development
keys: [{public: "$key", class: development, roles: [application]}]
installed: {version: 1.0.0.0, security-counter: 0}
decrypt: {key: "file:aes.hex", iv: "00000000000000000000000000000000"}
END

fail() {
  echo "FAIL: $1"
  exit 1
}
expect() {
  want=$1
  shift
  code=0
  "$otaimg" "$@" >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" -eq "$want" ] || { cat "$dir/err"; fail "exit $code, expected $want: $*"; }
}
has() {
  grep -q -- "$2" "$dir/$1" || { cat "$dir/$1"; fail "no '$2' in std$1"; }
}
set_key="--decrypt-key file:$dir/aes.hex --decrypt-iv 00000000000000000000000000000000"

# Without a key: the header only, and no verdict.
expect 0 inspect "$file"
has out 'kind ble, encrypted'
has out 'not readable without'
has out '0xCBAB'

# shellcheck disable=SC2086
expect 0 inspect "$file" $set_key --verify-key "$key" --allow-sample-key
has out 'firmware: 171552 bytes'
has out 'firmware_revision .*1\.1\.0\.0'
has out 'checks: checksum ok, length ok, metadata signature ok, firmware signature ok'
if grep -q '^problem' "$dir/out"; then fail "inspect finds a problem"; fi

# Its key is published: taken only by who asks for that.
expect 16 verify "$file" --device "$dir/device.yaml"
has err 'is the published Microchip sample key'
expect 0 verify "$file" --device "$dir/device.yaml" --allow-sample-key
# shellcheck disable=SC2086
expect 16 verify "$file" --verify-key "$key" $set_key
# shellcheck disable=SC2086
expect 0 verify "$file" --verify-key "$key" --allow-sample-key $set_key

# shellcheck disable=SC2086
expect 0 extract "$file" -o "$dir/fw.bin" --verify-key "$key" --allow-sample-key $set_key
[ "$(wc -c <"$dir/fw.bin")" -eq 171552 ] || fail "length of the extracted firmware"

# A damaged file is said to be damaged.
len=$(wc -c <"$file")
head -c $((len - 17)) "$file" >"$dir/bad.bin"
printf '\001' >>"$dir/bad.bin"
tail -c 16 "$file" >>"$dir/bad.bin"
expect 10 verify "$dir/bad.bin" --device "$dir/device.yaml" --allow-sample-key
has err OTAV_ERR_CHECKSUM
echo "vendor file: inspected, verified, extracted; refused damaged and without --allow-sample-key"
