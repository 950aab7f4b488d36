# A bootloader's stand-in: vectors and code below the floor page, code of page 5 behind it.
printf '\000\000\001\040\301\000\000\000' >boot.bin
tail -c +200 app.bin | head -c 300 >>boot.bin
tail -c +300 app.bin | head -c 200 >entry.bin
objcopy -I binary -O ihex boot.bin low.hex
objcopy -I binary -O ihex --change-addresses=0x5000 entry.bin high.hex
(grep -v '^:00000001' low.hex; cat high.hex) | tr -d '\r' >boot.hex
# at ADDRESS LENGTH: that many bytes as HEX, without the end record.
at() {
  head -c "$2" app.bin >at.bin
  objcopy -I binary -O ihex --change-addresses="$1" at.bin at.hex
  grep -v '^:00000001' at.hex | tr -d '\r'
}
end=':00000001FF'
# The application's build: as the linker writes it, configuration words included.
(at 0x45E88 20; at 0x45F88 24; cat app.hex) >build.hex
sed '/^decrypt/d' device.yaml >factory.yaml
q keys export --format provision --device factory.yaml -o factory.prov
q keys export --format provision --device device.yaml --with-decrypt-key -o secret.prov
q build release.yaml -o app.ota
q build encrypted.yaml -o enc.ota
q build release.yaml --set file-type=image -o slot.bin
q build release.yaml --set firmware.file=build.hex --set file-type=hex -o release.hex
aes="--decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f"

say "an OTA file and its build, or a HEX release that has the words already: the same bytes"
t merge app.ota --app-hex build.hex --bootloader boot.hex --provision factory.prov -o factory.hex
t merge release.hex -b boot.hex -p factory.prov -o from_hex.hex
t merge slot.bin --app-hex build.hex -b boot.hex -p factory.prov -o from_image.hex
t merge enc.ota --app-hex build.hex -b boot.hex -p factory.prov -o decrypted.hex $aes
"$OTAIMG" merge app.ota --app-hex build.hex -b boot.hex -p factory.prov -o - >stdout.hex
for f in from_hex from_image decrypted stdout; do same factory.hex $f.hex; done
stat -c '%a' factory.hex
say "what srec_cat reads: everything in its place and nothing else"
srec_info factory.hex -intel
part() { # from to: bytes of the result, from its first
  srec_cat factory.hex -intel -crop "$1" "$2" -offset -"$1" -o part.bin -binary && cat part.bin
}
part 0 0x4000 | cmp - boot.bin && echo boot
part 0x5000 0x5C80 | cmp - entry.bin && echo entry
part 0x5C80 0x5E00 | cmp - factory.prov && echo record
part 0x1000000 0x107C000 | cmp - slot.bin && echo slot
srec_cat build.hex -intel -crop 0x45E80 0x45FC0 -o a.bin -binary
srec_cat factory.hex -intel -crop 0x45E80 0x45FC0 -o b.bin -binary
same a.bin b.bin
say "what the tool reads in it"
t verify factory.hex --device device.yaml --boot
say "a bootloader in ELF"
sh "$root/tests/cli/make_elf.sh" boot.bin boot.elf 0
t merge app.ota --app-hex build.hex -b boot.elf -p factory.prov -o elf.hex
q merge app.ota --app-hex build.hex -b low.hex -p factory.prov -o low_out.hex
same elf.hex low_out.hex
say "as JSON"
t merge app.ota --app-hex build.hex -b boot.hex -p factory.prov -o factory.hex --json
say "an AES key in the record makes the result secret"
touch secret.hex && chmod 644 secret.hex
(umask 0; t merge app.ota --app-hex build.hex -b boot.hex -p secret.prov -o secret.hex)
stat -c '%a' secret.hex
t merge app.ota --app-hex build.hex -b boot.hex -p secret.prov -o -

