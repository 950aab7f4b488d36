#!/bin/sh
# The committed files equal what their recipes give: usage: fresh_corpus.sh MAKE_CORPUS GOLDEN KEYS
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for set in good bad; do
  mkdir "$dir/$set"
  "$1" "$2" "$3" "$2/$set/index.tsv" "$dir/$set"
  cp "$2/$set/index.tsv" "$dir/$set"
  diff -r "$2/$set" "$dir/$set"
done
