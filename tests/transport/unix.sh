#!/bin/sh
# unix.sh OTAIMG DEVICE SOURCE_DIR: `send --unix` to a device process: whole updates, a manager that is
# killed and goes on, a link that is lost, refusals.
. "$(dirname "$0")/common.sh"

echo "whole, plain and encrypted, smallest to largest MTU"
for mtu in 23 185 247 517; do
  start_device mtu=$mtu
  expect_exit 0 send plain.ota --unix socket --device device.yaml
  expect_line "plain.ota: the device has all 40512 bytes and found them good; connections: 1, MTU $mtu; it resets to install them"
  expect_installed
done
start_device key=$aes
expect_exit 0 send enc.ota --unix socket --json
jq -e '.transport == "unix" and .file == "enc.ota" and .device == "socket" and .bytes == 40528 and
  .connections == 1 and .resumed_at == 0 and .mtu == 247 and .chunk == 244 and .reset == true and
  .device_version == "1.4.1.0"' send.log >/dev/null || fail "JSON"
expect_installed

echo "killed in mid-transfer: the next run goes on"
start_device hold=20000
"$otaimg" send plain.ota --unix socket --state state >killed.log 2>&1 &
manager=$!
wait_for grep -q holding device.log
kill -KILL $manager
wait $manager && fail "not killed" || :
grep -q -E '^otaimg-send-state 1 [0-9a-f]{64}$' state || fail "state"
cp state state.kept
expect_exit 0 send plain.ota --unix socket --state state
expect_line "plain.ota: the device has all 40512 bytes and found them good; resumed at 16384; connections: 1, MTU 247; it resets to install them"
expect_installed
[ ! -e state ] || fail "state was not removed"

echo "the link is lost: the same run goes on"
start_device drop=20000
expect_exit 0 send plain.ota --unix socket --state state
expect_line "plain.ota: the device has all 40512 bytes and found them good; resumed at 16384; connections: 2, MTU 247; it resets to install them"
expect_installed

echo "a device that cannot resume gets all of it again, whatever the state says"
start_device drop=20000 resume=0
cp state.kept state
expect_exit 0 send plain.ota --unix socket --state state
expect_line "plain.ota: the device has all 40512 bytes and found them good; connections: 2, MTU 247; it resets to install them"
expect_installed

echo "a state of another image is no obstacle"
start_device key=$aes
cp state.kept state
expect_exit 0 send enc.ota --unix socket --state state
expect_installed

echo "what is no state is left alone"
cp release.pub.pem state
expect_exit 2 send plain.ota --unix socket --state state
expect_line "otaimg: state: not a state of 'otaimg send', expected one or no file of this name"
cmp -s release.pub.pem state || fail "state was changed"
tr 0-9 x <state.kept >state
expect_exit 2 send plain.ota --unix socket --state state
head -c 60 state.kept >state
expect_exit 2 send plain.ota --unix socket --state state
(cat state.kept && echo) >state
expect_exit 2 send plain.ota --unix socket --state state
rm state

echo "a state that cannot be saved is said once, and no reason to stop"
start_device
expect_exit 0 send plain.ota --unix socket --state missing/state
[ "$(grep -c missing/state send.log)" -eq 1 ] || fail "said more or less than once"
expect_installed

echo "refusals and a device that is not there"
start_device battery=5
expect_exit 3 send plain.ota --unix socket
grep -q -x 'otaimg: socket: device .* (0 of 40512 bytes confirmed, connections: 1)' send.log || fail "battery"
stop_device
start_device key=$aes
sed 's/7d7c9f0e/7d7c9f0f/' release.yaml >other.yaml
"$otaimg" build other.yaml -o other.ota >build.log
expect_exit 13 send other.ota --unix socket --device device.yaml
expect_exit 3 send other.ota --unix socket
expect_line "otaimg: socket: device did not accept the image: invalid parameter (0 of 40512 bytes confirmed, connections: 1)"
stop_device
expect_exit 3 send plain.ota --unix nothing --attempts 1
expect_line "otaimg: nothing: cannot connect: No such file or directory, expected the socket of a device"
expect_exit 3 send plain.ota --unix app.bin --attempts 1
expect_line "otaimg: app.bin: cannot connect: Connection refused, expected the socket of a device"

echo "a device that falls silent"
start_device hold=20000
expect_exit 3 send plain.ota --unix socket --timeout 3000 --attempts 1
expect_line "otaimg: socket: device did not answer in time (19456 of 40512 bytes confirmed, connections: 1)"
expect_line "hint: the same command goes on where it stopped, if the device can resume"
stop_device

echo "a damaged file is not sent"
(head -c 600 plain.ota && printf x && tail -c +602 plain.ota) >damaged.ota
expect_exit 10 send damaged.ota --unix nothing

echo "otaimg simulate as the device"
rm -f socket device.log
"$otaimg" simulate --listen socket --device device.yaml --mtu 185 >device.log 2>&1 &
device_pid=$!
wait_for grep -q -s 'socket: listening' device.log
expect_exit 0 send enc.ota --unix socket
grep -q 'connections: 1, MTU 185' send.log || fail "MTU"
wait $device_pid || fail "simulate: exit code $?"
device_pid=
grep -q -x 'installed and confirmed' device.log || fail "not confirmed"
[ ! -e socket ] || fail "the socket stays behind"
rm -f device.log
"$otaimg" simulate --listen socket --device device.yaml --self-test silent >device.log 2>&1 &
device_pid=$!
wait_for grep -q -s 'socket: listening' device.log
expect_exit 0 send plain.ota --unix socket
code=0
wait $device_pid || code=$?
device_pid=
[ $code -eq 1 ] || fail "exit code $code"
grep -q '^otaimg: the new image is not confirmed: ' device.log || fail "reverted"
expect_exit 2 simulate --device device.yaml
expect_exit 2 simulate plain.ota --listen socket --device device.yaml
expect_exit 2 simulate --listen socket --device device.yaml --loss 5

echo "progress on a terminal, none with --quiet"
start_device
script -qec "'$otaimg' send plain.ota --unix socket" /dev/null >tty.log </dev/null
grep -q 'sending 50%' tty.log && grep -q 'completing 99%' tty.log || fail "no progress"
expect_installed
start_device
script -qec "'$otaimg' send plain.ota --unix socket --quiet" /dev/null >tty.log </dev/null
grep -q '%' tty.log && fail "progress in spite of --quiet" || :
expect_installed
