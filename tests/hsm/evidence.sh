#!/bin/bash
# With keys in a token: the record of a new key says what the token says, two builds differ in their
# signatures alone, encrypted ones as well, and the log of an answer names the token's key.
#
#   evidence.sh OTAIMG SOURCE_DIR
set -euo pipefail
otaimg=$1
source_dir=$2

. "$source_dir/tests/hsm/token.sh"
cd "$work"
make_token
pin=$(cat token/pin)

# Environment variables are taken once, so each run gets its own.
run() {
    OTAIMG_PIN=$pin "$otaimg" "$@"
}

# is FILE JQ-FILTER: true of the record.
is() {
    jq -e "$2" "$1" >/dev/null || fail "$1: not so: $2: $(cat "$1")"
}

run keys generate 'pkcs11:token=release;object=new' --record new.json >new.txt
is new.json '.type == "EC P-256" and .label == "new" and (.id | length) == 16 and .known == "none"'
is new.json '.sensitive == true and .extractable == false'
is new.json '.token.label == "release" and (.token | keys == ["label", "manufacturer", "model", "serial"])'
grep -q "$(jq -r .sha256 new.json)" new.txt || fail "the record has another key"
run keys generate 'pkcs11:token=release;object=new-aes' --type aes128 --record aes.json >/dev/null
is aes.json '.type == "AES-128" and .sensitive == true and .extractable == false and has("x") == false'
! grep -q -F -e "$pin" new.json aes.json || fail "the PIN is in a record"

# A record that cannot be written is noticed before the key is made.
! run keys generate 'pkcs11:token=release;object=never' --record missing/r.json 2>/dev/null ||
    fail "a missing folder was not noticed"
! run keys list --login pkcs11:token=release | grep -q never || fail "a key without record was made"

{ printf '\000\000\001\040\001\003\000\001' && head -c 1016 /dev/zero; } >app.bin
cat >plain.yaml <<'END'
otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
sign: {key: "pkcs11:token=release;object=wbz451-app"}
END
iv=000102030405060708090a0b0c0d0e0f
aes='pkcs11:token=release;object=wbz451-enc'
{ cat plain.yaml && echo "encrypt: {method: aes-128-cbc, key: \"$aes\", iv: \"$iv\"}"; } >encrypted.yaml

for kind in plain encrypted; do
    run build $kind.yaml -o a.ota >/dev/null
    run build $kind.yaml -o b.ota >/dev/null
    run build $kind.yaml --set firmware.sequence=8 -o c.ota >/dev/null
    key=()
    [ $kind = plain ] || key=(--decrypt-key "$aes" --decrypt-iv $iv)
    ! cmp -s a.ota b.ota || fail "$kind: a token signed twice with the same nonce"
    run compare a.ota b.ota --ignore-signatures "${key[@]}" >out || fail "$kind: differs: $(cat out)"
    ! run compare a.ota c.ota --ignore-signatures "${key[@]}" >out || fail "$kind: another release passed"
done

key='pkcs11:token=release;object=wbz451-app'
run keys export "$key" -o app.pub.pem >/dev/null
run prepare encrypted.yaml --verify-key app.pub.pem --set log=build.jsonl -o req.json >/dev/null
run answer req.json --sign-key "$key" --log key.jsonl -o resp.json >/dev/null
run attach req.json resp.json -o d.ota >/dev/null
run compare a.ota d.ota --ignore-signatures --decrypt-key "$aes" --decrypt-iv $iv >out ||
    fail "signed elsewhere: differs: $(cat out)"
is key.jsonl '.action == "answer" and .signer == "pkcs11" and .encrypted'
is build.jsonl '.action == "attach" and .signer == "detached" and .encrypted'
[ "$(jq .content,.key key.jsonl)" = "$(jq .content,.key build.jsonl)" ] || fail "the logs differ"
echo PASS
