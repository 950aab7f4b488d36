export SOURCE_DATE_EPOCH=1700000000
printf '{"bomFormat": "CycloneDX", "specVersion": "1.5"}' >sbom.cdx.json
cat >full.yaml <<'END'
otaimg: 1
device: wbz451
firmware: {file: app.hex, version: 1.4.2.0, sequence: 7}
sign: {key: "file:release.pem", class: development}
encrypt: {method: aes-128-cbc, key: "file:aes.hex", iv: "101112131415161718191a1b1c1d1e1f"}
attributes:
  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
  hardware: {class: 0x00000102, min-revision: 1, max-revision: 4}
  security-counter: 3
  min-installed-version: 1.2.0.0
  activation: permanent
  min-battery: 30
  revoke-keys: [1, 3]
  release: {kind: security, mandatory: true, support-end: 2031-12-31}
  sbom: sbom.cdx.json
  source-revision: 0123456789abcdef0123456789abcdef01234567
  user: {0x8802: "", 0x8801: "00ff"}
file-type: combo
zigbee: {manufacturer-code: 0x1234, image-type: 0x5678, file-version: 1, header-string: "Lamp", security-credential-version: 1, destination: 0x0011223344556677, min-hardware-version: 1, max-hardware-version: 7}
END
t build full.yaml -o full.ota
key="--decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f"
say "without a key: what is readable, and what is not"
t inspect full.ota
t inspect full.ota --json
say "with the key: all of it"
# shellcheck disable=SC2086
t inspect full.ota $key --verify-key release.pub.pem
# shellcheck disable=SC2086
t inspect full.ota $key --verify-key release.pub.pem --json
say "another key, a wrong decryption key"
# shellcheck disable=SC2086
t inspect full.ota $key --verify-key dev-b.pub.pem | tail -3
printf 00112233445566778899aabbccddeeff >wrong.hex
t inspect full.ota --decrypt-key file:wrong.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f | tail -3
say "plain, damaged, cut"
q build stock.yaml -o stock.ota
t inspect stock.ota
head -c 1300 stock.ota >cut.ota
t inspect cut.ota
t inspect cut.ota --json
head -c 10 stock.ota >short.ota
t inspect short.ota
t inspect app.bin
t inspect missing.ota
echo "\$ otaimg inspect - <stock.ota"
"$OTAIMG" inspect - <stock.ota | head -3
