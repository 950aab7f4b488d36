#!/bin/sh
# Both directions with one other implementation: what otaimg signs it must take (and refuse when one
# byte is wrong), and what it signs, put into a file by hand, otaimg must take.
# usage: interop.sh openssl|botan|bearssl OTAIMG SOURCE_DIR BEARSSL_VERIFY
set -eu
other=$1
otaimg=$2
root=$3
bearssl=$4

missing() {
  echo "skipped: $1"
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 77
}
case $other in
openssl | botan) command -v "$other" >/dev/null || missing "no $other program" ;;
bearssl) [ -n "$bearssl" ] || missing "no BearSSL library" ;;
esac

umask 077
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$root/keys/test/dev-a.pem" key.pem
cp "$root/keys/test/dev-a.pub.pem" pub.pem
sed -i '/^#/d' key.pem pub.pem
"$otaimg" keys export -q file:pub.pem --format raw -o pub.raw
checks=0

fail() {
  echo "FAIL $other: $*"
  exit 1
}

# ---- the other implementation ------------------------------------------------------------------

# other_verify DATA SIGNATURE.der
other_verify() {
  case $other in
  openssl) openssl dgst -sha256 -verify pub.pem -signature "$2" "$1" >/dev/null 2>&1 ;;
  botan)
    base64 -w0 "$2" >sig.b64
    botan verify --der-format --hash=SHA-256 --emsa=EMSA1 pub.pem "$1" sig.b64 >botan.out 2>&1 ||
      return 1
    grep -q 'is valid' botan.out
    ;;
  bearssl) "$bearssl" pub.raw "$1" "$2" ;;
  esac
}

# other_sign DATA SIGNATURE.der
other_sign() {
  case $other in
  openssl) openssl dgst -sha256 -sign key.pem -out "$2" "$1" ;;
  botan) botan sign --der-format --hash=SHA-256 --emsa=EMSA1 key.pem "$1" | base64 -d >"$2" ;;
  esac
}

# ---- bytes of a slot image ---------------------------------------------------------------------

byte_at() { # FILE OFFSET
  od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '
}
cut_out() { # FILE OFFSET LENGTH
  tail -c +"$(($2 + 1))" "$1" | head -c "$3"
}
put_at() { # FILE OFFSET, bytes from standard input
  dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
put_byte() { # FILE OFFSET VALUE
  printf "\\$(printf %03o "$3")" | put_at "$1" "$2"
}
put_signature() { # FILE OFFSET SIGNATURE.der: length byte, DER, zeros up to 72 bytes
  len=$(wc -c <"$3")
  put_byte "$1" "$2" "$len"
  (cat "$3" && head -c $((72 - len)) /dev/zero) | put_at "$1" $(($2 + 1))
}
signed_metadata() { # FILE: bytes 20..511 with the metadata signature as zeros
  cut_out "$1" 20 $((0x1B7 - 20))
  head -c 73 /dev/zero
}

# ---- otaimg signs, the other verifies ----------------------------------------------------------

check_signature() { # DATA SIGNATURE.der
  other_verify "$1" "$2" || fail "refuses what otaimg signed: $1"
  cp "$1" changed
  put_byte changed 7 $(($(byte_at "$1" 7) ^ 1))
  if other_verify changed "$2"; then fail "takes changed data: $1"; fi
  checks=$((checks + 2))
}

cat >release.yaml <<END
otaimg: 1
device: wbz451
firmware: {file: "$root/tests/golden/microchip/inputs/app_777.hex", version: 1.4.2.0, sequence: 7}
sign: {key: "file:key.pem", class: development}
file-type: image
END
for version in 1.4.2.0 1.4.2.1 1.4.2.2 1.4.2.3; do
  for input in 16 777 2048 sig69 sig70 sig71 sig72; do
    "$otaimg" build -q release.yaml -o image.bin --set "firmware.version=$version" \
      --set "firmware.file=$root/tests/golden/microchip/inputs/app_$input.hex" >/dev/null
    tail -c +513 image.bin >firmware
    cut_out image.bin $((0x29)) "$(byte_at image.bin $((0x28)))" >firmware.der
    signed_metadata image.bin >metadata
    cut_out image.bin $((0x1B8)) "$(byte_at image.bin $((0x1B7)))" >metadata.der
    check_signature firmware firmware.der
    check_signature metadata metadata.der
  done
done
echo "$other: $checks verdicts on signatures by otaimg as expected"
if [ "$other" = bearssl ]; then exit 0; fi # verifies only here

# ---- the other signs, otaimg verifies ----------------------------------------------------------

sed 's/^sign.*/authentication: none/' release.yaml >unsigned.yaml
put_checksum() { # FILE: the OTAU checksum over all other bytes
  put_byte "$1" 2 0
  put_byte "$1" 3 0
  sum=$(od -An -v -tu1 "$1" | awk '{ for (i = 1; i <= NF; i++) s += $i } END { print (65536 - s % 65536) % 65536 }')
  put_byte "$1" 2 $((sum & 255))
  put_byte "$1" 3 $((sum >> 8))
}
taken=0
for round in 1 2 3 4 5 6 7 8; do
  "$otaimg" build -q unsigned.yaml --allow-insecure -o image.bin \
    --set "firmware.version=1.4.2.$round" >/dev/null
  tail -c +513 image.bin >firmware
  put_byte image.bin $((0x16)) 2
  put_byte image.bin $((0x24)) 2
  other_sign firmware firmware.der
  put_signature image.bin $((0x28)) firmware.der
  signed_metadata image.bin >metadata
  other_sign metadata metadata.der
  put_signature image.bin $((0x1B7)) metadata.der
  "$otaimg" verify -q image.bin --verify-key pub.pem >/dev/null || fail "otaimg refuses its image"

  # The same image behind an OTAU header, firmware padded as BLE files have it.
  "$otaimg" build -q unsigned.yaml --allow-insecure --set file-type=ble -o file.ota \
    --set "firmware.version=1.4.2.$round" >/dev/null
  tail -c +17 file.ota >payload
  tail -c +513 payload >firmware
  put_byte payload $((0x16)) 2
  put_byte payload $((0x24)) 2
  other_sign firmware firmware.der
  put_signature payload $((0x28)) firmware.der
  signed_metadata payload >metadata
  other_sign metadata metadata.der
  put_signature payload $((0x1B7)) metadata.der
  (head -c 16 file.ota && cat payload) >signed.ota
  put_checksum signed.ota
  "$otaimg" verify -q signed.ota --verify-key pub.pem >/dev/null || fail "otaimg refuses its file"

  # One bit of the firmware, checksum right: the signature must notice.
  put_byte signed.ota 600 $(($(byte_at signed.ota 600) ^ 1))
  put_checksum signed.ota
  code=0
  "$otaimg" verify -q signed.ota --verify-key pub.pem >/dev/null 2>&1 || code=$?
  [ "$code" -eq 11 ] || fail "changed firmware: exit $code, expected 11"
  taken=$((taken + 2))
done
echo "$other: $taken files signed by it accepted, changed ones refused"
