#!/bin/sh
# What only reads must cope with every file: inspect, extract, compare and resign end with a
# documented code, say at most one line of error, and write nothing for a file that was refused.
# usage: read_corpus.sh OTAIMG GOLDEN STEP (takes every STEPth run only)
set -u
otaimg=$(realpath "$1")
step=$3
cd "$2" || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
key="--decrypt-key file:keys/aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f"
cases=0
runs=0
failed=0
fail() {
  echo "FAIL $*"
  failed=$((failed + 1))
}
# run CODES ARGS...: the exit code must be one of CODES
run() {
  codes=$1
  shift
  code=0
  cases=$((cases + 1))
  [ $((cases % step)) -eq 0 ] || return 0
  "$otaimg" "$@" >"$dir/out" 2>"$dir/err" </dev/null || code=$?
  case " $codes " in *" $code "*) ;; *) fail "exit $code: otaimg $*" ;; esac
  if { read -r _ && read -r _; } <"$dir/err"; then
    fail "more than one line: otaimg $*"
  fi
  case $code in
  0 | 1) ;;
  *)
    [ -s "$dir/err" ] || fail "no message: otaimg $*"
    # inspect shows what it can read; the others write nothing but what is good
    [ "$1" = inspect ] || [ ! -s "$dir/out" ] || fail "failed, yet wrote something: otaimg $*"
    ;;
  esac
  runs=$((runs + 1))
}
for file in good/*.ota bad/*.ota; do
  run "0 10 11 15" inspect -q "$file"
  # shellcheck disable=SC2086
  run "0 10 11 15" inspect -q "$file" $key --verify-key keys/release.pub.pem
  # shellcheck disable=SC2086
  run "0 10 11 15 16" extract -q "$file" -o - --verify-key keys/release.pub.pem $key
  # shellcheck disable=SC2086
  run "0 10 11 15" extract -q "$file" -o - --image --allow-insecure $key
  # shellcheck disable=SC2086
  run "0 1 10 15" compare -q good/ble-encrypted-full.ota "$file" --ignore-signatures $key
  # shellcheck disable=SC2086
  run "0 1 10 15" compare -q "$file" "$file" $key
  [ "$code" -ne 1 ] || fail "differs from itself: $file"
  # shellcheck disable=SC2086
  run "0 2 10 11 15 16" resign -q "$file" -o - -k file:keys/release.pem \
    --verify-key keys/release.pub.pem $key
done
echo "$runs runs, $failed failed"
[ "$failed" -eq 0 ]
