say "encrypted keys: the passphrase from a file or a descriptor, never from the command line"
openssl pkcs8 -topk8 -in release.pem -v2 aes-256-cbc -passout pass:correct-horse -out enc.pem
openssl ec -in release.pem -aes-128-cbc -passout pass:correct-horse -out sec1.pem 2>/dev/null
chmod 600 enc.pem sec1.pem
echo correct-horse >right.txt
echo wrong >wrong.txt
: >empty.txt
q build stock.yaml -o plain.ota
t build stock.yaml --set sign.key=file:enc.pem --passphrase-file right.txt -o enc.ota
same plain.ota enc.ota
t build stock.yaml --set sign.key=file:sec1.pem --passphrase-file right.txt -o sec1.ota
t build stock.yaml --set sign.key=file:enc.pem --passphrase-fd 5 -o fd.ota 5<right.txt
"$OTAIMG" build -q stock.yaml --set sign.key=file:enc.pem --passphrase-fd 5 -o fd.ota 5<right.txt
same plain.ota fd.ota
say "wrong, empty, missing, none"
t build stock.yaml --set sign.key=file:enc.pem --passphrase-file wrong.txt -o x.ota
t build stock.yaml --set sign.key=file:enc.pem --passphrase-file empty.txt -o x.ota
t build stock.yaml --set sign.key=file:enc.pem --passphrase-file missing.txt -o x.ota
t build stock.yaml --set sign.key=file:enc.pem --passphrase-fd 77 -o x.ota
# Without a terminal nobody can be asked.
echo '$ setsid otaimg build'
code=0
setsid -w "$OTAIMG" build stock.yaml --set sign.key=file:enc.pem -o x.ota </dev/null 2>.err || code=$?
cat .err
echo "exit $code"
say "for sign and resign as well; no message holds it"
t resign plain.ota --verify-key release.pub.pem -k file:enc.pem --passphrase-file right.txt -o re.ota
same plain.ota re.ota
t resign plain.ota --verify-key release.pub.pem -k file:enc.pem --passphrase-file wrong.txt -o x.ota
t build stock.yaml --set "sign.key=pkcs11:token=x;object=y?pin-value=1234" -o x.ota
say "one passphrase serves all key files of a run"
openssl pkcs8 -topk8 -in dev-a.pem -v2 aes-256-cbc -passout pass:correct-horse -out same.pem
openssl pkcs8 -topk8 -in dev-b.pem -v2 aes-256-cbc -passout pass:second -out other.pem
chmod 600 same.pem other.pem
variants() {
  sed '/^output/d; /^sign/d' stock.yaml
  printf 'variants:\n'
  for key in "$@"; do printf '  - {name: %s, sign: {key: "file:%s.pem"}, output: %s.ota}\n' "$key" "$key" "$key"; done
}
variants enc same >two.yaml
variants enc other >three.yaml
pass() {
  printf '%s\n' "\$ OTAIMG_PASSPHRASE=$1 setsid otaimg $2"
  code=0
  # shellcheck disable=SC2086
  OTAIMG_PASSPHRASE=$1 setsid -w "$OTAIMG" $2 </dev/null 2>.err || code=$?
  cat .err
  echo "exit $code"
}
pass correct-horse "build two.yaml"
t build two.yaml --passphrase-file right.txt
echo second >second.txt
cat right.txt second.txt >both.txt
t build two.yaml --passphrase-fd 5 5<right.txt
t build three.yaml --passphrase-fd 5 5<both.txt
say "another passphrase is not taken from where there is one only"
pass correct-horse "build three.yaml"
t build three.yaml --passphrase-file both.txt
t build three.yaml --passphrase-fd 5 5<right.txt
pass correct-horse "which-key enc.ota file:same.pem file:enc.pem"
pass correct-horse "lint two.yaml"
pass correct-horse "lint -q three.yaml"
pass correct-horse "resign enc.ota --verify-key file:enc.pem -k file:same.pem -o re.ota"
files
