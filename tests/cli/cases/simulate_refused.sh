# Files that the device refuses, whose firmware cannot be had or is not what was signed.
install -m 600 "$root/tests/golden/keys/aes.hex" golden.hex
for device in production inflates; do
  sed "s|file:[^\"]*aes.hex|file:golden.hex|; s|\.\./|$root/tests/golden/|" \
    "$root/tests/golden/devices/$device.yaml" >$device.yaml
done
ends() {
  cp "$root/tests/golden/bad/$1.ota" bad.ota
  t simulate bad.ota --device "$2" | sed -n '/manager  gives/p; /^end: /p; /^I6/p; /^! /p; /^exit/p'
}
say "a stream that does not inflate: as verify, for a device that inflates and one that does not"
ends deflate-block-type-3 inflates.yaml
ends deflate-block-type-3 production.yaml
say "an attribute that says what is sent is a stream, and it is none"
ends attribute-encoding-deflate production.yaml
say "other firmware than was signed: its plaintext is looked for all the same"
ends deflate-other-firmware inflates.yaml
ends deflate-other-firmware-encrypted inflates.yaml
ends firmware-bit-encrypted production.yaml
say "what the verifier accepts and no core could start"
head -c 1000 /dev/zero >zeros.bin
q build stock.yaml --set firmware.file=zeros.bin -o zeros.ota
sed 's/security-counter: 3/security-counter: 0/; $a policy: stock' device.yaml >stock-device.yaml
t simulate zeros.ota --device stock-device.yaml | sed -n '/^end: /p; /^! /p; /^exit/p'
