say "no output takes the place of what was read for it"
sum() { sha256sum ./*.pem ./*.hex ./*.yaml ./*.bin; }
for out in release.yaml app.hex release.pem; do t build release.yaml -o "$out"; done
t build release.yaml --for device.yaml -o device.yaml
t build encrypted.yaml -o aes.hex
echo '{"bomFormat": "CycloneDX", "specVersion": "1.5"}' >sbom.json
t build release.yaml --sbom sbom.json -o sbom.json
for out in release.yaml app.hex release.pub.pem; do
  t prepare release.yaml --verify-key release.pub.pem -o "$out"
done
t keys export file:release.pem -o release.pem
t keys export --format provision --device device.yaml -o device.yaml
q keys export --format provision --device device.yaml -o device.prov
q build release.yaml
{
  for at in 0x45E88 0x45F88; do
    head -c 24 app.bin >at.bin
    objcopy -I binary -O ihex --change-addresses="$at" at.bin at.hex
    grep -v '^:00000001' at.hex | tr -d '\r'
  done
  cat app.hex
} >build.hex
head -c 256 app.bin >at.bin
objcopy -I binary -O ihex at.bin boot.hex
rm at.bin at.hex
for out in boot.hex build.hex app.ota device.prov; do
  t merge app.ota --app-hex build.hex -b boot.hex -p device.prov -o "$out"
done
rm app.ota
files
say "by any name: links and detours"
before=$(sum)
ln -s release.pem soft.pem
ln app.hex hard.hex
t build release.yaml -o soft.pem
t build release.yaml -o hard.hex
t build release.yaml -o ./../"$(basename "$PWD")"/app.hex >detour
grep -c 'would replace' detour
rm soft.pem hard.hex detour
[ "$before" = "$(sum)" ] && echo untouched
say "OTA files, requests and their answers"
q build release.yaml
cp app.ota first.ota
for out in app.ota release.pub.pem; do t extract app.ota --verify-key release.pub.pem -o "$out"; done
t extract app.ota --device device.yaml -o device.yaml
t resign app.ota --sign-key file:dev-a.pem --verify-key release.pub.pem -o app.ota
t resign app.ota --sign-key file:dev-a.pem --verify-key release.pub.pem -o dev-a.pem
q prepare release.yaml --verify-key release.pub.pem -o r.req
cp r.req r.copy
for out in release.pem r.req; do t answer r.req --sign-key file:release.pem -o "$out"; done
q answer r.req --sign-key file:release.pem -o r.resp
for out in r.req r.req.draft r.resp; do t attach r.req r.resp -o "$out"; done
same r.req r.copy
same app.ota first.ota
say "the audit log is read before it gets a line; a new one is not left behind"
t build release.yaml --log app.log -o app.log
t answer r.req --sign-key file:release.pem --log app.log -o app.log
t resign app.ota --sign-key file:dev-a.pem --verify-key release.pub.pem --log app.log -o app.log
files
q build release.yaml --log app.log
cp app.log before.log
t build release.yaml --log app.log -o app.log
t build release.yaml --log app.log --for device.yaml -o device.yaml
same app.log before.log
say "two new files of one name"
t keys generate file:k.pem --no-encrypt --record k.pem
t keys generate --type aes128 file:./k.hex --record k.hex
say "sign and resign replace their input when no other output is named"
t resign app.ota --sign-key file:dev-a.pem --verify-key release.pub.pem
[ "$before" = "$(sum)" ] && echo untouched
files
