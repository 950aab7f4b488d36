#!/bin/sh
# make_elf.sh BIN ELF [ADDRESS]: the bytes of BIN as a loadable segment at ADDRESS, by default
# 0x01000200, of a 32-bit ARM ELF file
set -eu
len=$(wc -c <"$1")
address=$((${3:-0x01000200}))
le32() { # number
  printf "\\$(printf %03o $(($1 & 255)))\\$(printf %03o $(($1 >> 8 & 255)))"
  printf "\\$(printf %03o $(($1 >> 16 & 255)))\\$(printf %03o $(($1 >> 24 & 255)))"
}
{
  printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000' # 32 bits, little-endian
  printf '\002\000\050\000'                                        # executable, ARM
  le32 1; le32 $((address + 1)); le32 52; le32 0; le32 $((0x05000000)) # version, entry, headers
  printf '\064\000\040\000\001\000\050\000\000\000\000\000'        # one program header
  le32 1; le32 84; le32 $address; le32 $address       # load, where from, where to
  le32 "$len"; le32 "$len"; le32 5; le32 1
  cat "$1"
} >"$2"
