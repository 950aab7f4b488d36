# The digest of a request, signed by OpenSSL as it is.
sign() {
  sed -n 's/^ *"digest": "\([0-9a-f]*\)".*/\1/p' "$1" | xxd -r -p >digest.bin
  openssl pkeyutl -sign -inkey "${3:-release.pem}" -in digest.bin -out "$2"
}
# DER to r || s, each of them 64 hex digits.
raw() {
  openssl asn1parse -inform DER -in "$1" | sed -n 's/.*INTEGER *://p' |
    while read -r n; do printf '%64s' "$n" | tr ' ' 0 | tail -c 64; done | xxd -r -p
}
q build release.yaml -o direct.ota
say "a signer with the tool: one response, the bytes of a direct build"
t prepare release.yaml --verify-key release.pub.pem -o app.req.json
t answer app.req.json --sign-key file:release.pem -o app.resp.json
t attach app.req.json app.resp.json
same app.ota direct.ota
cat app.req.json
cat app.resp.json
stat -c '%a %n' app.req.json.draft
rm app.ota
say "a signer with openssl: two rounds"
sign app.req.json r1.der
t attach app.req.json r1.der -o app.req2.json
sign app.req2.json r2.der
t attach app.req2.json r2.der
t verify app.ota --device device.yaml
t compare app.ota direct.ota --ignore-signatures
cp app.ota openssl.ota
say "a response does for round 2 as well, and for the whole of it"
t answer app.req2.json --sign-key file:release.pem -o late.resp.json
same late.resp.json app.resp.json
t attach app.req2.json late.resp.json -o late.ota
same late.ota direct.ota
say "every encoding, file or standard input"
raw r2.der >r2.raw
xxd -p -c 200 r2.der >r2.hex
xxd -p -u r2.raw >r2.rawhex
base64 r2.der >r2.b64
base64 -w 0 r2.raw | tr '+/' '-_' | tr -d = >r2.b64url
for form in raw hex rawhex b64 b64url; do
  q attach app.req2.json "r2.$form" -o "$form.ota"
  same "$form.ota" openssl.ota
