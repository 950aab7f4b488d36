#!/bin/bash
# The shell steps of README.md's CI examples do what they say: each runs in a new git repository with a
# SoftHSM token.
#
#   recipes.sh OTAIMG SOURCE_DIR
set -euo pipefail
otaimg=$1
source_dir=$2

fail() {
    echo "FAIL: $1" >&2
    exit 1
}

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

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset SOFTHSM2_CONF OTAIMG_PKCS11_MODULE OTAIMG_PIN SOURCE_DATE_EPOCH
status=0
"$source_dir"/keys/test/make-token.sh "$work/token" --label release >"$work/env" 2>"$work/err" ||
    status=$?
if [ $status -eq 77 ]; then
    echo "SKIP: $(cat "$work/err")"
    [ "${CI:-}" != true ] || exit 1
    exit 77
fi
[ $status -eq 0 ] || fail "$(cat "$work/err")"
eval "$(cat "$work/env")"
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
    cat >release.yaml <<END
otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
$sign
attributes:
  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
  hardware: {class: 0x00000102, min-revision: 1, max-revision: 4}
  security-counter: 3
END
    cat >device.yaml <<'END'
otaimg-device: 1
device: wbz451
keys: [{public: release.pub.pem, class: production, roles: [application]}]
product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
hardware: {class: 0x00000102, revision: 2}
installed: {version: 1.4.1.0, security-counter: 3}
END
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
