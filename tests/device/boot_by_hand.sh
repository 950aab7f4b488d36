#!/bin/sh
# boot_by_hand.sh OTAIMG BOARD_SH BOOTLOADER LIVE SOURCE_DIR: what otaimg makes runs under the bootloader, with the
# steps of the board's README.
set -eu
otaimg=$1 board=$2 bootloader=$3 live=$4 source_dir=$5
[ -x "$otaimg" ] || { echo "$otaimg is not built, expected preset host first"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
umask 077
cp "$source_dir"/tests/golden/keys/release.pem "$source_dir"/tests/golden/keys/release.pub.pem \
    "$source_dir"/tests/cli/release.yaml "$source_dir"/tests/cli/device.yaml .
sed -i '/^decrypt/d' device.yaml

image() { # number conduct
    arm-none-eabi-objcopy -O binary "$live" "live$1.bin"
    printf "\\$1\\000\\000\\000\\$2" | dd of="live$1.bin" bs=1 seek=28 conv=notrunc status=none
    "$otaimg" build release.yaml --set firmware.file="live$1.bin" --set firmware.version="$1.0.0.0" \
        --set attributes.activation=trial --set attributes.security-counter="$1" --set file-type=image -o "image$1" >log 2>&1 || { cat log; exit 1; }
}
image 1 0
image 2 2
"$otaimg" keys export --format provision --device device.yaml -o device.prov 2>/dev/null
sh "$board" new flash device.prov image1
sh "$board" run flash "$bootloader" >got
sh "$board" stage flash image2
sh "$board" run flash "$bootloader" >>got
sh "$board" run flash "$bootloader" >>got
diff - got <<'END'
1: clean, exceptions work, READY, version 1, report UPDATED error 0 flags 32
2: clean, exceptions work, TRIAL, version 1, report TRIAL error 0 flags 1
2: clean, exceptions work, READY, version 2, report UPDATED error 0 flags 36
2: clean, exceptions work, READY, version 2, report READY error 0 flags 0
END
