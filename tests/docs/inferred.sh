#!/bin/sh
# Every constant of wbz451_inferred.h is in the board's bring-up list: usage: inferred.sh SOURCE_DIR
set -eu
cd "$1/verifier/device/boards/wbz451"
list=$(sed -n '/^## Bring-up/,$p' README.md)
failed=0
count=0
for name in $(sed -n 's/^#define \(WBZ451_[A-Z0-9_]*\)[( ].*/\1/p' wbz451_inferred.h); do
  count=$((count + 1))
  case $list in
    *"\`$name\`"*) ;;
    *)
      echo "README.md does not say how to check '$name'"
      failed=1
      ;;
  esac
done
echo "$count constants"
[ "$count" -gt 0 ] && [ $failed = 0 ]
