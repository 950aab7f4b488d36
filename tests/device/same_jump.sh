#!/bin/sh
# same_jump.sh OBJDUMP BOOTLOADER OTHER: both bootloaders jump with the same instructions, whatever registers the
# compiler chose, so that what an application finds on one board it finds on the other.
set -eu
objdump=$1
jump() {
    "$objdump" -d --no-show-raw-insn "$1" | awk '
        /msr\tCONTROL/ { text = ""; on = 1 }
        on { sub(/^.*:\t/, ""); gsub(/,? r[0-9]+|\tr[0-9]+/, " R"); text = text $0 "\n" }
        on && /^bx/ { if (text ~ /MSP/) printf "%s", text; on = 0 }'
}
first=$(jump "$2")
second=$(jump "$3")
printf '%s\n' "$first"
[ -n "$first" ] && [ "$first" = "$second" ] || { printf 'expected as in %s:\n%s\n' "$3" "$second"; exit 1; }
