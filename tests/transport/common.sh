# What the tests here share: NAME.sh OTAIMG DEVICE SOURCE_DIR. A folder of its own with keys, manifests,
# a plain and an encrypted OTA file of 40 KB; a device process; checks.
set -eu
otaimg=$(realpath "$1")
device=$(realpath "$2")
root=$(realpath "$3")
work=$(mktemp -d)
device_pid=
finish() {
  [ -z "$device_pid" ] || kill -KILL "$device_pid" 2>/dev/null || :
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
unset SOURCE_DATE_EPOCH OTAIMG_PKCS11_MODULE
export LC_ALL=C
umask 077
cd "$work"

cp "$root"/tests/golden/keys/release.pem "$root"/tests/golden/keys/release.pub.pem .
chmod 600 release.pem
aes=0f1e2d3c4b5a69788796a5b4c3d2e1f0
printf %s $aes >aes.hex
chmod 600 aes.hex
# A stack pointer, a reset address, and bytes that do not repeat.
printf '\000\000\001\040\001\003\000\001' >app.bin
i=0
while [ $i -lt 4999 ]; do
  printf '%07d\n' $i
  i=$((i + 1))
done >>app.bin
sed 's/app\.hex/app.bin/' "$root"/tests/cli/release.yaml >release.yaml
cp "$root"/tests/cli/device.yaml .
"$otaimg" build release.yaml -o plain.ota >build.log
sed '/^output/i encrypt: {method: aes-128-cbc, key: "file:aes.hex", iv: "101112131415161718191a1b1c1d1e1f"}' \
  release.yaml >encrypted.yaml
"$otaimg" build encrypted.yaml -o enc.ota >>build.log
tail -c +17 plain.ota >slot.expected # without the header

fail() {
  echo "FAILED: $*"
  for log in *.log; do
    echo "--- $log"
    cat "$log"
  done
  exit 1
}

# wait_for COMMAND...: until it is true, for 30 seconds
wait_for() {
  rounds=300
  until "$@"; do
    rounds=$((rounds - 1))
    [ $rounds -gt 0 ] || fail "waited in vain for: $*"
    sleep 0.1
  done
}

# start_device OPTION...: in the background, listening at ./socket
start_device() {
  rm -f socket slot.bin device.log
  "$device" socket device.yaml slot.bin "$@" >device.log 2>&1 &
  device_pid=$!
  wait_for grep -q -s listening device.log
}

stop_device() {
  kill "$device_pid"
  wait "$device_pid" || :
  device_pid=
}

# The device was told to reset, swapped, tried and confirmed the image.
expect_installed() {
  wait "$device_pid" || fail "device: exit code $?"
  device_pid=
  cmp -s -n "$(stat -c %s slot.expected)" slot.expected slot.bin || fail "slot 0 differs"
}

# expect_exit CODE ARGS...: what the tool says goes to send.log
expect_exit() {
  wanted=$1
  shift
  code=0
  "$otaimg" "$@" >send.log 2>&1 || code=$?
  [ $code -eq "$wanted" ] || fail "exit code $code, expected $wanted: otaimg $*"
}

expect_line() {
  grep -q -x -F -e "$1" send.log || fail "expected this line: $1"
}
