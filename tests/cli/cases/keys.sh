hide() { sed 's/[0-9a-f]\{64\}/ID/'; }
say "a new key is usable, private and never overwritten"
t keys generate file:new.pem
t keys generate file:new.pem --no-encrypt | hide
stat -c '%a %F' new.pem
q build stock.yaml --set sign.key=file:new.pem -o a.ota
t keys generate file:new.pem --no-encrypt
t keys show file:new.pem | hide
t keys export file:new.pem -o new.pub.pem | hide
t verify a.ota --verify-key new.pub.pem | hide
stat -c %a new.pub.pem
echo correct-horse >passphrase.txt
t keys generate file:locked.pem --passphrase-file passphrase.txt | hide
grep -c 'BEGIN ENCRYPTED PRIVATE KEY' locked.pem
t keys show file:locked.pem --passphrase-file passphrase.txt | sed 's/[0-9a-f]\{64\}/ID/'
t build stock.yaml --set sign.key=file:locked.pem --passphrase-file passphrase.txt -o locked.ota | hide
t keys generate file:new-aes.hex --type aes128
[ "$(tr -d '\n' <new-aes.hex | tr -d 0-9a-f | wc -c) $(tr -d '\n' <new-aes.hex | wc -c)" = "0 32" ] && echo "32 hex digits"
q build encrypted.yaml --set encrypt.key=file:new-aes.hex -o new.ota
t keys generate file:x.pem --type rsa
t keys generate x.pem
t keys generate file:missing/x.pem --no-encrypt
t keys generate file:missing/x.pem --passphrase-file no-such-file
t keys generate file:x.pem --no-encrypt --passphrase-file passphrase.txt
say "a record of the ceremony"
t keys generate file:r.pem --passphrase-file no-such-file --record missing/r.json
t keys generate file:r.pem --passphrase-file no-such-file --record passphrase.txt
t keys generate file:r.pem --no-encrypt --record -
t keys generate file:r.pem --passphrase-file no-such-file --record r.json
ls r.pem r.json 2>/dev/null
q keys generate file:r.pem --passphrase-file passphrase.txt --record r.json
jq -c 'keys, .type, .file, .encrypted, .known' r.json
jq -r .time r.json | grep -c '^20[0-9-]*T[0-9:]*Z$'
[ "$("$OTAIMG" keys show file:r.pem --passphrase-file passphrase.txt --json | jq -r .sha256)" = "$(jq -r .sha256 r.json)" ] && echo "the key's digest"
grep -c -e correct-horse -e PRIVATE r.json
q keys generate file:r.hex --type aes128 --record rx.json
jq -c 'keys, .type, .file, .encrypted' rx.json
grep -c -f r.hex rx.json
say "what a key is"
t keys show nonsense
t keys show file:release.pub.pem
t keys show file:release.pem
t keys show file:dev-a.pub.pem
t keys show file:missing.pem
t keys show file:app.bin
openssl ecparam -name secp384r1 -genkey -noout -out p384.pem 2>/dev/null
t keys show file:p384.pem
t build stock.yaml --set sign.key=file:p384.pem -o x.ota
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa.pem 2>/dev/null
t keys show file:rsa.pem
say "export in every format"
t keys export file:release.pem
t keys export file:release.pub.pem --format pem -o out.pem
tail -n +2 release.pub.pem | cmp - out.pem && echo "the same but for the comment"
t keys export file:release.pub.pem --format der -o out.der
openssl pkey -pubin -in release.pub.pem -outform DER | cmp - out.der && echo "as OpenSSL writes it"
t keys export file:release.pub.pem --format c
t keys export file:release.pub.pem --format c --name release_key | grep release_key
t keys export file:release.pub.pem --format c --name '1x' 
t keys export file:release.pub.pem --format raw -o out.raw
wc -c <out.raw
t keys export file:release.pub.pem --format frob
t keys show file:release.pub.pem --json
say "no private half ever leaves"
"$OTAIMG" keys export file:release.pem --format pem | grep -c PRIVATE
"$OTAIMG" keys show file:release.pem | grep -c PRIVATE
say "tokens need a module"
t keys list pkcs11:token=x
t keys list file:release.pem
files
say "a private key in DER is not read"
openssl pkcs8 -topk8 -nocrypt -in release.pem -outform DER -out release.der
t keys show file:release.der
t build stock.yaml --set sign.key=file:release.der -o x.ota
