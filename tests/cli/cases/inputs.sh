say "HEX, S-record, raw binary and ELF of the same bytes give the same file"
objcopy -I binary -O srec --srec-forceS3 --change-addresses=0x01000200 app.bin dos.srec
tr -d '\r' <dos.srec >app.srec
rm dos.srec
q build stock.yaml -o hex.ota
for file in app.srec app.bin; do
  t build stock.yaml --set "firmware.file=$file" -o other.ota
  same hex.ota other.ota
done
"$root"/tests/cli/make_elf.sh app.bin app.elf
t build stock.yaml --set firmware.file=app.elf -o other.ota
same hex.ota other.ota
t build stock.yaml --set firmware.file=app.bin --set firmware.format=bin --set firmware.address=0x01000200 -o other.ota
same hex.ota other.ota
say "formats that the file is not"
for format in elf ihex srec; do t build stock.yaml --set firmware.file=app.bin --set "firmware.format=$format" -o x.ota; done
t build stock.yaml --set firmware.address=0x01000200 -o x.ota
t build stock.yaml --set firmware.file=missing.hex -o x.ota
t build stock.yaml --set firmware.file=. -o x.ota
: >empty.bin
t build stock.yaml --set firmware.file=empty.bin -o x.ota
printf ':00000001FF\n' >empty.hex
t build stock.yaml --set firmware.file=empty.hex -o x.ota
sed '3s/^:10/:11/' app.hex >bad.hex
t build stock.yaml --set firmware.file=bad.hex -o x.ota
sed '3s/..$/00/' app.hex >bad.hex
t build stock.yaml --set firmware.file=bad.hex -o x.ota
head -3 app.hex >bad.hex
t build stock.yaml --set firmware.file=bad.hex -o x.ota
sed '2s/..$/00/' app.srec >bad.srec
t build stock.yaml --set firmware.file=bad.srec -o x.ota
head -c 40 app.elf >bad.elf
t build stock.yaml --set firmware.file=bad.elf -o x.ota
say "where bytes may not be: the address is named"
b() { t build stock.yaml --set firmware.file=app.bin --set firmware.format=bin --set "firmware.address=$1" -o x.ota; }
b 0x20000000
b 0x01000000
b 0x0107BF00
b 0x0107C000
b 0x01080000
b 0x00000000
b 0xFFFFFFF0
say "the largest firmware, and one byte more"
head -c 507392 /dev/zero >large.bin
t build stock.yaml --set firmware.file=large.bin -o large.ota
t build stock.yaml --set firmware.file=large.bin --set 'encrypt.method=aes-128-cbc' --set 'encrypt.key=file:aes.hex' --set 'encrypt.iv=00000000000000000000000000000000' -o x.ota
head -c 507393 /dev/zero >large.bin
t build stock.yaml --set firmware.file=large.bin -o x.ota
head -c 492 /dev/zero >492.bin
t build stock.yaml --set firmware.file=492.bin -o 492-padded.ota
t build stock.yaml --set firmware.file=492.bin --set file-type=image -o x.ota
t build release.yaml --set firmware.file=492.bin --set file-type=image -o 492-attributes.ota
files
