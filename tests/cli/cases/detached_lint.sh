# A release for production: attributes with what the rules ask for.
printf '{"bomFormat": "CycloneDX", "specVersion": "1.5"}\n' >sbom.json
sed -e 's/, class: development//' \
  -e 's/^  security-counter.*/&\n  release: {kind: feature, support-end: 2031-12-31}\n  sbom: sbom.json/' \
  encrypted.yaml >clean.yaml
sed '/sbom/d' clean.yaml >bare.yaml
reasons() { grep -o '"action":"[a-z]*"\|"lint-off":{[^}]*}' "$1" | paste - -; }
say "what build refuses is not prepared: keys that everyone has, a version below the log's"
t prepare clean.yaml --verify-key dev-a.pub.pem -o x.json
printf AABBCCDDEEFF00112233445566778899 >published.hex
t prepare clean.yaml --verify-key release.pub.pem --set encrypt.key=file:published.hex -o x.json
q build -q clean.yaml --log log.jsonl -o first.ota
t prepare clean.yaml --verify-key release.pub.pem --set log=log.jsonl --set firmware.version=1.0.0.0 --set firmware.sequence=8 -o x.json
files
say "a warning does not stop it, and development devices take what the rules forbid"
t prepare bare.yaml --verify-key release.pub.pem -o warned.json
t prepare clean.yaml --set sign.class=development --verify-key dev-a.pub.pem -o dev.json
grep -c lint-off warned.json dev.json
say "turned off: the signer sees it, both logs have it"
off="--set log=log.jsonl --set lint.off.no-sbom=soon"
t prepare bare.yaml --verify-key dev-a.pub.pem $off --set lint.off.development-key=bring-up --set firmware.sequence=9 --set firmware.version=1.5.0.0 -o req.json
sed -n '/"lint-off"/,/}/p' req.json
t answer req.json -k file:dev-a.pem -o resp.json --log signer.jsonl
t attach req.json resp.json -o app.ota
reasons signer.jsonl
reasons log.jsonl
say "in two rounds as well"
sign() {
  sed -n 's/^ *"digest": "\([0-9a-f]*\)".*/\1/p' "$1" | xxd -r -p >digest.bin
  openssl pkeyutl -sign -inkey dev-a.pem -in digest.bin -out "$2"
}
sign req.json r1.der
t attach req.json r1.der -o req2.json --log two.jsonl
sign req2.json r2.der
t attach req2.json r2.der -o two.ota
reasons two.jsonl
say "without the reasons it is another request, which the response does not answer"
id() { sed -n 's/^ *"id": "\(.*\)",/\1/p' "$1"; }
sed '/"lint-off"/,/}/d' req.json | sed '$!N;s/},\n  }/}\n  }/;P;D' >without.json
t attach without.json resp.json -o x.ota
sed 's/"soon"/"never"/' req.json >reworded.json
t attach reworded.json resp.json -o x.ota
t answer reworded.json -k file:dev-a.pem -o x.json
sed 's/"no-sbom": "soon"/"no-rule": "soon"/' req.json >unknown.json
t attach unknown.json resp.json -o x.ota
q prepare bare.yaml --verify-key dev-a.pub.pem --set sign.class=development --set firmware.sequence=9 --set firmware.version=1.5.0.0 -o none.json
sed "s/$(id req.json)/$(id none.json)/" without.json >forged.json
t attach forged.json resp.json -o x.ota
files
