#!/bin/sh
# Runs one case and compares its transcript: run.sh OTAIMG CASE.sh
#
# A case is a shell script that uses the functions below. What it prints must equal CASE.expected;
# UPDATE=1 writes that file anew. Each case works in a folder of its own, so cases run in parallel.
set -u
case_file=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
OTAIMG=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
expected=${case_file%.sh}.expected
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
unset SOURCE_DATE_EPOCH OTAIMG_PKCS11_MODULE
export LC_ALL=C OTAIMG
umask 077

# Keys and firmware that fit the manifest and the device file beside this script.
setup() {
  cp "$root"/keys/test/dev-a.pem "$root"/keys/test/dev-a.pub.pem "$root"/keys/test/dev-b.pem \
    "$root"/keys/test/dev-b.pub.pem .
  cp "$root"/tests/golden/keys/release.pem "$root"/tests/golden/keys/release.pub.pem .
  printf 0f1e2d3c4b5a69788796a5b4c3d2e1f0 >aes.hex
  chmod 600 ./*.pem aes.hex
  # Random bytes behind a stack pointer and a reset address.
  printf '\000\000\001\040\001\003\000\001' >app.bin
  tail -c +9 "$root"/tests/golden/microchip/inputs/app_777.bin >>app.bin
  objcopy -I binary -O ihex --change-addresses=0x01000200 app.bin dos.hex
  tr -d '\r' <dos.hex >app.hex
  rm dos.hex
  chmod 644 app.hex app.bin
  cp "$root"/tests/cli/release.yaml "$root"/tests/cli/device.yaml .
  sed '/^output/i encrypt: {method: aes-128-cbc, key: "file:aes.hex", iv: "101112131415161718191a1b1c1d1e1f"}' \
    release.yaml >encrypted.yaml
  sed '/^attributes/d; /^  /d' release.yaml >stock.yaml
}

# t ARGS...: one run of the tool in the transcript: the command, its standard output, its errors
# behind "! ", its exit code unless 0.
t() {
  printf '%s\n' "\$ otaimg $*" | cat -v
  code=0
  "$OTAIMG" "$@" >"$work/.out" 2>"$work/.err" </dev/null || code=$?
  cat "$work/.out"
  sed 's/^/! /' "$work/.err"
  [ "$code" -eq 0 ] || echo "exit $code"
}

# q ARGS...: the same for a run that is not the subject: only a failure is shown.
q() {
  "$OTAIMG" "$@" >"$work/.out" 2>"$work/.err" </dev/null || {
    echo "FAILED: otaimg $*"
    cat "$work/.err"
  }
}

# Files of the folder, by name; temporary files would show.
files() {
  echo "files:" $(ls -A | grep -v -x -e .out -e .err -e '.transcript')
}

same() {
  if cmp -s "$1" "$2"; then echo "same: $1 $2"; else echo "DIFFER: $1 $2"; fi
}

# say TEXT: a comment in the transcript
say() {
  echo "# $*"
}

cd "$work" || exit 1
(setup && . "$case_file") >"$work/.transcript" 2>&1 || echo "case failed: $?" >>"$work/.transcript"
if grep -q "$work" "$work/.transcript"; then
  echo "the transcript names the folder of this run"
  exit 1
fi
if [ "${UPDATE:-}" = 1 ]; then
  cp "$work/.transcript" "$expected"
fi
diff -u "$expected" "$work/.transcript"