done
"$OTAIMG" attach app.req2.json - -o - <r2.der >stdin.ota
same stdin.ota openssl.ota
rm -f ./*.ota
say "wrong: round, key, hashed twice, cut, not a signature, none"
t attach app.req2.json r1.der -o x.ota
t attach app.req.json r2.der -o x.json
sign app.req.json wrong.der dev-b.pem
t attach app.req.json wrong.der -o x.json
sign app.req.json r1.der
openssl dgst -sha256 -sign release.pem -out twice.der digest.bin
t attach app.req.json twice.der -o x.json
head -c 60 r1.der >cut.der
t attach app.req.json cut.der -o x.json
t attach app.req.json app.bin -o x.json
t attach app.req.json missing.der -o x.json
t attach app.req.json r1.der
t answer app.req.json --sign-key file:dev-b.pem -o x.json
t answer app.req.json --sign-key file:release.pem
t answer app.req.json -o x.json
say "a response for another request, of another key, altered"
q prepare release.yaml --set firmware.version=1.4.3.0 --verify-key release.pub.pem -o other.json
q answer other.json --sign-key file:release.pem -o other.resp.json
t attach app.req.json other.resp.json
q prepare release.yaml --verify-key dev-b.pub.pem -o b.json
q answer b.json --sign-key file:dev-b.pem -o b.resp.json
t attach app.req.json b.resp.json
sed 's/\("metadata": "\)./\1f/' app.resp.json >altered.resp.json
t attach app.req.json altered.resp.json
sed 's/otaimg-response/otaimg-answer/' app.resp.json >altered.resp.json
t attach app.req.json altered.resp.json
say "an altered request: what is shown is what is signed"
alter() {
  echo "# $1"
  sed "$1" app.req.json >altered.json
  t answer altered.json --sign-key file:release.pem -o x.json
}
alter 's/"firmware_revision": "1.4.2.0/"firmware_revision": "1.4.9.0/'
alter 's/"digest": "f/"digest": "e/'
alter 's/"sha256": "34/"sha256": "35/'
alter 's/"firmware-digest": "./"firmware-digest": "g/'
alter 's/"sign": "firmware"/"sign": "metadata"/'
alter 's/"round": 1/"round": 2/'
alter 's/"round": 1/"round": 3/'
alter 's/"algorithm": "[^"]*"/"algorithm": "none"/'
alter 's/"summary"/"sumary"/'
alter 's/"round": 1,/"round": 1, "round": 1,/'
alter '$d'
sed 's/"firmware-digest": "f/"firmware-digest": "e/' app.req2.json >altered.json
t attach altered.json r2.der -o x.ota
say "an altered draft, or none"
cp app.req.json.draft kept
printf x | dd of=app.req.json.draft bs=1 seek=700 conv=notrunc 2>/dev/null
t attach app.req.json app.resp.json -o x.ota
t attach app.req.json r1.der -o x.json
sed "s/$(sha256sum <kept | cut -c1-64)/$(sha256sum <app.req.json.draft | cut -c1-64)/" app.req.json >altered.json
t attach altered.json app.resp.json -o x.ota
cp other.json.draft app.req.json.draft
sed "s/$(sha256sum <kept | cut -c1-64)/$(sha256sum <app.req.json.draft | cut -c1-64)/" app.req.json >altered.json
t attach altered.json app.resp.json -o x.ota
rm app.req.json.draft
t attach app.req.json app.resp.json -o x.ota
mv kept app.req.json.draft
say "encrypted: the draft as well; the folder may be moved, the response come from elsewhere"
mkdir enc signer
cp aes.hex app.hex encrypted.yaml enc
q build encrypted.yaml -o encrypted.ota
q prepare enc/encrypted.yaml --verify-key release.pub.pem -o enc/req.json
sed -n '/"draft"/,$p' enc/req.json
cp enc/req.json signer
q answer signer/req.json -k file:release.pem -o signer/resp.json
mv enc moved
t attach moved/req.json signer/resp.json
same moved/app.ota encrypted.ota
sign moved/req.json r1.der
t attach moved/req.json r1.der -o moved/req2.json
sign moved/req2.json r2.der
t attach moved/req2.json r2.der -o two.ota
t verify two.ota --device device.yaml
t compare two.ota encrypted.ota --ignore-signatures --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
echo 00000000000000000000000000000000 >moved/aes.hex
t attach moved/req2.json r2.der -o x.ota
say "other types of file, and what there is nothing to sign in"
for type in image hex zigbee combo; do
  case $type in
    image | hex) sets= ;;
    *) sets="--set zigbee.manufacturer-code=1 --set zigbee.image-type=2 --set zigbee.file-version=3 --set zigbee.header-string=x" ;;
  esac
  q build release.yaml --set file-type=$type $sets -o "$type.direct"
  q prepare release.yaml --set file-type=$type $sets --verify-key release.pub.pem -o type.json
  q answer type.json -k file:release.pem -o type.resp.json
  q attach type.json type.resp.json -o "$type.ota"
  same "$type.ota" "$type.direct"
done
say "HEX in two rounds, as long as its draft is what it was"
q prepare release.yaml --set file-type=hex --verify-key release.pub.pem -o hex.json
sign hex.json r1.der
t attach hex.json r1.der -o hex2.json
sign hex2.json r2.der
t attach hex2.json r2.der -o two.hex
t verify two.hex --device device.yaml
t compare two.hex hex.direct --ignore-signatures
cp hex.json.draft kept
for line in 3 60; do
  # the first two data bytes of a record: the sum stays
  sed "$line s/^\(.\{9\}\)\(..\)\(..\)/\1\3\2/" kept >hex.json.draft
  cmp -s kept hex.json.draft && echo "not altered"
  t attach hex2.json r2.der -o x.hex
done
(sed '$d' kept; printf ':020000040104F5\n:0400000001020304F2\n:00000001FF\n') >hex.json.draft
t attach hex2.json r2.der -o x.hex
rm -rf kept hex* two.hex type.* ./*.direct ./*.ota ./*.der ./r2.* ./*altered.* moved signer
sed '/^sign/d' stock.yaml >unsigned.yaml
t prepare unsigned.yaml --set authentication=sha256 --verify-key release.pub.pem -o x.json
t prepare release.yaml --verify-key release.pub.pem
t prepare release.yaml -o x.json
t prepare release.yaml --verify-key missing.pem -o x.json
t prepare release.yaml --verify-key release.pub.pem -o missing/x.json
mkdir folder.json
t prepare release.yaml --verify-key release.pub.pem -o folder.json
sed '/^output/d' release.yaml >none.yaml
q prepare none.yaml --verify-key release.pub.pem -o none.json
q answer none.json -k file:release.pem -o none.resp.json
t attach none.json none.resp.json
files
