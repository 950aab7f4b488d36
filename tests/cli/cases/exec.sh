cat >sign.sh <<'END'
#!/bin/sh
# What a signing service looks like from here: a digest in, a signature out.
exec openssl pkeyutl -sign -inkey "$KEY"
END
cat >refuse.sh <<'END'
#!/bin/sh
echo "connecting to the signing service" >&2
echo "release window is closed" >&2
exit 9
END
chmod 700 sign.sh refuse.sh
export KEY=$PWD/release.pem
say "a program signs: no key in the manifest, paths beside the manifest"
mkdir -p product/tools
cp sign.sh product/tools/
cp release.pub.pem product/
sed 's|file:release.pem|exec:tools/sign.sh?public=release.pub.pem|; s|app.hex|../app.hex|; s|app.ota|../app.ota|' \
  release.yaml >product/release.yaml
t build product/release.yaml
t verify app.ota --device device.yaml
t build release.yaml --set "sign.key=exec:./sign.sh?public=release.pub.pem&timeout=30" -o set.ota
say "the same but for the signatures"
q build release.yaml -o file.ota
t compare file.ota app.ota --ignore-signatures
say "sign and resign"
t resign file.ota --verify-key "exec:sign.sh?public=release.pub.pem" -k "exec:sign.sh?public=release.pub.pem" -o new.ota
t verify new.ota --verify-key release.pub.pem
say "a device file names such a key as well"
sed 's|public: release.pub.pem|public: "exec:nothing?public=release.pub.pem"|' device.yaml >exec-device.yaml
t verify new.ota --device exec-device.yaml
rm exec-device.yaml
say "refused: by the program, with another key, no program, no key, bad URIs"
rm -f ./*.ota
t build release.yaml --set "sign.key=exec:refuse.sh?public=release.pub.pem"
KEY=$PWD/dev-b.pem
t build release.yaml --set "sign.key=exec:sign.sh?public=release.pub.pem"
KEY=$PWD/missing.pem
sed 's/^exec.*/exec openssl pkeyutl -sign -inkey "$KEY" 2>\/dev\/null/' sign.sh >quiet.sh
chmod 700 quiet.sh
t build release.yaml --set "sign.key=exec:quiet.sh?public=release.pub.pem"
t build release.yaml --set "sign.key=exec:sh?public=release.pub.pem"
t build release.yaml --set "sign.key=exec:sign.sh?public=missing.pem"
t build release.yaml --set "sign.key=exec:sign.sh"
t build release.yaml --set "sign.key=exec:sign.sh?public=release.pub.pem&key=a"
t build encrypted.yaml --set "encrypt.key=exec:sign.sh?public=release.pub.pem"
files
say "keys: the public half only, without running the program"
t keys show "exec:refuse.sh?public=release.pub.pem"
t keys generate "exec:sign.sh?public=release.pub.pem"
t keys list "exec:sign.sh?public=release.pub.pem"
