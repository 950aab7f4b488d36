#!/bin/sh
# qemu.sh PROGRAM [OPTION...]: runs a program of the board; prints what it prints, ends as it ends.
# With -icount every instruction takes 1 ns of its clock, so that counts are the same each time.
program=$1
shift
exec qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none \
    -semihosting-config enable=on,target=native "$@" -kernel "$program" 2>&1
