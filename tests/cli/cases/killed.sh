say "a build that is killed leaves nothing"
# The device file is read when the new file is complete but for its name: a pipe holds it there.
mkfifo pause.yaml
echo old >app.ota
for signal in TERM INT HUP; do
  env --default-signal=INT "$OTAIMG" build release.yaml --for pause.yaml >.out 2>.err &
  pid=$!
  tries=0
  until ls -A | grep -q '^\.app\.ota\.'; do
    sleep 0.01
    tries=$((tries + 1))
    [ "$tries" -lt 2000 ] || break
  done
  if ls -A | grep -q '^\.app\.ota\.'; then echo "a temporary file is there"; else echo "NO TEMPORARY FILE"; fi
  kill -s "$signal" "$pid"
  code=0
  { wait "$pid" || code=$?; } 2>/dev/null
  echo "$signal: exit $code"
  cat .err app.ota
  files
done
