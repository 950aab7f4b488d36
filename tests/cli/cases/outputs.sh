say "a failure leaves the old file, and no new one"
echo old >app.ota
t build release.yaml --set sign.key=file:missing.pem
t build release.yaml --for device.yaml --set firmware.version=1.0.0.0
cat app.ota
t extract app.ota -o fw.bin --verify-key release.pub.pem
t build release.yaml -o missing/app.ota
t build release.yaml -o .
t build release.yaml -o /dev/null
files
say "a new file gets the usual permissions, a symbolic link stays one"
rm app.ota
umask 022
q build release.yaml
stat -c %a app.ota
umask 077
mkdir real
echo old >real/app.ota
ln -s real/app.ota link.ota
q build release.yaml -o link.ota
stat -c %F link.ota
same real/app.ota app.ota
ln -s nowhere/x dangling.ota
t build release.yaml -o dangling.ota
say "a folder that cannot be written"
mkdir folder
cp app.ota folder/old.ota
chmod 755 . folder
chmod 644 ./*.pem aes.hex app.hex ./*.yaml folder/old.ota
chmod 555 folder
as_user() {
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}
copy=$(mktemp -d)
cp "$OTAIMG" "$copy/otaimg"
chmod 755 "$copy" "$copy/otaimg"
for out in folder/new.ota folder/old.ota; do
  code=0
  as_user "$copy/otaimg" build -q release.yaml -o "$out" 2>.err || code=$?
  cat .err
  echo "exit $code"
done
rm -r "$copy"
ls -A folder
same folder/old.ota app.ota
say "no room: a limit on the size of files, and a full device"
head -c 300000 /dev/zero >large.bin
echo old >full.ota
(
  trap '' XFSZ
  ulimit -f 100
  t build release.yaml --set firmware.file=large.bin -o full.ota
)
cat full.ota
for command in "build -q release.yaml -o -" "inspect app.ota" "inspect --json app.ota" \
  "extract app.ota --verify-key release.pub.pem -o -" "verify app.ota --device device.yaml" "--help" "build --help" "keys show file:release.pub.pem"; do
  echo "\$ otaimg $command >/dev/full"
  code=0
  # shellcheck disable=SC2086
  "$OTAIMG" $command >/dev/full 2>.err || code=$?
  sed 's/^/! /' .err
  echo "exit $code"
done
files
