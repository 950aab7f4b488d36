say "plain, encrypted, without attributes"
t build release.yaml
t verify app.ota --device device.yaml
t build encrypted.yaml -o enc.ota
t verify enc.ota --device device.yaml
t build stock.yaml -o stock.ota
t build -q stock.yaml -o quiet.ota
same stock.ota quiet.ota
files
say "every file type"
for type in ble image hex; do t build release.yaml -o "$type.out" --set "file-type=$type"; done
sed '/^output/i zigbee: {manufacturer-code: 0x1234, image-type: 0x5678, file-version: 1, header-string: test}' release.yaml >zigbee.yaml
for type in zigbee combo; do t build zigbee.yaml -o "$type.out" --set "file-type=$type"; done
for type in ble zigbee combo image hex; do t verify "$type.out" --device device.yaml; done
say "--set replaces, adds and is checked like the rest"
t build release.yaml --set firmware.version=2.0.0.0 --set firmware.sequence=8 -o set.ota
t build release.yaml --set firmware.version=2.0.0 -o x.ota
t build release.yaml --set firmware.sequence=0 -o x.ota
t build release.yaml --set frobnicate=1 -o x.ota
t build release.yaml --set firmware -o x.ota
t build release.yaml --set =1 -o x.ota
t build release.yaml --set firmware.file.x=1 -o x.ota
t build release.yaml --set attributes.min-battery=30 -o battery.ota
t compare app.ota battery.ota --ignore-signatures
say "--for: the device must take it"
t build release.yaml --for device.yaml -o for.ota
same app.ota for.ota
t build release.yaml --for device.yaml --set firmware.version=1.4.1.0 -o x.ota
t build release.yaml --for device.yaml --set attributes.security-counter=2 -o x.ota
t build release.yaml --for device.yaml --set sign.key=file:dev-b.pem -o x.ota
t build release.yaml --for missing.yaml -o x.ota
t build stock.yaml --for device.yaml -o x.ota
say "methods that protect nobody"
sed '/^sign/d' stock.yaml >unsigned.yaml
t build unsigned.yaml -o x.ota
t build unsigned.yaml --set authentication=none -o x.ota
t build unsigned.yaml --set authentication=sha256 -o x.ota
t build unsigned.yaml --set authentication=none --allow-insecure -o none.ota
t build unsigned.yaml --set authentication=sha256 --allow-insecure -o sha256.ota
t build stock.yaml --set authentication=none --allow-insecure -o x.ota
say "keys: a development key, the published AES key, what is no key"
t build stock.yaml --set sign.key=file:dev-a.pem -o dev.ota
t build -q stock.yaml --set sign.key=file:dev-a.pem -o dev.ota
printf AABBCCDDEEFF00112233445566778899 >published.hex
t build encrypted.yaml --set encrypt.key=file:published.hex -o published.ota
t build stock.yaml --set sign.key=file:missing.pem -o x.ota
t build stock.yaml --set sign.key=file:release.pub.pem -o x.ota
t build stock.yaml --set sign.key=file:app.bin -o x.ota
t build stock.yaml --set sign.key=release.pem -o x.ota
t build stock.yaml --set sign.key=pkcs11:token=x -o x.ota
t build encrypted.yaml --set encrypt.key=file:missing.hex -o x.ota
t build encrypted.yaml --set encrypt.key=file:app.bin -o x.ota
chmod 644 release.pem
t build stock.yaml -o readable.ota
say "to standard output: the file and nothing else"
"$OTAIMG" build release.yaml -o - >stdout.ota
same app.ota stdout.ota
files
