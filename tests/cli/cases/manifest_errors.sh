say "errors of a manifest name file, line and column"
m() {
  printf '%s\n' "$@" >m.yaml
  t build m.yaml -o x.ota
}
t build missing.yaml -o x.ota
t build . -o x.ota
m ''
m 'otaimg: 2'
m 'otaimg: 1' 'device: wbz999'
m 'otaimg: 1' 'device: wbz451' 'firmware: {file: app.hex, version: 1.4.2.0}'
m 'otaimg: 1' 'device: wbz451' 'firmware: {file: app.hex, version: 1.4.2.0, sequence: 4294967295}' 'sign: {key: "file:release.pem"}'
m 'otaimg: 1' 'device: wbz451' 'firmware: {file: app.hex, version: 1.4.2.0, sequence: 1, manufacturer: TOOLONG}' 'sign: {key: "file:release.pem"}'
m 'otaimg: 1' 'otaimg: 1'
m 'otaimg: 1' 'device: &a wbz451'
m 'otaimg: 1' 'device: wbz451' 'frimware: {}'
m 'otaimg: 1' 'device: wbz451' 'firmware: {file: app.hex, version: 1.4.2.0, sequence: 1}' 'sign: {key: "file:release.pem"}' 'ouput: x'
m 'otaimg: 1' '	device: wbz451'
printf 'otaimg: 1\ndevice: "\033[2J"\n' >m.yaml
t build m.yaml -o x.ota
t build stock.yaml --set compress=deflat -o x.ota
t build stock.yaml --set file-type=zigbee -o x.ota
t build encrypted.yaml --set file-type=image -o x.ota
t build encrypted.yaml --set encrypt.iv=00 -o x.ota
t build encrypted.yaml --set encrypt.method=aes-256-cbc -o x.ota
t build release.yaml --set attributes.product=x -o x.ota
t build release.yaml --set attributes.hardware.min-revision=5 -o x.ota
t build release.yaml --set attributes.min-installed-version=1.4.2.0 -o x.ota
t build release.yaml --set attributes.sbom=missing.json -o x.ota
t build release.yaml --set attributes.source-revision=0123 -o x.ota
sed '/^output/d' stock.yaml >m.yaml
t build m.yaml
say "attributes that do not fit into the area"
long=$(printf '%0480d' 0)
t build release.yaml --set "attributes.user.0x8801=$long" --set attributes.user.0x8802=00112233445566778899aabbccddeeff -o x.ota
say "errors of a device file"
q build release.yaml
d() {
  sed "$1" device.yaml >d.yaml
  t verify app.ota --device d.yaml
}
d '/^keys/d'
d '/^product/d'
d '/^hardware/d'
d 's/release.pub.pem/missing.pem/'
d 's/release.pub.pem/app.bin/'
d 's/application/frobnicator/'
d 's/^installed.*/installed: {version: 1.4.1.0}/'
d 's/^decrypt.*/frob: 1/'
d 's/^keys.*/keys: []/'
d 's/^keys.*/keys: [{public: release.pub.pem, class: production, roles: [application]}, {public: release.pub.pem, class: production, roles: [application]}]/'
d 's/wbz451/wbz450/'
d 's/^installed.*/installed: {version: 1.4.1.0, security-counter: 4294967295}/'
files
