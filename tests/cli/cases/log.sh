# Time and tool version differ from run to run, and with them every hash behind them.
hidden='s/[0-9a-f]\{64\}/HASH/g'
verify_log() { t log verify "$@" | sed "$hidden"; }
last_hash() { sed -n '$s/.*"hash":"\([0-9a-f]*\)"}$/\1/p' "$1"; }

say "one line for each signed output"
t build release.yaml --log log.jsonl
sed -e "$hidden" -e 's/"time":"[0-9]\{4\}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z"/"time":"TIME"/' \
  -e 's/"tool":"otaimg [0-9.]*"/"tool":"TOOL"/' log.jsonl
[ "$(sha256sum <app.ota | cut -c 1-64)" = "$(sed 's/.*"output":{"name":"app.ota","sha256":"\([0-9a-f]*\).*/\1/' log.jsonl)" ] && echo "digest of the output is right"
[ "$(sed 's/,"hash":".*//' log.jsonl | tr -d '\n' | sha256sum | cut -c 1-64)" = "$(last_hash log.jsonl)" ] && echo "hash is right"
say "the same content again, in other clothes, re-signed: one more line each"
t build encrypted.yaml --log log.jsonl -o enc.ota
t build release.yaml --log log.jsonl --set file-type=zigbee --set zigbee.manufacturer-code=1 --set zigbee.image-type=2 --set zigbee.file-version=3 --set zigbee.header-string=x -o zigbee.ota
t build release.yaml --log log.jsonl --set file-type=image -o image.ota
t resign app.ota --verify-key release.pub.pem --sign-key file:dev-a.pem -o dev.ota --log log.jsonl
t resign enc.ota --device device.yaml --sign-key file:release.pem -o enc2.ota --log log.jsonl
cut -d , -f 2,5 log.jsonl
verify_log log.jsonl
[ "$(head -n 1 log.jsonl | tr -d '\n' | sha256sum | cut -c 1-64)" = "$(sed -n '2s/.*"previous":"\([0-9a-f]*\).*/\1/p' log.jsonl)" ] && echo "previous is right"
say "other content under the same version and sequence: nothing is signed, nothing written"
cp log.jsonl good.jsonl
t build release.yaml --log log.jsonl --set attributes.min-battery=30 -o x.ota
t build encrypted.yaml --log log.jsonl --set attributes.min-battery=30 -o x.ota
t build release.yaml --log log.jsonl --set attributes.min-battery=30 --set sign.key=file:dev-b.pem -o x.ota
q build release.yaml --set attributes.min-battery=30 -o battery.ota
t resign battery.ota --verify-key release.pub.pem --sign-key file:dev-a.pem --log log.jsonl
same good.jsonl log.jsonl
say "another version, sequence, product, class or image type is another release"
for set in firmware.version=1.4.3.0 firmware.sequence=8 attributes.hardware.class=0x103 attributes.image-type=secondary attributes.product=00000000-3b53-4c1e-9a86-0a8f5c1d2e3f; do
  t build release.yaml --log log.jsonl --set "$set" -o other.ota | cut -c 1-60
done
say "without attributes the image id names the release"
t build -q stock.yaml --log log.jsonl -o stock.ota | cut -c 1-60
t build -q stock.yaml --log log.jsonl --set firmware.file=app.bin --set firmware.manufacturer=ABCD -o x.ota
t build -q stock.yaml --log log.jsonl --set firmware.manufacturer=ABCD --set firmware.image-id=0x9B000001 -o other.ota | cut -c 1-60
verify_log log.jsonl
say "files without signature are not logged, once signed they are; the content is that of a build"
sed '/^sign/d' stock.yaml >unsigned.yaml
q build -q unsigned.yaml --set authentication=none --set firmware.manufacturer=ABCD --allow-insecure -o none.ota --log none.jsonl
q build -q unsigned.yaml --set authentication=none --allow-insecure -o good.ota
t sign none.ota --sign-key file:release.pem --log log.jsonl
t sign good.ota --sign-key file:release.pem --log log.jsonl | cut -c 1-40
same good.ota stock.ota
say "log: in the manifest, --log instead"
sed '/^output/a log: own.jsonl' release.yaml >logged.yaml
mkdir sub && cp logged.yaml app.hex release.pem sub
q build sub/logged.yaml
q build sub/logged.yaml --log here.jsonl
find . -name '*.jsonl' | sort
say "broken logs"
cp good.jsonl kept.jsonl
sed 2d kept.jsonl >removed.jsonl
sed 1d kept.jsonl >first.jsonl
awk 'NR == 2 { held = $0; next } { print } NR == 3 { print held }' kept.jsonl >swapped.jsonl
sed 2p kept.jsonl >twice.jsonl
sed '3s/"sequence":7/"sequence":6/' kept.jsonl >altered.jsonl
sed '$d' kept.jsonl >end.jsonl
head -c 1000 kept.jsonl >cut.jsonl
echo '{}' >junk.jsonl
for log in removed first swapped twice altered cut junk missing; do verify_log $log.jsonl; done
verify_log .
t build release.yaml --log altered.jsonl -o x.ota
t build release.yaml --log cut.jsonl -o x.ota
say "what was cut off at the end shows by a hash that was kept"
kept=$(last_hash kept.jsonl)
early=$(last_hash end.jsonl)
verify_log end.jsonl
verify_log end.jsonl --expect "$kept"
verify_log kept.jsonl --expect "$kept"
verify_log kept.jsonl --expect "$early"
t log verify kept.jsonl --expect 12
t log
say "a log that cannot be written: nothing appears"
rm -f x.ota
t build release.yaml --log missing/log.jsonl -o x.ota
t build release.yaml --log /dev/full -o x.ota
mkfifo pipe
t build release.yaml --log pipe -o x.ota
t build release.yaml --log new.jsonl --set sign.key=file:missing.pem -o x.ota
ls x.ota new.jsonl 2>&1
say "processes at once: every file has its line"
for i in 1 2 3 4 5 6 7 8; do
  "$OTAIMG" build -q release.yaml --set "firmware.sequence=$i" -o "p$i.ota" --log many.jsonl >/dev/null 2>>errors &
done
wait
cat errors
verify_log many.jsonl
grep -o '"sequence":[0-9]*' many.jsonl | sort
say "and of two with other content one is refused"
for i in 30 31; do
  "$OTAIMG" build -q release.yaml --set "attributes.min-battery=$i" -o "race$i.ota" --log race.jsonl >/dev/null 2>&1 &
done
wait
ls race*.ota | wc -l
verify_log race.jsonl
