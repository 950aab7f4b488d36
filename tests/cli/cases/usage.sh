say "what the command line must not contain"
t
t frobnicate
t keys
t keys frobnicate
t key
t --frobnicate
"$OTAIMG" --help | sed -n '/^commands:/,/^$/s/^  \([a-z ]*[a-z]\)   *.*/\1/p' >commands
while read -r command; do
  # shellcheck disable=SC2086
  t $command --frobnicate
  # shellcheck disable=SC2086
  t $command -Z
  # shellcheck disable=SC2086
  t $command a b c d
done <commands
say "missing operands and values"
t build
t sign
t resign
t verify
t inspect
t extract
t compare a
t keys show
t verify app.ota --device
t build release.yaml --set
t inspect app.ota -o x
say "values where none are taken, or twice"
t build release.yaml --quiet=yes
t build release.yaml -o a -o b
t verify app.ota -d a.yaml --device b.yaml
t verify app.ota --device=device.yaml --verify-key release.pub.pem
t verify app.ota
t extract app.ota -o out
t extract app.ota --verify-key release.pub.pem
t verify app.ota --verify-key release.pub.pem --boot
t verify app.ota --verify-key release.pub.pem --pin-fd x
t build release.yaml --passphrase-fd -1
q build release.yaml
t inspect app.ota --decrypt-key file:aes.hex
t inspect app.ota --decrypt-iv 00
t inspect app.ota --decrypt-key file:aes.hex --decrypt-iv 0011
t inspect app.ota --decrypt-key aes.hex --decrypt-iv 00000000000000000000000000000000
say "'--' ends the options"
t inspect -- --help
say "empty values"
t build stock.yaml -o ''
t build stock.yaml --output=
t simulate stock.yaml --listen ''
