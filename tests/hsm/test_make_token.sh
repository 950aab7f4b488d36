#!/bin/sh
# keys/test/make-token.sh makes a token that works, keeps its PIN to itself and touches one folder.
#
#   test_make_token.sh pkcs11_tool|otaimg      what makes the keys
set -eu

fail() {
    echo "FAIL: $1" >&2
    exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset OTAIMG SOFTHSM2_CONF OTAIMG_PIN
if [ "$1" = otaimg ]; then
    export OTAIMG="$OTAIMG_BINARY"
fi

status=0
"$MAKE_TOKEN" "$work/a b" --label "it's a test" >"$work/out" 2>"$work/err" || status=$?
if [ $status -eq 77 ]; then
    echo "SKIP: $(cat "$work/err")"
    [ "${CI:-}" != true ] || exit 1
    exit 77
fi
[ $status -eq 0 ] || fail "exit $status: $(cat "$work/err")"
[ ! -s "$work/err" ] || fail "printed: $(cat "$work/err")"
[ "$(stat -c %a "$work/a b/pin")" = 600 ] || fail "the PIN file is not private"
! grep -q "$(cat "$work/a b/pin")" "$work/out" || fail "the PIN is printed"

eval "$(cat "$work/out")"
[ "$SOFTHSM2_CONF" = "$work/a b/softhsm2.conf" ] || fail "SOFTHSM2_CONF is '$SOFTHSM2_CONF'"
PIN=$(cat "$work/a b/pin")
export PIN
pkcs11-tool --module "$OTAIMG_PKCS11_MODULE" --token-label "it's a test" --login --pin env:PIN \
    --list-objects >"$work/objects" 2>/dev/null
[ "$(grep -c 'label: *wbz451-app$' "$work/objects")" = 2 ] || fail "no key pair wbz451-app"
[ "$(grep -c 'label: *wbz451-enc$' "$work/objects")" = 1 ] || fail "no key wbz451-enc"

if "$MAKE_TOKEN" "$work/a b" >"$work/out" 2>"$work/err"; then
    fail "an existing token was overwritten"
fi
grep -q 'has a token already' "$work/err" || fail "unclear: $(cat "$work/err")"

first=$(cat "$work/a b/pin")
"$MAKE_TOKEN" "$work/c" --pin-file "$work/a b/pin" >/dev/null || fail "--pin-file was not taken"
[ ! -e "$work/c/pin" ] || fail "a second PIN was made"
[ "$first" = "$(cat "$work/a b/pin")" ] || fail "the given PIN file was changed"
echo PASS
