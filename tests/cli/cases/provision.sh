# A production device with keys of its own; state is not what the factory fixes.
for n in 1 2 3 4; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "key$n.pem" 2>/dev/null
  openssl pkey -in "key$n.pem" -pubout -out "key$n.pub.pem"
done
factory() {
  cat <<'YAML'
otaimg-device: 1
device: wbz451
keys:
  - {public: key1.pub.pem, class: production, roles: [application]}
  - {public: "file:key2.pem", class: production, roles: [application, secondary]}
  - {public: key3.pem, class: production, roles: [bootloader]}
product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
hardware: {class: 0x00000102, revision: 2}
manufacturer: ACM
YAML
}
factory >factory.yaml
(factory; echo 'decrypt: {key: "file:aes.hex", iv: "101112131415161718191a1b1c1d1e1f"}') >secret.yaml
hide() { sed -E 's/[0-9a-f]{64}/HEX/'; }
say "a record, and what it says"
t keys export --format provision --device factory.yaml -o factory.prov
stat -c '%a %s' factory.prov
t keys show factory.prov | hide
for n in 1 2 3; do
  [ "$("$OTAIMG" keys show "file:key$n.pub.pem" --json | jq -r .sha256)" = \
    "$("$OTAIMG" keys show factory.prov --json | jq -r ".keys[$((n - 1))].sha256")" ] && echo "key $n"
done
t keys show factory.prov --json | hide | head -12
"$OTAIMG" keys export --format provision -d factory.yaml -o - >stdout.prov
same factory.prov stdout.prov
say "the AES key only when asked for, and then for its owner alone"
t keys export --format provision --device secret.yaml -o public.prov
same public.prov factory.prov
touch secret.prov && chmod 644 secret.prov
(umask 0; t keys export --format provision --device secret.yaml --with-decrypt-key -o secret.prov)
stat -c '%a %s' secret.prov
t keys show secret.prov | grep -e 'decrypt' -e 0f1e2d3c
t keys show secret.prov --json | grep -i -e decrypt -e iv -e 0f1e2d3c
chmod 644 secret.prov
t keys show secret.prov | hide | grep '^!'
t keys export --format provision --device factory.yaml --with-decrypt-key -o x.prov
t keys export --format provision --device secret.yaml --with-decrypt-key -o -
sed 's|file:aes.hex|pkcs11:token=x;object=aes|' secret.yaml >token.yaml
t keys export --format provision --device token.yaml --with-decrypt-key -o x.prov
printf aabbccddeeff00112233445566778899 >default.hex
sed 's/aes.hex/default.hex/; s/iv: "[0-9a-f]*"/iv: "00000000000000000000000000000000"/' secret.yaml >default.yaml
t keys export --format provision --device default.yaml --with-decrypt-key -o x.prov
t keys export --format provision --device default.yaml --with-decrypt-key --allow-sample-key -o allowed.prov
say "no private half and no AES key is in a file that holds none"
# Bytes as hex, from the first to the last and the other way round.
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
back() { od -An -v -tx1 -w1 "$1" | tac | tr -d ' \n'; }
found() { (hex "$1"; echo; back "$1") | grep -c "$2"; }
for n in 1 2 3; do
  openssl ec -in "key$n.pem" -outform DER -out "key$n.der" 2>/dev/null
  scalar=$(od -An -v -tx1 -j7 -N32 "key$n.der" | tr -d ' \n')
  echo "key $n: $(found "key$n.der" "$scalar") in its file, $(found factory.prov "$scalar") and" \
    "$(found secret.prov "$scalar") in records"
done
echo "AES key: $(found secret.prov 0f1e2d3c4b5a69788796a5b4c3d2e1f0) with," \
  "$(found public.prov 0f1e2d3c4b5a69788796a5b4c3d2e1f0) without"
say "development devices, sample keys, keys that a production device has no use for"
sed 's/key3.pem, class: production/key3.pem, class: development/' factory.yaml >mixed.yaml
t keys export --format provision --device mixed.yaml -o x.prov
sed 's/key3.pem/dev-a.pem/' factory.yaml >published.yaml
t keys export --format provision --device published.yaml -o x.prov
sed 's/key3.pem/dev-a.pem/; s/^product/class: development\n&/' factory.yaml >development.yaml
t keys export --format provision --device development.yaml -o development.prov
t keys show development.prov | grep -e ^class -e ^key -e known
printf '%s\n' '-----BEGIN PUBLIC KEY-----' \
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKstAPOj+7VukSZWhqR2u6Nu+GTfN' \
  'FPsvJFc35ZU5iNmUudZa69fN1TCK1v5IskpqgQ7l8H2LaDTMOmr8U476wQ==' \
  '-----END PUBLIC KEY-----' >sample.pem
sed 's/key3.pem/sample.pem/' factory.yaml >sample.yaml
t keys export --format provision --device sample.yaml -o x.prov
t keys export --format provision --device sample.yaml --allow-sample-key -o sample.prov
say "nothing is left out without a word"
(factory; echo 'installed: {version: 1.0.0.0, security-counter: 3}') >installed.yaml
t keys export --format provision --device installed.yaml -o installed.prov
same installed.prov factory.prov
for line in 'image-id: 0x9B000000' 'image-types: [application, bootloader]'; do
  (factory; echo "$line") >odd.yaml
  t keys export --format provision --device odd.yaml -o x.prov
done
sed 's/roles: \[bootloader\]/&, revoked: true/' factory.yaml >revoked.yaml
t keys export --format provision --device revoked.yaml -o x.prov
say "stock: identity is optional"
cat >stock-device.yaml <<'YAML'
otaimg-device: 1
device: wbz451
policy: stock
keys: [{public: key4.pem, class: production, roles: [application]}]
YAML
t keys export --format provision --device stock-device.yaml -o stock.prov
t keys show stock.prov | hide
say "what does not go together"
t keys export --format provision -o x.prov
t keys export --format provision --device factory.yaml
t keys export --format provision key1.pem --device factory.yaml -o x.prov
t keys export key1.pem --device factory.yaml
t keys export key1.pem --with-decrypt-key
t keys export
t keys export --format provision --device missing.yaml -o x.prov
say "damaged records"
head -c 383 factory.prov >short.prov
t keys show short.prov
(cat factory.prov; printf x) >long.prov
t keys show long.prov
(head -c 40 factory.prov; printf x; tail -c +42 factory.prov) >flipped.prov
t keys show flipped.prov
(head -c 4 factory.prov; printf '\002'; tail -c +6 factory.prov) >newer.prov
t keys show newer.prov
files
