q build release.yaml -o plain.ota
q build encrypted.yaml -o enc.ota
q build release.yaml --set file-type=image -o slot.bin
q build release.yaml --set file-type=hex -o slot.hex
(cat app.bin; head -c 7 /dev/zero | tr '\0' '\377') >padded.bin
say "firmware with its padding, or the slot's image; from any kind of file"
for file in plain.ota enc.ota slot.bin slot.hex; do
  t extract "$file" -o fw.bin --device device.yaml
  same fw.bin padded.bin
  t extract "$file" -o image.bin --image --device device.yaml
  same image.bin slot.bin
done
t extract plain.ota -o fw.bin --verify-key release.pub.pem
same fw.bin padded.bin
"$OTAIMG" extract plain.ota -o - --verify-key release.pub.pem >stdout.bin
same stdout.bin padded.bin
"$OTAIMG" extract - -o - --verify-key release.pub.pem <plain.ota >stdout.bin
same stdout.bin padded.bin
say "what does not verify is not written"
rm fw.bin image.bin
t extract plain.ota -o fw.bin --verify-key dev-b.pub.pem
sed 's/1.4.1.0/1.4.2.0/' device.yaml >installed.yaml
t extract plain.ota -o fw.bin --device installed.yaml
t extract enc.ota -o fw.bin --verify-key release.pub.pem
(head -c 600 plain.ota; printf x; tail -c +602 plain.ota) >damaged.ota
t extract damaged.ota -o fw.bin --verify-key release.pub.pem
t extract damaged.ota -o fw.bin --allow-insecure
files
say "--allow-insecure: files without signature; their digests are still checked"
sed '/^sign/d' stock.yaml >unsigned.yaml
q build unsigned.yaml --set authentication=sha256 --allow-insecure --set file-type=image -o sha256.bin
t extract sha256.bin -o fw.bin --verify-key release.pub.pem
t extract sha256.bin -o fw.bin --allow-insecure
same fw.bin app.bin
(head -c 600 sha256.bin; printf x; tail -c +602 sha256.bin) >damaged.bin
t extract damaged.bin -o x.bin --allow-insecure
t extract plain.ota -o fw.bin --allow-insecure
same fw.bin padded.bin
say "with --verify-key as well, --allow-insecure loosens nothing"
t extract plain.ota -o x.bin --allow-insecure --verify-key dev-b.pub.pem
files
