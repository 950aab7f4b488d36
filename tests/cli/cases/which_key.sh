q build release.yaml -o app.ota
say "a given key made both, whatever else is given"
t which-key app.ota release.pub.pem
t which-key app.ota --keys dev-a.pub.pem --keys file:release.pub.pem
t which-key app.ota --keys dev-a.pub.pem dev-b.pub.pem file:release.pem
t which-key app.ota release.pub.pem --json
say "nobody gave the key: it is recovered"
t which-key app.ota
t which-key app.ota --keys dev-a.pub.pem --json
say "it is the key, for keys made by OpenSSL, and both ways"
for n in 1 2 3; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "key$n.pem"
  openssl pkey -in "key$n.pem" -pubout -out "key$n.pub.pem"
  q build release.yaml --set "sign.key=file:key$n.pem" -o "key$n.ota"
  "$OTAIMG" which-key "key$n.ota" | sed -n '/BEGIN/,/END/p' >recovered.pem
  same recovered.pem "key$n.pub.pem"
  q which-key "key$n.ota" recovered.pem
  q verify "key$n.ota" --verify-key recovered.pem
done
say "two keys: release signed the firmware, dev-b the metadata"
q build stock.yaml --set file-type=image -o one.bin
# Signed are bytes 20 to 511, with zeros for the signature at 440 and its length at 439.
(head -c 439 one.bin | tail -c +21; head -c 73 /dev/zero) >signed.part
openssl dgst -sha256 -sign dev-b.pem -out der.part signed.part
len=$(($(wc -c <der.part)))
(head -c 439 one.bin; printf "\\$(printf %o "$len")"; cat der.part; head -c $((72 - len)) /dev/zero
  tail -c +513 one.bin) >two.bin
t which-key two.bin release.pub.pem
t which-key two.bin release.pub.pem dev-b.pub.pem
t which-key two.bin --json
say "encrypted: with the key only"
q build encrypted.yaml -o enc.ota
t which-key enc.ota release.pub.pem
t which-key enc.ota release.pub.pem --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
t which-key enc.ota release.pub.pem --decrypt-key file:aes.hex --decrypt-iv 00000000000000000000000000000000
say "changed after signing; no signature; no file; no key"
(head -c 700 app.ota; printf x; tail -c +702 app.ota) >changed.ota
t which-key changed.ota release.pub.pem
(head -c 700 one.bin; printf x; tail -c +702 one.bin) >changed.bin
t which-key changed.bin release.pub.pem
t which-key changed.bin
sed '/^sign/d' stock.yaml >unsigned.yaml
q build unsigned.yaml --set authentication=sha256 --allow-insecure -o sha256.ota
t which-key sha256.ota release.pub.pem
head -c 100 app.ota >short.ota
t which-key short.ota
t which-key missing.ota
t which-key app.ota missing.pem
t which-key