rm -f factory.hex from_*.hex decrypted.hex stdout.hex elf.hex low_out.hex secret.hex
say "without configuration words, or with those of another build"
t merge app.ota -b boot.hex -p factory.prov -o x.hex
t merge app.ota --app-hex app.hex -b boot.hex -p factory.prov -o x.hex
q build release.yaml --set file-type=hex -o wordless.hex
t merge wordless.hex -b boot.hex -p factory.prov -o x.hex
(at 0x45E88 20; cat app.hex) >alternate.hex
t merge app.ota --app-hex alternate.hex -b boot.hex -p factory.prov -o x.hex
(head -c 500 app.bin; printf x; tail -c +502 app.bin) >other.bin
objcopy -I binary -O ihex --change-addresses=0x01000200 other.bin other.hex
(at 0x45F88 24; cat other.hex) >other_build.hex
t merge app.ota --app-hex other_build.hex -b boot.hex -p factory.prov -o x.hex
(at 0x45F88 24; at 0x01001000 16; cat app.hex) >longer.hex
t merge app.ota --app-hex longer.hex -b boot.hex -p factory.prov -o x.hex
(at 0x45F88 24; at 0x0107C000 16; cat app.hex) >data.hex
t merge app.ota --app-hex data.hex -b boot.hex -p factory.prov -o x.hex
say "an application that this device would not boot"
t merge enc.ota --app-hex build.hex -b boot.hex -p factory.prov -o x.hex
sed 's/revision: 2/revision: 9/' factory.yaml >newer.yaml
q keys export --format provision --device newer.yaml -o newer.prov
t merge app.ota --app-hex build.hex -b boot.hex -p newer.prov -o x.hex
sed 's/7d7c9f0e/7d7c9f0f/' factory.yaml >product.yaml
q keys export --format provision --device product.yaml -o product.prov
t merge app.ota --app-hex build.hex -b boot.hex -p product.prov -o x.hex
q build stock.yaml -o stock.ota
t merge stock.ota --app-hex build.hex -b boot.hex -p factory.prov -o x.hex
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem 2>/dev/null
q build release.yaml --set sign.key=file:other.pem -o other.ota
t merge other.ota --app-hex build.hex -b boot.hex -p factory.prov -o x.hex
t merge app.hex -b boot.hex -p factory.prov -o x.hex
(head -c 600 app.ota; printf x; tail -c +602 app.ota) >damaged.ota
t merge damaged.ota --app-hex build.hex -b boot.hex -p factory.prov -o x.hex
say "a record that is none, or holds a key that everyone has"
t merge app.ota --app-hex build.hex -b boot.hex -p app.bin -o x.hex
head -c 383 factory.prov >short.prov
t merge app.ota --app-hex build.hex -b boot.hex -p short.prov -o x.hex
(head -c 100 factory.prov; printf x; tail -c +102 factory.prov) >flipped.prov
t merge app.ota --app-hex build.hex -b boot.hex -p flipped.prov -o x.hex
printf '%s\n' '-----BEGIN PUBLIC KEY-----' \
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKstAPOj+7VukSZWhqR2u6Nu+GTfN' \
  'FPsvJFc35ZU5iNmUudZa69fN1TCK1v5IskpqgQ7l8H2LaDTMOmr8U476wQ==' \
  '-----END PUBLIC KEY-----' >sample.pem
sed 's/^keys: \[/&{public: sample.pem, class: production, roles: [application]}, /' factory.yaml >sample.yaml
q keys export --format provision --device sample.yaml --allow-sample-key -o sample.prov
t merge app.ota --app-hex build.hex -b boot.hex -p sample.prov -o x.hex
say "a bootloader out of its place"
place() { # address length
  (grep -v "$end" boot.hex; at "$1" "$2"; echo "$end") >place.hex
  t merge app.ota --app-hex build.hex -b place.hex -p factory.prov -o x.hex
}
place 0x3FF8 9
place 0x4FFF 1
place 0x5C7F 2
place 0x5DFF 1
place 0x5E00 16
place 0x45F80 4
place 0x01000200 16
(at 0x3FF0 16; at 0x5C70 16; cat boot.hex) >full.hex
t merge app.ota --app-hex build.hex -b full.hex -p factory.prov -o full_out.hex
rm full_out.hex
t merge app.ota --app-hex build.hex -b high.hex -p factory.prov -o x.hex
t merge app.ota --app-hex build.hex -b boot.bin -p factory.prov -o x.hex
(at 0x10 16; cat boot.hex) >twice.hex
t merge app.ota --app-hex build.hex -b twice.hex -p factory.prov -o x.hex
say "what is missing"
t merge app.ota -p factory.prov -o x.hex
t merge app.ota -b boot.hex -o x.hex
t merge app.ota -b boot.hex -p factory.prov
t merge -b boot.hex -p factory.prov -o x.hex
t merge app.ota --app-hex build.hex -b boot.hex -p factory.prov -o - --json
t merge app.ota --app-hex build.hex -b missing.hex -p factory.prov -o x.hex
t merge app.ota --app-hex build.hex -b boot.hex -p missing.prov -o x.hex
t merge missing.ota --app-hex build.hex -b boot.hex -p factory.prov -o x.hex
t merge app.ota --app-hex missing.hex -b boot.hex -p factory.prov -o x.hex
t merge app.ota --app-hex build.hex -b boot.hex -p factory.prov -o nowhere/x.hex
files
