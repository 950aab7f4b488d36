q build release.yaml -o plain.ota
q build encrypted.yaml -o enc.ota
q build release.yaml --set file-type=hex -o slot.hex
q build release.yaml --set sign.key=file:dev-b.pem -o other.ota
say "accepted"
t verify plain.ota --device device.yaml
t verify plain.ota -d device.yaml
t verify enc.ota --device device.yaml
t verify slot.hex --device device.yaml
t verify plain.ota --verify-key release.pub.pem
t verify plain.ota --verify-key file:release.pub.pem
t verify enc.ota --verify-key release.pub.pem --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
echo "\$ otaimg verify - <plain.ota"
"$OTAIMG" verify - --device device.yaml <plain.ota
echo "\$ cat enc.ota | otaimg verify -"
cat enc.ota | "$OTAIMG" verify - --device device.yaml
say "refused, with a reason and a code"
t verify other.ota --device device.yaml
t verify other.ota --verify-key release.pub.pem
sed '/^decrypt/d' device.yaml >nokey.yaml
t verify enc.ota --device nokey.yaml
t verify -q enc.ota --device nokey.yaml
t verify enc.ota --verify-key release.pub.pem
t verify enc.ota --device nokey.yaml --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
printf 00112233445566778899aabbccddeeff >wrong.hex
t verify enc.ota --device device.yaml --decrypt-key file:wrong.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
t verify enc.ota --verify-key release.pub.pem --decrypt-key file:wrong.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
t verify missing.ota --device device.yaml
t verify . --device device.yaml
t verify app.hex --device device.yaml
t verify app.bin --device device.yaml
echo ':hello' >colon.ota
t verify colon.ota --device device.yaml
t verify plain.ota --device missing.yaml
t verify plain.ota --verify-key missing.pem
t verify plain.ota --verify-key app.bin
t verify plain.ota --verify-key pkcs11:token=x
say "at boot the version is not asked for, the security counter is"
sed 's/1.4.1.0/1.4.2.0/' device.yaml >installed.yaml
t verify plain.ota --device installed.yaml
t verify plain.ota --device installed.yaml --boot
sed 's/security-counter: 3/security-counter: 4/' device.yaml >floor.yaml
t verify plain.ota --device floor.yaml
t verify plain.ota --device floor.yaml --boot
say "the crypto that devices link comes to the same verdict"
t verify plain.ota --device device.yaml --crypto soft
t verify plain.ota --device floor.yaml --crypto soft
t verify plain.ota --device device.yaml --crypto fast
t verify plain.ota --verify-key release.pub.pem --crypto soft
say "a private key works as a public one; only its public half is used"
t verify plain.ota --verify-key release.pem
say "messages print names without control characters"
head -c 100 plain.ota >"$(printf 'bad\033[2J')"
t verify "$(printf 'bad\033[2J')" --device device.yaml
say "a name with control characters cannot write on the terminal"
name=$(printf 'a\033[2Kb.ota')
cp plain.ota "$name"
echo "\$ otaimg verify NAME"
"$OTAIMG" verify "$name" --device device.yaml
"$OTAIMG" inspect "$name" | head -n 1
