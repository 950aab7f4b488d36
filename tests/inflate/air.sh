#!/bin/sh
# Bytes and time on the air that `compress: deflate` saves of three firmware images, for the links of
# `otaimg estimate` at 15 ms: usage: air.sh OTAIMG FIRMWARE_FOLDER KEY
# It fails when a file is not made or read back, never because of a figure.
set -eu
otaimg=$1
firmware=$2
key=$3
if [ ! -s "$firmware/small.bin" ]; then
  echo "no firmware: gcc-arm-none-eabi is needed"
  exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$key" "$dir/key.pem"
chmod 600 "$dir/key.pem"
for image in small medium large; do
  cat >"$dir/$image.yaml" <<END
otaimg: 1
device: wbz451
firmware: {file: "$firmware/$image.bin", format: bin, version: 1.0.0.0, sequence: 1}
sign: {key: "file:key.pem", class: development}
attributes:
  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
  hardware: {class: 1, min-revision: 0, max-revision: 0}
  security-counter: 0
compress: deflate
END
  "$otaimg" build -q "$dir/$image.yaml" -o "$dir/$image.ota"
  "$otaimg" estimate "$dir/$image.ota" >"$dir/$image.txt"
  # The part and the times of the middle interval, by link and MTU.
  awk '/^saved by compression/ { saved = 1; print "bytes:" $4 " of " $6; next }
    /^assumed/ { exit }
    saved && / [0-9]+ +[0-9]+  / && !/^link/ {
      cell = substr($0, 47, 23)
      gsub(/  +/, ", ", cell)
      gsub(/^[ ,]+|[ ,]+$/, "", cell)
      print substr($0, 1, 11) substr($0, 12, 5) ":" cell
    }' "$dir/$image.txt" >"$dir/$image.cells"
done
paste -d : "$dir/small.cells" "$dir/medium.cells" "$dir/large.cells" |
  awk -F : 'BEGIN { print "| saved | small | medium | large |\n|---|---:|---:|---:|" }
    { sub(/ +$/, "", $1); sub(/  +/, ", MTU ", $1); printf "| %s | %s | %s | %s |\n", $1, $2, $4, $6 }' \
    >"$dir/table"
cat "$dir/table"
[ "$(wc -l <"$dir/table")" -gt 10 ]
