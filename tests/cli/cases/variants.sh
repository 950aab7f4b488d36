cat >variants.yaml <<'EOF'
otaimg: 1
device: wbz451
firmware: {file: app.hex, version: 1.4.2.0, sequence: 7}
variants:
  - {name: eu, sign: {key: "file:release.pem"}, output: eu.ota}
  - {name: us, sign: {key: "file:missing.pem"}, lint: {off: {no-attributes: "stock devices"}}}
  - {name: lab, sign: {key: "file:dev-a.pem", class: development}, output: lab.ota}
  - {name: gone, firmware: {file: missing.hex}, sign: {key: "file:release.pem"}}
EOF
say "lint looks at every variant, or at those that are named"
t lint variants.yaml --set firmware.file=app.hex
t lint variants.yaml --variant lab
t lint variants.yaml --variant us --variant lab
t lint variants.yaml --variant eu --variant us --json
t lint variants.yaml --variant lab --json
t lint variants.yaml --variant fr
t lint stock.yaml --variant eu
say "it ends at one that cannot be judged"
t lint variants.yaml
t lint variants.yaml --json
say "each with its own log, and --log for all"
sed 's/output: eu.ota/&, log: eu.jsonl/' variants.yaml >logs.yaml
q build -q logs.yaml --variant eu --set lint.off.no-attributes=stock
t lint logs.yaml --variant eu --variant lab --set firmware.version=1.0.0.0
t lint logs.yaml --variant eu --log missing.jsonl
rm eu.ota eu.jsonl
say "prepare makes one request, for one variant"
t prepare variants.yaml --variant eu --verify-key release.pub.pem -o eu.json
t answer eu.json --sign-key file:release.pem -o eu.resp.json
t attach eu.json eu.resp.json
cp eu.ota detached.ota
q build -q variants.yaml --variant eu
same eu.ota detached.ota
rm eu.*
t prepare variants.yaml --verify-key release.pub.pem -o x.json
t prepare variants.yaml --variant eu --variant lab --verify-key release.pub.pem -o x.json
t prepare variants.yaml --variant fr --verify-key release.pub.pem -o x.json
t prepare stock.yaml --variant eu --verify-key release.pub.pem -o x.json
t prepare variants.yaml --variant gone --verify-key release.pub.pem -o x.json
sed '/name: us/,$d' variants.yaml >single.yaml
q prepare single.yaml --verify-key release.pub.pem -o eu.json
files
say "a variant is named in messages"
t build logs.yaml --variant eu --variant us
t build variants.yaml --variant eu --sbom app.bin
