# A firmware that deflates, longer than the stretch between two points where a byte begins.
(head -c 8 app.bin; seq 1 9000; head -c 500 app.bin) >text.bin
sed 's/file: app.hex/file: text.bin, format: bin/' release.yaml >text.yaml
sed 's/file: app.hex/file: text.bin, format: bin/' encrypted.yaml >text_encrypted.yaml
sed '$a decoders: [deflate]' device.yaml >inflates.yaml
aes="--decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f"
q build text.yaml -o plain.ota
q build text_encrypted.yaml -o enc_plain.ota

say "smaller, and the same firmware"
t build text.yaml --set compress=deflate -o a.ota
t build text_encrypted.yaml --set compress=deflate -o enc.ota
q build text.yaml --set compress.method=deflate --set compress.keep=true -o kept.ota
same a.ota kept.ota
wc -c plain.ota enc_plain.ota a.ota enc.ota | head -4
t inspect a.ota --verify-key release.pub.pem | grep -A3 -e '^firmware' -e '^encoding'
t inspect enc.ota --verify-key release.pub.pem $aes | grep -A1 '^firmware'
t inspect a.ota --json | grep -A6 '"firmware": {'
say "verified for a device that inflates, and by a key"
t verify a.ota --device inflates.yaml
t verify enc.ota --device inflates.yaml --crypto soft
t verify a.ota --verify-key release.pub.pem
t build text.yaml --set compress=deflate --for inflates.yaml -o a.ota
say "refused by one that does not, as it would itself"
t verify a.ota --device device.yaml
t verify a.ota --device device.yaml --crypto soft
t verify enc.ota --device device.yaml --boot
t build text.yaml --set compress=deflate --for device.yaml -o x.ota
say "what is taken out is plain, and needs no decoder in the slot"
q extract a.ota -o a.bin --verify-key release.pub.pem
q extract plain.ota -o plain.bin --verify-key release.pub.pem
q extract enc.ota -o enc.bin --device inflates.yaml
same a.bin plain.bin
same enc.bin plain.bin
q extract a.ota --image -o slot.bin --verify-key release.pub.pem
t verify slot.bin --device device.yaml
t inspect slot.bin | grep -A1 -e '^firmware'
say "compared: the firmware, not how it is sent"
t compare a.ota enc.ota $aes
t compare a.ota plain.ota --ignore-signatures
t compare a.ota a.ota
(head -c 8 app.bin; seq 1 8999; head -c 506 app.bin) >other.bin
q build text.yaml --set firmware.file=other.bin --set compress=deflate -o other.ota
t compare a.ota other.ota --ignore-signatures
say "signed anew: the same stream"
t resign a.ota --verify-key release.pub.pem -k file:dev-a.pem -o resigned.ota
t compare a.ota resigned.ota --ignore-signatures
t resign enc.ota --verify-key release.pub.pem -k file:dev-a.pem -o enc_resigned.ota $aes
t verify enc_resigned.ota --verify-key dev-a.pub.pem $aes
t which-key a.ota release.pub.pem
q prepare text_encrypted.yaml --set compress=deflate --verify-key release.pub.pem -o req.json
q answer req.json -k file:release.pem -o resp.json
q attach req.json resp.json -o attached.ota
same enc.ota attached.ota
t lint text.yaml --set compress=deflate
say "what it saves on the air"
t estimate a.ota
t estimate a.ota --json | head -30
t estimate enc.ota | head -2
t estimate enc.ota $aes | sed -n '1p; /saved/p'
t simulate a.ota --device inflates.yaml | sed -n '1,2p; /^end/p'
t simulate a.ota --device inflates.yaml --json | grep length
t simulate a.ota --device inflates.yaml --faults all --thin 20 | sed -n '/^faults/,$p'
t simulate a.ota --device device.yaml | sed -n '/^end/p'

say "it does not pay"
t build release.yaml --set compress=deflate -o x.ota
t build release.yaml --set compress.method=deflate --set compress.keep=true -o longer.ota
t verify longer.ota --device inflates.yaml
head -c 507376 /dev/urandom >full.bin
"$OTAIMG" build release.yaml --set firmware.file=full.bin --set firmware.format=bin -q \
  --set compress.method=deflate --set compress.keep=true -o x.ota 2>&1 | sed 's/ 50[0-9]* bytes, exp/ N bytes, exp/'
say "where it may not stand"
t build stock.yaml --set compress=deflate -o x.ota
t build release.yaml --set compress=deflate --set file-type=image -o x.ota
t build release.yaml --set compress.keep=true -o x.ota
t build release.yaml --set compress=zip -o x.ota
sed '$a decoders: [zip]' device.yaml >bad.yaml
t verify a.ota --device bad.yaml
sed '$a decoders: [deflate, deflate]' device.yaml >bad.yaml
t verify a.ota --device bad.yaml
say "damaged: in the stream, in the zeros behind it, in its length, at its end"
for bad in block-type-3 no-zeros-behind encoded-length-0 block-missing; do
  cp "$root/tests/golden/bad/deflate-$bad.ota" bad.ota
  t extract bad.ota -o x.bin --verify-key release.pub.pem
  t inspect bad.ota | grep -v '^ \|bytes at'
  t compare bad.ota bad.ota
done
head -c -16 a.ota >cut.ota
t verify cut.ota --device inflates.yaml
files
