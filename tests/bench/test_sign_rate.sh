#!/bin/sh
# sign_rate signs and prints one number, and says what is wrong otherwise.
#
#   test_sign_rate.sh SIGN_RATE SOURCE_DIR
set -eu
sign_rate=$1
source_dir=$2

fail() {
    echo "FAIL: $1" >&2
    exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset SOFTHSM2_CONF
status=0
"$source_dir/keys/test/make-token.sh" "$work/token" --label release >"$work/env" 2>"$work/err" || status=$?
if [ $status -eq 77 ]; then
    echo "SKIP: $(cat "$work/err")"
    [ "${CI:-}" != true ] || exit 1
    exit 77
fi
[ $status -eq 0 ] || fail "$(cat "$work/err")"
eval "$(cat "$work/env")"
OTAIMG_PIN=$(cat "$work/token/pin")
export OTAIMG_PIN

rate() {
    "$sign_rate" "$OTAIMG_PKCS11_MODULE" "$@" 2>&1
}

rate release wbz451-app 20 | grep -q -x '[0-9][0-9]*\.[0-9][0-9]' || fail "no number: $(rate release wbz451-app 20)"
! rate release absent 20 >"$work/out" || fail "a missing key has a rate"
grep -q -x 'sign_rate: no such key' "$work/out" || fail "unclear: $(cat "$work/out")"
! OTAIMG_PIN=wrong-pin rate release wbz451-app 20 >"$work/out" || fail "a wrong PIN has a rate"
grep -q -x 'sign_rate: C_Login: 0xa0' "$work/out" || fail "unclear: $(cat "$work/out")"
echo PASS
