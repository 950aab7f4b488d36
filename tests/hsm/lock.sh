#!/bin/bash
# The lock file between processes is the user's own, or nothing is signed: exit 3 and one line for a link,
# for a file of somebody else, for one that others may open, and for a folder that cannot be written. Runs
# with a /tmp of its own, so that the lock of other programs on this machine is not touched.
#
#   lock.sh OTAIMG MOCK_P11 SOURCE_DIR
set -euo pipefail
otaimg=$1
mock=$2
source_dir=$3

skip() {
    echo "SKIP: $1"
    exit 77
}

fail() {
    echo "FAIL: $1" >&2
    exit 1
}

if [ "${4:-}" != in-namespace ]; then
    case "$(realpath "$otaimg"):$(realpath "$source_dir")" in
    /tmp/* | *:/tmp/*) skip "sources or program lie in /tmp, expected another folder" ;;
    esac
    options=-m
    [ "$(id -u)" = 0 ] || options=-rm
    unshare $options mount -t tmpfs tmpfs /tmp 2>/dev/null || skip "no mount namespace can be made"
    exec unshare $options "$0" "$otaimg" "$mock" "$source_dir" in-namespace
fi
mount -t tmpfs -o mode=1777 tmpfs /tmp

work=$(mktemp -d /var/tmp/otaimg-lock.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset SOFTHSM2_CONF OTAIMG_PKCS11_MODULE OTAIMG_PIN MOCK_P11_FAIL MOCK_P11_PAUSE
status=0
"$source_dir"/keys/test/make-token.sh token --label release >token.env 2>token.err || status=$?
if [ $status -eq 77 ]; then
    [ "${CI:-}" != true ] || fail "$(cat token.err)"
    skip "$(cat token.err)"
fi
[ $status -eq 0 ] || fail "$(cat token.err)"
eval "$(cat token.env)"

# The lock is taken for SoftHSM, told by the file's name: this is the mock in front of it.
cp "$mock" libsofthsm2.so
export MOCK_P11_MODULE=$OTAIMG_PKCS11_MODULE MOCK_P11_LOG=$work/calls.log
export OTAIMG_PKCS11_MODULE=$work/libsofthsm2.so
lock=/tmp/otaimg-$(id -u)-softhsm.lock

{ printf '\000\000\001\040\001\003\000\001' && head -c 1016 /dev/zero; } >app.bin
cat >release.yaml <<'END'
otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
sign: {key: "pkcs11:token=release;object=wbz451-app", class: development}
output: app.ota
END

build() {
    : >calls.log
    OTAIMG_PIN=$(cat token/pin) "$otaimg" build release.yaml >out 2>err
}

# expect_refused CASE TEXT: nothing was asked of the token, and the one line has this text in it.
expect_refused() {
    local status=0
    build || status=$?
    [ $status -eq 3 ] || fail "$1: exit $status: $(cat err)"
    [ "$(grep -c '^otaimg: ' err)" = 1 ] && ! grep -q -v -e '^otaimg: ' -e '^hint: ' err ||
        fail "$1: not one line: $(cat err)"
    grep -q -F -e "$2" err && grep -q -F -e "'$lock'" err || fail "$1: unclear: $(cat err)"
    [ ! -s calls.log ] || fail "$1: the module was called: $(cat calls.log)"
    [ ! -s out ] && [ -z "$(find . -name '*.ota*')" ] || fail "$1: something was written"
    echo "$1: $(cat err)"
    rm -rf "$lock"
}

[ ! -e "$lock" ] || fail "this is not a /tmp of our own"
build || fail "no lock file yet: $(cat err)"
[ "$(stat -c '%a %F' "$lock")" = '600 regular empty file' ] || fail "the lock is $(stat -c '%a %F' "$lock")"
grep -q -x C_Sign calls.log || fail "the mock sees nothing"
rm app.ota
build || fail "lock file of an earlier run: $(cat err)"
rm app.ota "$lock"

ln -s "$work/target" "$lock"
expect_refused link 'is a link'
[ ! -e target ] || fail "link: its target was made"
: >target
ln -s "$work/target" "$lock"
expect_refused "link to own file" 'is a link'

mkfifo -m 600 "$lock"
expect_refused fifo 'is not a file of this user'
mkdir "$lock"
expect_refused folder 'cannot open the lock file'

for mode in 620 602 640 604; do
    : >"$lock"
    chmod $mode "$lock"
    expect_refused "mode $mode" "has mode 0$mode, expected 0600"
done

# Where the kernel protects sticky folders, it refuses to open it in the first place.
: >"$lock"
if chown nobody "$lock" 2>/dev/null; then
    expect_refused "other owner" "lock file '$lock'"
    chmod 700 /tmp
    : >"$lock"
    chown nobody "$lock"
    expect_refused "other owner, own folder" 'is not a file of this user'
    chmod 1777 /tmp
else
    rm "$lock"
    echo "other owner: not tried, expected root"
fi

mount -o remount,bind,ro /tmp
expect_refused "folder that cannot be written" 'cannot open the lock file'
mount -o remount,bind,rw /tmp
build || fail "after all that: $(cat err)"
echo PASS
