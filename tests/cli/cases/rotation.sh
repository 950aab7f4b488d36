# The commands of keys/README.md, section Rotation, in a device's life. Keys are new each time: their
# digests are shown by name.
for n in 0 1 2 3 4; do
  q keys generate "file:key$n.pem" --no-encrypt
  q keys export "file:key$n.pem" -o "key$n.pub.pem"
  echo "s/$("$OTAIMG" keys show "key$n.pub.pem" --json | jq -r .sha256)/KEY$n/" >>names.sed
done
printf '%s\n' 's/^    \([xy]\)       [0-9a-f]*$/    \1       .../' >>names.sed

otaimg() { t "$@" | sed -f names.sed; }

# follow NAME: the shell block behind "<!-- rotation: NAME -->".
follow() {
  say "keys/README.md: $1"
  awk -v mark="<!-- rotation: $1 -->" '
    $0 == mark { seen = 1 }
    seen && /^```$/ { exit }
    inside { print }
    seen && /^```sh$/ { inside = 1 }' "$root/keys/README.md" >"$1.block"
  [ -s "$1.block" ] || echo "no such block"
  . "./$1.block"
}

{
  printf 'otaimg-device: 1\ndevice: wbz451\nkeys:\n'
  for n in 0 1 2 3; do
    echo "  - {public: key$n.pub.pem, class: production, roles: [application]}"
  done
  sed -n '/^product/p; /^hardware/p' device.yaml
} >factory.yaml
(cat factory.yaml; echo 'installed: {version: 1.4.1.0, security-counter: 3}') >device.yaml
sed '/key0/s/}/, revoked: true}/' device.yaml >revoked.yaml
sed 's/1.4.2.0, sequence: 7/1.4.3.0, sequence: 8/; /security-counter/a \  revoke-keys: [0]' release.yaml >revoking.yaml

follow factory
q build release.yaml --set sign.key=file:key0.pem -o app.ota
otaimg which-key app.ota key0.pub.pem key1.pub.pem key2.pub.pem key3.pub.pem
follow resign
follow revoke
follow afterwards
otaimg verify revoking.ota --device revoked.yaml
say "the old file cannot be resigned on a device that revoked its key"
otaimg resign app.ota --device revoked.yaml --sign-key file:key2.pem -o x.ota
say "every key of the device is as good as another, a fifth is not"
for n in 2 3 4; do
  q build release.yaml --set "sign.key=file:key$n.pem" -o "key$n.ota"
  otaimg which-key "key$n.ota" key0.pub.pem key1.pub.pem key2.pub.pem key3.pub.pem key4.pub.pem
  otaimg verify "key$n.ota" --device revoked.yaml
done
sed '/key3/p; /key3/s/key3/key4/' factory.yaml >five.yaml
otaimg keys export --format provision --device five.yaml -o x.prov
otaimg keys export --format provision --device revoked.yaml -o x.prov
files
