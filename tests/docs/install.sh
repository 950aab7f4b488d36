#!/bin/sh
# install.sh CMAKE BUILD_DIR: an installed tree holds the tool, its man page and its completion.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" --install "$2" --prefix "$folder" >/dev/null
"$folder/bin/otaimg" --version
if command -v scdoc >/dev/null; then
    grep -q '^\.TH "otaimg" "1"' "$folder/share/man/man1/otaimg.1"
fi
bash -c '. "$1" && complete -p otaimg' bash "$folder/share/bash-completion/completions/otaimg"
