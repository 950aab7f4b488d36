# Time and tool version differ from run to run, and with them every hash behind them.
hidden='s/[0-9a-f]\{64\}/HASH/g'
lines() {
  sed -e "$hidden" -e 's/"time":"[^"]*"/"time":"TIME"/' -e 's/"tool":"[^"]*"/"tool":"TOOL"/' "$1"
}
content() { sed -n 's/.*"content":"\([0-9a-f]*\)".*/\1/p' "$1"; }
sign() {
  sed -n 's/^ *"digest": "\([0-9a-f]*\)".*/\1/p' "$1" | xxd -r -p >digest.bin
  openssl pkeyutl -sign -inkey release.pem -in digest.bin -out "$2"
}
prepare() { q prepare "$@" --verify-key release.pub.pem; }
mkdir build signer
sed '/^output/a log: log.jsonl' release.yaml >build/release.yaml
cp app.hex build

say "prepare keeps the manifest's log for attach, and writes none"
prepare build/release.yaml -o build/req.json
grep '"log"' build/req.json
ls build
say "the signer's own log; that of the build gets its line from attach, with the content of a build"
t answer build/req.json -k file:release.pem -o signer/resp.json --log signer/log.jsonl | tail -n 1
t attach build/req.json signer/resp.json
lines signer/log.jsonl
lines build/log.jsonl
q build build/release.yaml --set sign.key=file:release.pem -o direct.ota
content build/log.jsonl | uniq | wc -l
[ "$(content signer/log.jsonl)" = "$(head -n 1 build/log.jsonl | content -)" ] && echo "same content"
[ "$(sed 's/.*"output":{"name":"[^"]*","sha256":"\([0-9a-f]*\).*/\1/;q' build/log.jsonl)" = "$(sha256sum <build/app.ota | cut -c 1-64)" ] && echo "digest of the output is right"
for file in build/req.json signer/resp.json; do
  head -n 1 build/log.jsonl | grep -c "\"$file\",\"sha256\":\"$(sha256sum <$file | cut -c 1-64)"
done
say "two rounds: one line, at the end; --log instead, which round 2 keeps"
sign build/req.json r1.der
t attach build/req.json r1.der -o build/req2.json --log other.jsonl
ls other.jsonl 2>&1
sign build/req2.json r2.der
"$OTAIMG" attach build/req2.json - -o two.ota <r2.der | cut -c 1-24
lines other.jsonl
t log verify build/log.jsonl | sed "$hidden"
t log verify other.jsonl | sed "$hidden"
say "other content under a version and sequence of the log: refused at every step"
cp build/log.jsonl kept.jsonl
t prepare build/release.yaml --set attributes.min-battery=30 --verify-key release.pub.pem -o x.json
prepare build/release.yaml --set attributes.min-battery=30 --set log=none.jsonl -o build/low.json
sign build/low.json r1.der
t attach build/low.json r1.der -o x.json --log build/log.jsonl
t answer build/low.json -k file:release.pem -o x.json --log signer/log.jsonl | tail -n 2
q answer build/low.json -k file:release.pem -o low.resp.json
t attach build/low.json low.resp.json -o x.ota --log build/log.jsonl
same build/log.jsonl kept.jsonl
say "without attributes the image id of the manifest counts, in a file that does not tell it as well"
for id in 1 2; do
  prepare stock.yaml --set file-type=image --set firmware.manufacturer=AB$id --set firmware.image-id=$id -o image$id.json
  q answer image$id.json -k file:release.pem -o image$id.resp.json --log ids.jsonl
  t attach image$id.json image$id.resp.json -o image$id.ota --log ids.jsonl | cut -c 1-30
done
grep -o '"action":"[a-z]*"\|"image-id":[0-9]*' ids.jsonl | paste - -
sed 's/"image-id": 2/"image-id": 1/' image2.json >lied.json
t attach lied.json image2.resp.json -o x.ota --log ids.jsonl
say "a request that lies about what the log counts by"
prepare release.yaml -o req.json
q answer req.json -k file:release.pem -o resp.json
sed 's/"content": "./"content": "x/' req.json >altered.json
t attach altered.json resp.json -o x.ota
sed 's/\("content": "\)\(.\)\(.\)/\1\3\2/' req.json >altered.json
t attach altered.json resp.json -o x.ota --log x.jsonl
sed 's/"image-id": [0-9]*/"image-id": 7/' req.json >altered.json
t attach altered.json resp.json -o x.ota --log x.jsonl
say "a broken log, or none that can be written: nothing appears"
sed 's/"sequence":7/"sequence":6/' kept.jsonl >broken.jsonl
t answer req.json -k file:release.pem -o x.json --log broken.jsonl | tail -n 2
t attach req.json resp.json -o x.ota --log broken.jsonl
t attach req.json resp.json -o x.ota --log missing/log.jsonl
t prepare release.yaml --set log=broken.jsonl --verify-key release.pub.pem -o x.json
files
