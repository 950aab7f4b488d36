#!/bin/sh
# verdicts.sh PROGRAM HOST_PROGRAMS GOLDEN: every file of the corpus on the device, and whether its
# verdict, error, detail and key are what the verifier with OpenSSL gives for the same device.
set -eu
here=$(dirname "$0")
program=$1 host=$2 golden=$3
[ -x "$host/verdicts" ] || { echo "$host/verdicts is not built, expected preset host first"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$host/verdicts" "$golden" "$dir/jobs" "$dir/expected"
"$here/qemu.sh" "$program" -icount shift=0 \
    -device "loader,file=$dir/jobs,addr=0x21000000,force-raw=on" >"$dir/got"
cut -d' ' -f1-8 "$dir/expected" >"$dir/a"
cut -d' ' -f1-8 "$dir/got" >"$dir/b"
diff "$dir/a" "$dir/b" || { echo "the device disagrees with the host"; exit 1; }
files=$(wc -l <"$dir/a")
[ "$files" -gt 400 ] || { echo "$files files only"; exit 1; }
awk -v files="$files" '
    $2 == "ACCEPT" { accepted++; if ($10 > most) most = $10 }
    $12 > stack { stack = $12 }
    END { printf "%d files, %d accepted, as on the host; at most %d instructions for an accepted file, %d bytes of stack\n",
                 files, accepted, most, stack }' "$dir/got"
