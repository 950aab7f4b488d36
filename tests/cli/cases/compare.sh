q build release.yaml -o a.ota
q build release.yaml --set sign.key=file:dev-b.pem -o b.ota
key="--decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f"
say "equal, and equal but for the signatures"
t compare a.ota a.ota
t compare a.ota b.ota
t compare a.ota b.ota --ignore-signatures
say "fields, attributes, headers"
q build release.yaml --set firmware.version=1.4.3.0 --set firmware.sequence=8 --set firmware.image-id=0x9B000001 --set firmware.manufacturer=ACME --set attributes.security-counter=4 --set attributes.min-battery=30 --set attributes.activation=permanent -o c.ota
t compare a.ota c.ota --ignore-signatures
t compare c.ota a.ota --ignore-signatures
q build stock.yaml -o d.ota
t compare a.ota d.ota --ignore-signatures
q build release.yaml --set file-type=image -o e.bin
t compare a.ota e.bin --ignore-signatures
q build release.yaml --set file-type=hex -o f.hex
t compare e.bin f.hex
say "firmware"
head -c 776 app.bin >g.bin
printf x >>g.bin
q build release.yaml --set firmware.file=g.bin -o g.ota
t compare a.ota g.ota --ignore-signatures
head -c 700 app.bin >h.bin
q build release.yaml --set firmware.file=h.bin -o h.ota
t compare a.ota h.ota --ignore-signatures
(cat e.bin; printf trailing) >trailing.bin
t compare e.bin trailing.bin
say "encrypted files"
q build encrypted.yaml -o enc.ota
q build encrypted.yaml --set sign.key=file:dev-b.pem -o enc-b.ota
t compare enc.ota enc.ota
t compare enc.ota enc-b.ota
t compare enc.ota enc-b.ota --ignore-signatures
# shellcheck disable=SC2086
t compare enc.ota enc-b.ota --ignore-signatures $key
# shellcheck disable=SC2086
t compare a.ota enc.ota --ignore-signatures $key
t compare a.ota enc.ota
t compare enc.ota enc-b.ota --ignore-signatures --decrypt-key file:aes.hex --decrypt-iv 00000000000000000000000000000000
say "what cannot be compared"
t compare a.ota missing.ota
t compare a.ota app.bin
head -c 1000 a.ota >cut.ota
t compare a.ota cut.ota
