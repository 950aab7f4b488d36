# A release without findings: what the rules ask for, on top of the manifest of the other cases.
printf '{"bomFormat": "CycloneDX", "specVersion": "1.5"}\n' >sbom.json
sed -e 's/, class: development//' \
  -e 's/^  security-counter.*/&\n  release: {kind: feature, support-end: 2031-12-31}\n  sbom: sbom.json/' \
  encrypted.yaml >clean.yaml
say "nothing to find"
t lint clean.yaml
t lint clean.yaml --json
t build clean.yaml -o clean.ota
say "each finding with its rule; build warns, or refuses before it signs"
sed '/sbom\|support-end/d' clean.yaml >bare.yaml
t lint bare.yaml
t build bare.yaml -o bare.ota
t lint clean.yaml --set sign.key=file:dev-a.pem
t build clean.yaml --set sign.key=file:dev-a.pem -o x.ota
t build -q clean.yaml --set sign.key=file:dev-a.pem -o x.ota
t lint clean.yaml --set sign.key=file:dev-a.pub.pem
printf AABBCCDDEEFF00112233445566778899 >published.hex
t lint clean.yaml --set encrypt.key=file:published.hex
t build clean.yaml --set encrypt.key=file:published.hex -o x.ota
t lint clean.yaml --set encrypt.iv=00000000000000000000000000000000
t lint stock.yaml --set sign.class=production
sed '/^sign/d' stock.yaml >unsigned.yaml
t lint unsigned.yaml --set authentication=none
t build unsigned.yaml --set authentication=none --set lint.off.method=trusted -o x.ota
say "turned off, with the reason"
t lint bare.yaml --set "lint.off.no-sbom=none yet" --set lint.off.no-support-end=beta
t lint bare.yaml --set "lint.off.no-sbom=none yet" --json
t build bare.yaml --set "lint.off.no-sbom=none yet" --set lint.off.no-support-end=beta -o bare.ota
t build -q clean.yaml --set sign.key=file:dev-a.pem --set lint.off.development-key=bring-up -o dev.ota
t lint clean.yaml --set lint.off.frob=x
t lint clean.yaml --set lint.off.zero-iv=
say "for development devices most rules do not apply"
t lint bare.yaml --set sign.class=development --set sign.key=file:dev-a.pem
t build -q bare.yaml --set sign.class=development --set sign.key=file:dev-a.pem -o dev.ota
say "firmware that no device takes"
head -c 492 app.bin >492.bin
head -c 491 app.bin >491.bin
t lint stock.yaml --set file-type=image --set firmware.file=492.bin --set firmware.address=0x01000200
t build stock.yaml --set file-type=image --set firmware.file=492.bin --set firmware.address=0x01000200 -o x.ota
t lint stock.yaml --set file-type=image --set firmware.file=491.bin --set firmware.address=0x01000200
head -c 600000 /dev/zero >big.bin
t lint stock.yaml --set firmware.file=big.bin --set firmware.address=0x01000200
say "keys that cannot be read, files that are not there"
t lint clean.yaml --set sign.key=file:missing.pem --set encrypt.key=file:missing.hex
t lint -q clean.yaml --set sign.key=file:missing.pem --set encrypt.key=file:missing.hex --json
t lint clean.yaml --set firmware.file=missing.hex
t lint missing.yaml
t lint
say "against the log: what the last release says"
q build -q clean.yaml --log log.jsonl -o first.ota
t lint clean.yaml --log log.jsonl
t lint clean.yaml --log log.jsonl --set firmware.version=1.0.0.0 --set attributes.security-counter=0
t build clean.yaml --log log.jsonl --set firmware.version=1.0.0.0 --set firmware.sequence=8 -o x.ota
t build -q clean.yaml --log log.jsonl --set firmware.version=1.0.0.0 --set firmware.sequence=8 --set "lint.off.version=field trial" -o old.ota
grep -o '"lint-off":{[^}]*}' log.jsonl
t lint clean.yaml --log missing.jsonl
files
say "a public key is told of once: by lint, or by one warning for all development releases"
cat >public.yaml <<'EOF'
otaimg: 1
device: wbz451
firmware: {file: app.hex, version: 1.4.2.0, sequence: 7}
sign: {key: "file:dev-a.pem"}
lint: {off: {no-attributes: "stock devices"}}
variants:
  - {name: a, output: a.ota}
  - {name: b, output: b.ota, sign: {class: development}}
  - {name: c, output: c.ota, sign: {class: development}}
  - {name: d, output: d.ota, lint: {off: {development-key: "bring-up"}}}
EOF
t build public.yaml
t build public.yaml --variant d
say "rules that are turned off need no key"
(cat clean.yaml; echo 'lint: {off: {sample-key: "checked by CI", development-key: "checked by CI"}}') >off.yaml
t lint off.yaml --set sign.key=file:missing.pem
say "a broken log ends it, as it ends build"
echo '{"not": "a line of the log"}' >broken.log
t lint clean.yaml --log broken.log
t lint clean.yaml --log broken.log --json
t build clean.yaml --log broken.log -o x.ota
