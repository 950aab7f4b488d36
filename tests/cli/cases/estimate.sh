say "every link, with the limit that binds; encrypted or not, no key"
q build encrypted.yaml -o a.ota
t estimate a.ota
say "the whole slot"
head -c 507376 /dev/zero | tr '\0' x >full.bin
q build stock.yaml --set firmware.file=full.bin -o full.ota
t estimate full.ota | head -16
t estimate full.ota --json | head -45
say "combo: the Zigbee header is not sent"
q build stock.yaml --set file-type=combo --set zigbee.manufacturer-code=1 --set zigbee.image-type=2 --set zigbee.file-version=3 --set zigbee.header-string=Lamp -o combo.ota
t estimate combo.ota | head -2
say "not for BLE, damaged, missing"
q build stock.yaml --set file-type=image -o image.bin
t estimate image.bin
head -c 1000 a.ota >cut.ota
t estimate cut.ota
t estimate missing.ota
t estimate
