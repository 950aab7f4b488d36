#!/bin/sh
# print_sizes.sh SIZE ARCHIVE: bytes of code and constants of each object; fails on writable data.
set -eu
"$1" "$2" | awk '
    NR == 1 { next }
    { printf "%6d  %s\n", $1, $6; data += $2 + $3; if ($6 !~ /^(fields_doc|file|strerror)/) device += $1 }
    END {
        printf "%6d  what a device links\n", device
        if (NR < 2 || data != 0) { print "data and bss: " data; exit 1 }
    }'
