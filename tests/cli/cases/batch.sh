variants() {
  cat >variants.yaml <<'EOF'
otaimg: 1
device: wbz451
firmware: {file: app.hex, version: 1.4.2.0, sequence: 7}
sign: {key: "file:release.pem", class: development}
variants:
  - {name: eu, firmware: {version: 1.4.2.1}, output: eu.ota}
  - name: us
    firmware: {file: missing.hex}
    output: us.ota
  - {name: jp, sign: {key: "file:missing.pem"}, output: jp.ota}
  - {name: za, sign: {key: "file:missing.pem"}, output: za.ota}
  - name: br
    encrypt: {method: aes-128-cbc, key: "file:aes.hex", iv: "101112131415161718191a1b1c1d1e1f"}
    output: br.ota
  - {name: in, encrypt: {method: aes-128-cbc, key: "file:aes.hex", iv: "00000000000000000000000000000000"}, output: in.ota}
EOF
}
variants
say "one failure leaves the others whole; the exit code is that of the first that failed"
t build variants.yaml --jobs 2
files
t build stock.yaml -o eu1.ota --set firmware.version=1.4.2.1
same eu.ota eu1.ota
rm -- *.ota
say "the same with any number of threads"
for jobs in 1 3 16; do
  "$OTAIMG" build variants.yaml --jobs $jobs >out.$jobs 2>err.$jobs
  echo "exit $?"
done
same out.1 out.3
same out.1 out.16
same err.1 err.3
same err.1 err.16
rm -- *.ota out.* err.*
say "--variant picks, in the order of the manifest"
t build variants.yaml --variant in --variant eu
t build variants.yaml --variant eu -o one.ota
same eu.ota one.ota
t build variants.yaml --variant us
t build variants.yaml --variant fr
t build stock.yaml --variant eu
t build variants.yaml --variant eu stock.yaml
files
rm -- *.ota
say "--set comes after the variant's keys"
t build variants.yaml --variant eu --variant br --set firmware.sequence=9
t build variants.yaml --variant eu --variant br --set output=same.ota
t build variants.yaml --set variants=1
say "several manifests"
rm -- *.ota
t build release.yaml encrypted.yaml
sed 's/^output.*/output: enc.ota/' encrypted.yaml >enc.yaml
t build release.yaml enc.yaml variants.yaml
t verify app.ota --device device.yaml
t verify enc.ota --device device.yaml
rm -- *.ota
t build release.yaml enc.yaml --for device.yaml
t build -q release.yaml missing.yaml
files
say "outputs"
rm -- *.ota
mkdir sub
ln -s . here
sed 's/us.ota/.\/sub\/..\/eu.ota/' variants.yaml >two.yaml
t build two.yaml
sed 's/us.ota/here\/eu.ota/' variants.yaml >two.yaml
t build two.yaml
say "a provenance is an output as well"
sed 's/us.ota/here\/eu.ota.provenance.json/' variants.yaml >two.yaml
t build two.yaml --provenance
sed 's/eu.ota/us.ota.provenance.json/' variants.yaml >two.yaml
t build two.yaml --provenance
touch pt.ota.provenance.json
ln -s pt.ota.provenance.json br.ota.provenance.json
sed 's/us.ota/pt.ota/' variants.yaml >two.yaml
t build two.yaml --provenance
rm ./*.provenance.json
say "one file, standard output, none"
sed 's/us.ota/"-"/' variants.yaml >two.yaml
t build two.yaml
t build variants.yaml -o x.ota
sed 's/, output: eu.ota//' variants.yaml >two.yaml
t build two.yaml
t build two.yaml --variant eu
t build variants.yaml --jobs 0
t build variants.yaml --jobs 17
files
say "errors are at the line of the variant"
bad() {
  sed "$1" variants.yaml >bad.yaml
  t build bad.yaml
}
bad 's/1.4.2.1/1.4.2/'
bad 's/{file: missing.hex}/{sequence: 0}/'
bad 's/{file: missing.hex}/{frob: 0}/'
bad 's/{file: missing.hex}/app.hex/'
bad 's/name: us/name: eu/'
bad 's/name: us/name: ""/'
bad 's/name: us/name: "a b"/'
bad 's/name: eu, //'
bad 's/name: us/name: [us]/'
bad 's/name: us/name: us\n    variants: []/'
bad 's/^  - name: us/  - eu\n  - name: us/'
bad '/^  /d'
bad '/^  /d; s/^variants:/variants: []/'
bad '/^  /d; s/^variants:/variants: {name: eu}/'
files
