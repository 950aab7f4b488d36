#!/bin/bash
# The shell steps of README.md's CI examples do what they say: each runs in a new git repository with a
# SoftHSM token.
#
#   recipes.sh OTAIMG SOURCE_DIR
set -euo pipefail
otaimg=$1
source_dir=$2

. "$source_dir/tests/hsm/token.sh"

# block TITLE: the first YAML block behind the line "TITLE:".
block() {
    awk -v title="$1:" '
        $0 == title { seen = 1 }
        seen && /^```$/ { exit }
        inside { print }
        seen && /^```yaml$/ { inside = 1 }' "$source_dir/README.md"
}

# The lines below "run: |", without their indentation.
github_steps() {
    block "GitHub Actions" | awk '
        inside && match($0, /^ */) && RLENGTH <= indent { inside = 0 }
        inside { sub(/^ */, ""); print }
        /^ *run: \|$/ { match($0, /^ */); indent = RLENGTH; inside = 1 }'
}

# The items of "script:".
gitlab_steps() {
    block "GitLab CI" | awk '
        inside && !/^ *- / { inside = 0 }
        inside { sub(/^ *- /, ""); print }
        /^ *script:/ { inside = 1 }'
}

make_token
pin=$(cat "$work/token/pin")
mkdir "$work/bin"
ln -s "$otaimg" "$work/bin/otaimg"
export PATH="$work/bin:$PATH"

# The manifest has the signing key that the README gives.
sign=$(grep -m 1 '^sign: {key: "pkcs11:' "$source_dir/README.md") || fail "no sign: line in README.md"

make_repository() {
    mkdir "$1"
    cd "$1"
    { printf '\000\000\001\040\001\003\000\001' && head -c 1016 /dev/zero; } >app.bin
    {
        sed '/^sign:/d; /^output:/d; s/app.hex/app.bin/' "$source_dir/tests/cli/release.yaml"
        echo "$sign"
    } >release.yaml
    cp "$source_dir/tests/cli/device.yaml" .
    uri=${sign#*\"}
    OTAIMG_PIN=$pin otaimg keys export "${uri%%\"*}" -o release.pub.pem
    git init -q .
    git add .
    git -c user.name=test -c user.email=test@example.org -c commit.gpgsign=false commit -q -m release
}

for server in github gitlab; do
    steps=$("${server}_steps")
    [[ $steps == *"otaimg build"* ]] || fail "$server: no steps found in README.md"
    (
        make_repository "$work/$server"
        OTAIMG_PIN=$pin bash -euo pipefail -c "$steps" || fail "$server: the steps failed"
        otaimg verify app.ota --device device.yaml || fail "$server: the device refuses app.ota"
        grep -q '"build-time"\|build_time\|build time' app.json || fail "$server: no build time"
    )
done
echo PASS
