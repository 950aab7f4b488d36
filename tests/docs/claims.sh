#!/bin/sh
# Every test that a table of a README names exists: usage: claims.sh SOURCE_DIR
set -eu
cd "$1"
failed=0
count=0
for name in $(sed -n -e '/^## What is guaranteed/,/^## Numbers/p' -e '/^## What is shown/,/^## What was/p' \
    README.md verifier/device/ota_service/README.md | grep -o '`[a-z0-9_]*`' | tr -d '`' | sort -u); do
  count=$((count + 1))
  case $name in
    test_*) grep -rqs "START_TEST($name)" tests && continue ;;
    cli_*) [ -f "tests/cli/cases/${name#cli_}.sh" ] && continue ;;
    *) grep -rqs --include=CMakeLists.txt -e "NAME $name\b" -e "_test($name\b" -e "NAME ${name%_*}_" tests && continue ;;
  esac
  echo "a README names '$name', and there is no such test"
  failed=1
done
echo "$count tests named"
[ "$count" -gt 0 ] && [ $failed = 0 ]
