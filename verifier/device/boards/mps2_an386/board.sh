#!/bin/sh
# The board by hand. FLASH is a file, which is the flash while the emulator runs and stays as it is when that ends,
# even when it is killed.
#   board.sh new FLASH PROVISION IMAGE       a device as it leaves the factory
#   board.sh stage FLASH IMAGE               an image in slot 1
#   board.sh run FLASH BOOTLOADER [OPTION..] power on, until the application ends the emulator
set -eu

put() { # file page_of_4096
  dd if="$1" of="$flash" bs=4096 seek="$2" conv=notrunc status=none
}

erase() { # pages page
  head -c "$(($1 * 4096))" /dev/zero | tr '\000' '\377' | put /dev/stdin "$2"
}

[ $# -ge 3 ] || { sed -n '4,6s/^#   //p' "$0" >&2; exit 2; }
command=$1
flash=$2
case $command in
new)
  : >"$flash"
  erase 512 0
  put "$4" 0
  dd if="$3" of="$flash" bs=128 seek=$((0x105C80 / 128)) conv=notrunc status=none
  truncate -s 16M "$flash"
  ;;
stage)
  erase 124 128
  put "$3" 128
  ;;
run)
  bootloader=$3
  shift 3
  exec qemu-system-arm -M mps2-an386,memory-backend=flash \
    -object "memory-backend-file,id=flash,mem-path=$flash,size=16M,share=on" -nographic -monitor none \
    -serial none -semihosting-config enable=on,target=native "$@" -kernel "$bootloader" 2>&1
  ;;
*)
  echo "board.sh: $command: unknown, expected new, stage or run" >&2
  exit 2
  ;;
esac
