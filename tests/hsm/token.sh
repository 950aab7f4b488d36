# shellcheck shell=bash
# For scripts that need a token of their own: sourced with source_dir set. Makes the folder $work, which
# goes with the script.

skip() {
    echo "SKIP: $1"
    [ "${CI:-}" != true ] || exit 1
    exit 77
}

fail() {
    echo "FAIL: $1" >&2
    exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset SOFTHSM2_CONF OTAIMG_PKCS11_MODULE OTAIMG_PIN OTAIMG_PASSPHRASE SOURCE_DATE_EPOCH

# make_token [ARGS of make-token.sh]: a token "release" in $work/token, whose PIN is in token/pin.
make_token() {
    local status=0

    "$source_dir"/keys/test/make-token.sh "$work/token" --label release "$@" >"$work/token.env" \
        2>"$work/token.err" || status=$?
    [ $status -ne 77 ] || skip "$(cat "$work/token.err")"
    [ $status -eq 0 ] || fail "$(cat "$work/token.err")"
    eval "$(cat "$work/token.env")"
}
