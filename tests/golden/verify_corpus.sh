#!/bin/sh
# Every file of the corpus through `otaimg verify`: exit code and stderr must be exactly what the
# index says. usage: verify_corpus.sh OTAIMG FOLDER (good or bad)
set -u
otaimg=$(realpath "$1")
cd "$2" || exit 1
out=$(mktemp)
err=$(mktemp)
trap 'rm -f "$out" "$err"' EXIT
count=0
failed=0
tab=$(printf '\t')
# shellcheck disable=SC2034  # the recipe is for make_corpus
while IFS=$tab read -r name recipe device options want message; do
  case $name in '#'* | '') continue ;; esac
  set --
  [ "$device" = - ] || set -- --device "../devices/$device.yaml"
  # shellcheck disable=SC2086
  [ "$options" = - ] || set -- "$@" $options
  code=0
  "$otaimg" verify -q "$name" "$@" >"$out" 2>"$err" </dev/null || code=$?
  case $message in
  -) line= ;;
  !*) line=${message#!} ;;
  *) line="otaimg: $name: $message" ;;
  esac
  got=$(cat "$err")
  if [ "$code" != "$want" ] || [ "$got" != "$line" ]; then
    printf 'FAIL %s %s: exit %s, expected %s\n  got      %s\n  expected %s\n' \
      "$name" "$*" "$code" "$want" "$got" "$line"
    failed=$((failed + 1))
  fi
  # A verdict is printed for accepted files only.
  if [ "$want" -eq 0 ]; then
    grep -Eq '(accepted|both signatures are good), signed with key [0-9a-f]{64}$' "$out" || {
      echo "FAIL $name: no verdict"
      failed=$((failed + 1))
    }
  elif [ -s "$out" ]; then
    echo "FAIL $name: a refused file, yet something on standard output"
    failed=$((failed + 1))
  fi
  count=$((count + 1))
done <index.tsv
listed=$(find . -name '*.ota' | wc -l)
[ "$listed" -eq "$count" ] || { echo "FAIL $listed files, $count in the index"; failed=$((failed + 1)); }
echo "$count files, $failed failed"
[ "$failed" -eq 0 ] && [ "$count" -gt 0 ]
