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
files
