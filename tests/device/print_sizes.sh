#!/bin/sh
# print_sizes.sh SIZE ARCHIVE [MAX]: bytes of code and constants of each object; fails on writable data
# and when there is more than MAX.
set -eu
"$1" "$2" | awk -v max="${3:-0}" '
    NR == 1 { next }
    { printf "%6d  %s\n", $1, $6; data += $2 + $3; if ($6 !~ /^(fields_doc|file|strerror)/) device += $1 }
    END {
        printf "%6d  what a device links\n", device
        if (NR < 2 || data != 0) { print "data and bss: " data; exit 1 }
        if (max != 0 && device > max) { print "more than " max; exit 1 }
    }'
