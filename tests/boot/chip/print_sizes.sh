#!/bin/sh
# print_sizes.sh SIZE ELF: what the bootloader takes of boot flash, against what it may take.
set -eu
"$1" -A "$2" | awk '
    $1 == ".text" { code = $2 }
    $1 == ".page5" { page5 += $2 }
    $1 == ".provision" { record = $2; page5 += $2 }
    $1 == ".bss" { ram = $2 }
    END {
        printf "%6d of 16384 bytes  code in pages 0..3\n", code
        printf "%6d of  3584 bytes  page 5 with the provisioning record\n", page5
        printf "%6d bytes           RAM without stack\n", ram
        exit !(code > 0 && code <= 16384 && record > 0 && page5 > record && page5 <= 3584)
    }'
