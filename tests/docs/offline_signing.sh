#!/bin/sh
# offline_signing.sh OTAIMG SOURCE_DIR: the commands of README.md, "Sign offline", do what it says.
set -eu
for tool in xxd openssl; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool"; exit 77; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
umask 077
PATH=$(cd "$(dirname "$1")" && pwd):$PATH
keys=$2/tests/golden/keys
cp "$keys/release.pem" "$keys/release.pub.pem" "$folder"
head -c 8192 "$1" >"$folder/app.bin"
cat >"$folder/release.yaml" <<'END'
otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
sign: {key: "file:release.pem"}
END
cd "$folder"

# block NAME: the shell block behind its mark
block()
{
    awk -v mark="<!-- sign-offline: $1 -->" '$0 == mark { on = 1; next } on && /^```$/ { exit }
        on && !/^```/' "$readme"
}

case $2 in /*) readme=$2/README.md ;; *) readme=$OLDPWD/$2/README.md ;; esac
otaimg build release.yaml -o direct.ota
for signer in otaimg openssl; do
    block "$signer" >run.sh
    grep -q 'otaimg attach' run.sh
    sh -eu run.sh
    otaimg verify app.ota --verify-key release.pub.pem
    otaimg compare app.ota direct.ota --ignore-signatures
    if [ "$signer" = otaimg ]; then
        cmp app.ota direct.ota
    fi
    rm app.ota app.req*
done
