# A log that has no room for a line: what was signed must not appear without it.
for i in 1 2 3 4 5 6; do
  q build -q release.yaml --set firmware.sequence=$i -o first.ota --log log.jsonl
done
cp log.jsonl kept.jsonl
size=$(wc -c <log.jsonl)
[ "$size" -gt "$(($(wc -c <first.ota) * 2))" ] || echo "the log is too short for this case"
# full ROOM ARGS...: no file may become longer than the log is now and ROOM bytes
full() {
  limit=$(($(wc -c <log.jsonl) + $1))
  shift
  printf '%s\n' "\$ otaimg $*"
  code=0
  prlimit --fsize="$limit" "$OTAIMG" "$@" >.out 2>.err </dev/null || code=$?
  grep -v -e '^ ' -e ': request ' .out
  sed 's/^/! /' .err
  [ "$code" -eq 0 ] || echo "exit $code"
}
say "build: no byte, part of a line, with provenance"
full 0 build -q release.yaml --log log.jsonl
full 300 build -q release.yaml --log log.jsonl
full 300 build -q release.yaml --log log.jsonl --provenance
same log.jsonl kept.jsonl
say "sign and resign: the input stays"
sed '/^sign/d' stock.yaml >unsigned.yaml
q build -q unsigned.yaml --set authentication=none --allow-insecure -o none.ota
cp none.ota none.kept
full 300 sign none.ota --sign-key file:release.pem --log log.jsonl
same none.ota none.kept
cp first.ota first.kept
full 300 resign first.ota --verify-key release.pub.pem --sign-key file:dev-a.pem --log log.jsonl
same first.ota first.kept
say "signatures made elsewhere"
q prepare release.yaml --verify-key release.pub.pem -o req.json
full 300 answer req.json -k file:release.pem -o resp.json --log log.jsonl
ls resp.json 2>&1
q answer req.json -k file:release.pem -o resp.json
full 300 attach req.json resp.json --log log.jsonl
same log.jsonl kept.jsonl
say "two images, room for one line"
cat release.yaml - >two.yaml <<'END'
log: log.jsonl
variants:
  - {name: one, output: one.ota, firmware: {sequence: 11}}
  - {name: two, output: two.ota, firmware: {sequence: 12}}
END
full 1000 build -q two.yaml --jobs 1
t log verify log.jsonl | sed 's/[0-9a-f]\{64\}/HASH/'
say "with room again"
t build -q release.yaml --log log.jsonl | cut -c 1-20
t log verify log.jsonl | sed 's/[0-9a-f]\{64\}/HASH/'
files
