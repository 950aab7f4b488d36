#!/bin/sh
# replay.sh PROGRAM RECORDER: what a test program of the host asks of OpenSSL, asked of the device's
# own crypto.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1 recorder=$2
[ -x "$recorder" ] || { echo "$recorder is not built, expected preset host first"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
code=0
RECORDING=$dir/recording "$recorder" >"$dir/log" || code=$?
[ $code -eq 0 ] || { cat "$dir/log"; exit $code; }
cd "$dir"
"$here/qemu.sh" "$program"
