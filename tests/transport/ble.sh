#!/bin/sh
# ble.sh OTAIMG DEVICE SOURCE_DIR: `send --ble` against a BlueZ of python3-dbusmock on a bus of its own,
# in front of a device process. No radio is used.
python=/usr/bin/python3 # Debian's, which has the modules
if ! command -v dbus-daemon >/dev/null || ! $python -c 'import dbusmock, gi' 2>/dev/null; then
  [ "${CI:-}" != true ] || exit 1
  echo "SKIPPED: needs dbus-daemon and python3-dbusmock (scripts/packages.sh test)"
  exit 77
fi
. "$(dirname "$0")/common.sh"

# No D-Bus, no BlueZ: before a bus is there.
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$work/bus"
address=C0:FF:EE:12:34:56
send="send plain.ota --ble $address"
echo "no bus"
# shellcheck disable=SC2086
expect_exit 3 $send
expect_line "otaimg: cannot use the system's D-Bus: No such file or directory"

cat >bus.conf <<EOF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=$work/bus</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
EOF
dbus-daemon --config-file=bus.conf --nofork 2>bus.log &
bus_pid=$!
mock_pid=
finish_ble() {
  [ -z "$mock_pid" ] || kill "$mock_pid" 2>/dev/null || :
  kill $bus_pid 2>/dev/null || :
  finish
}
trap finish_ble EXIT
wait_for test -S bus

echo "no BlueZ"
expect_exit 3 $send
grep -q -x "otaimg: $address: BlueZ does not run (org.freedesktop.DBus.Error.ServiceUnknown: .*)" send.log || fail "text"

has_bluez() {
  dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.NameHasOwner string:org.bluez 2>/dev/null | grep -q "boolean $1"
}

# start_bluez JSON: members of the mock's parameters
start_bluez() {
  uuids=$(sed -n 's/^uuid \(.*\)/"\1"/p' device.log | paste -sd ,)
  $python -m dbusmock --system --template "$root/tests/transport/bluez_ota.py" \
    --parameters "{\"socket\": \"$work/socket\", \"uuids\": [$uuids]${1:+, $1}}" >mock.log 2>&1 &
  mock_pid=$!
  wait_for has_bluez true
}

stop_bluez() {
  kill $mock_pid
  wait $mock_pid || :
  mock_pid=
  wait_for has_bluez false
}

start_device
for state in '"adapter": "none"|adapter is not there' '"adapter": "off"|adapter is off'; do
  echo "${state#*|}"
  start_bluez "${state%|*}"
  expect_exit 3 $send
  expect_line "otaimg: $address: ${state#*|}, expected a Bluetooth adapter that is on"
  stop_bluez
done
start_bluez
expect_exit 3 $send --adapter hci1
expect_line "otaimg: $address: hci1 is not there, expected a Bluetooth adapter that is on"
expect_exit 2 send plain.ota --ble C0:FF:EE:12:34
expect_exit 2 send plain.ota --ble C0:FF:EE:12:34:5g
stop_bluez

echo "errors of BlueZ"
for case in 'connect|org.bluez.Error.Failed|BlueZ failed' \
  'notify|org.bluez.Error.NotAuthorized|not authorised, expected a device that is paired' \
  'write|org.bluez.Error.NotPermitted|not permitted, expected a device that is paired'; do
  error=${case#*|}
  start_bluez "\"${case%%|*}\": \"${error%|*}\""
  expect_exit 3 $send --attempts 1
  expect_line "otaimg: $address: ${error#*|} (${error%|*}: mock)"
  stop_bluez
done
echo "pairing is refused"
start_bluez '"paired": false, "pair": "org.bluez.Error.AuthenticationRejected"'
expect_exit 3 $send
expect_line "otaimg: $address: the device refused to pair (org.bluez.Error.AuthenticationRejected: mock)"
stop_bluez
echo "no such service"
start_bluez '"service": false'
expect_exit 13 $send
expect_line "otaimg: $address: the device has no OTA service"
stop_bluez

echo "a device that is known and paired; then one that is neither, with an address in small letters"
start_bluez
expect_exit 0 $send --adapter hci0
expect_line "plain.ota: the device has all 40512 bytes and found them good; connections: 1, MTU 247; it resets to install them"
expect_installed
stop_bluez
start_device mtu=517
start_bluez '"known": false, "paired": false'
expect_exit 0 send plain.ota --ble c0:ff:ee:12:34:56 --json
jq -e '.transport == "ble" and .connections == 1 and .mtu == 517 and .chunk == 495' send.log \
  >/dev/null || fail "JSON"
expect_installed
wait_for grep -q StopDiscovery mock.log # the mock may write it after the answer
stop_bluez

echo "nobody is there"
start_bluez '"known": false, "heard": false'
expect_exit 3 $send --attempts 1 --timeout 1000
expect_line "otaimg: $address: no device of this address is in reach"
wait_for grep -q StopDiscovery mock.log # the mock may write it after the answer
stop_bluez
start_bluez
rm socket
expect_exit 3 $send --attempts 2
expect_line "otaimg: $address: BlueZ failed (org.bluez.Error.Failed: le-connection-abort-by-local)"
stop_bluez

echo "the link is lost: the same run goes on"
start_device drop=20000
start_bluez
expect_exit 0 $send
expect_line "plain.ota: the device has all 40512 bytes and found them good; resumed at 16384; connections: 2, MTU 247; it resets to install them"
expect_installed
stop_bluez

echo "killed in mid-transfer, the link stays: the next run goes on"
start_device hold=20000
start_bluez
"$otaimg" $send --state state >killed.log 2>&1 &
manager=$!
wait_for grep -q holding device.log
kill -KILL $manager
wait $manager && fail "not killed" || :
kill -USR1 "$device_pid"
expect_exit 0 $send --state state
grep -q 'resumed at 16384; connections: 2' send.log || fail "not resumed"
expect_installed
[ ! -e state ] || fail "state was not removed"

echo "BlueZ ends in mid-transfer"
start_device hold=20000
stop_bluez
start_bluez
"$otaimg" $send --attempts 1 >send.log 2>&1 &
manager=$!
wait_for grep -q holding device.log
stop_bluez
code=0
wait $manager || code=$?
[ $code -eq 3 ] || fail "exit code $code"
expect_line "otaimg: $address: BlueZ ended"
