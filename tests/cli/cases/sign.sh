sed '/^sign/d' stock.yaml >unsigned.yaml
q build stock.yaml -o signed.ota
say "files without signature get one: the same file as if built with the key"
for method in none sha256; do
  q build unsigned.yaml --set "authentication=$method" --allow-insecure -o "$method.ota"
  t sign "$method.ota" --sign-key file:release.pem -o new.ota
  same new.ota signed.ota
done
t sign none.ota -k file:release.pem
same none.ota signed.ota
"$OTAIMG" sign sha256.ota -k file:release.pem -o - >stdout.ota
same stdout.ota signed.ota
say "encrypted: read and written with the same key"
q build unsigned.yaml --set authentication=none --allow-insecure --set encrypt.method=aes-128-cbc --set encrypt.key=file:aes.hex --set encrypt.iv=101112131415161718191a1b1c1d1e1f -o enc.ota
t sign enc.ota -k file:release.pem
t sign enc.ota -k file:release.pem --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
t verify enc.ota --verify-key release.pub.pem --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
say "refused: signed already, damaged, no key, HEX"
t sign signed.ota -k file:release.pem
(head -c 600 sha256.ota; printf x; tail -c +602 sha256.ota) >damaged.ota
t sign damaged.ota -k file:release.pem -o x.ota
q build unsigned.yaml --set authentication=sha256 --allow-insecure --set file-type=image -o sha256.bin
(head -c 600 sha256.bin; printf x; tail -c +602 sha256.bin) >damaged.bin
t sign damaged.bin -k file:release.pem -o x.ota
t sign sha256.ota -o x.ota
t sign sha256.ota -k file:missing.pem -o x.ota
t sign sha256.ota -k file:release.pub.pem -o x.ota
t sign missing.ota -k file:release.pem -o x.ota
t sign app.hex -k file:release.pem -o x.ota
q build unsigned.yaml --set authentication=sha256 --allow-insecure --set file-type=hex -o sha256.hex
t sign sha256.hex -k file:release.pem -o x.ota
files
say "resign: from one key to another, only after the old one verified"
t resign signed.ota --verify-key release.pub.pem --sign-key file:dev-b.pem -o new.ota
t verify new.ota --verify-key dev-b.pub.pem
t compare signed.ota new.ota --ignore-signatures
t resign new.ota --verify-key dev-b.pub.pem -k file:release.pem
same new.ota signed.ota
t resign signed.ota --verify-key dev-b.pub.pem -k file:release.pem -o x.ota
t resign signed.ota -k file:release.pem -o x.ota
t resign sha256.ota --verify-key release.pub.pem -k file:release.pem -o x.ota
"$OTAIMG" resign signed.ota --verify-key release.pub.pem -k file:release.pem -o - >stdout.ota
same stdout.ota signed.ota
q build release.yaml -o attributes.ota
t resign attributes.ota --device device.yaml -k file:dev-b.pem -o new.ota
q build encrypted.yaml -o enc.ota
t resign enc.ota --device device.yaml -k file:dev-b.pem -o new.ota
t verify new.ota --verify-key dev-b.pub.pem --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
sed 's/1.4.1.0/1.4.2.0/' device.yaml >installed.yaml
t resign attributes.ota --device installed.yaml -k file:dev-b.pem -o x.ota
t resign enc.ota --verify-key release.pub.pem -k file:dev-b.pem -o x.ota
files
