#!/bin/bash
# When otaimg exits, no PIN, passphrase, private key or AES key is left in its memory: searched for
# byte by byte, in every form it may have had, after runs that worked and runs that failed.
#
#   leftovers.sh TEST SOURCE_DIR     TEST: the name of a function below
#   leftovers.sh scalar KEY.pem [PASSPHRASE_FILE]     names the key's scalar to the tracer
#
# OTAIMG_BINARY, UNWIPED, TRACER, PLANT and NONCE name the programs.
set -euo pipefail
what=$1
self=$(realpath "$0")

fail() {
    echo "FAIL: $1" >&2
    exit 1
}

skip() {
    echo "SKIP: $1"
    [ "${CI:-}" != true ] || exit 1
    exit 77
}

# The scalar is at the same place of every P-256 key in PKCS#8.
if [ "$what" = scalar ]; then
    printf 'scalar hex '
    openssl pkcs8 -topk8 -nocrypt -in "$2" ${3:+-passin "file:$3"} -outform DER |
        tail -c +37 | head -c 32 | xxd -p -c 32
    exit
fi

source_dir=$2
otaimg=$OTAIMG_BINARY
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077
unset SOFTHSM2_CONF OTAIMG_PKCS11_MODULE OTAIMG_PIN OTAIMG_PASSPHRASE SOURCE_DATE_EPOCH

status=0
"$TRACER" 0 'echo x text 12345678' /bin/true >/dev/null 2>trace.err || status=$?
[ $status -ne 77 ] || skip "$(cat trace.err)"
[ $status -eq 0 ] || fail "tracer: $(cat trace.err)"

# clean NAME EXIT SECRETS PROGRAM...: nothing is left by a run that ends with EXIT.
clean() {
    local name=$1 status=0
    shift
    "$TRACER" "$@" >out 2>err || status=$?
    [ $status -eq 0 ] || fail "$name: $(cat out err)"
}

# run NAME EXIT ARGUMENT...: otaimg leaves nothing, and no core dump if it came to that.
run() {
    local name=$1 status=$2
    shift 2
    clean "$name" "$status" 'cat secrets' "$otaimg" "$@"
    grep -q '^core dumps: off$' out || fail "$name: core dumps are allowed"
}

# leaves NAME WHAT SECRETS PROGRAM...: the secret WHAT is left by a run that works.
leaves() {
    local name=$1 what=$2 status=0
    shift 2
    "$TRACER" 0 "$@" >out 2>err || status=$?
    [ $status -eq 1 ] || fail "$name: status $status, expected a find: $(cat out err)"
    grep -q "^left: $what as " out || fail "$name: $what was not found: $(cat out)"
}

random_hex() {
    head -c "$1" /dev/urandom | xxd -p -c 64
}

# Keys, passphrase and AES key in files, and `secrets`, which names them to the tracer.
make_keys() {
    openssl ecparam -name prime256v1 -genkey -noout -out sec1.pem
    openssl pkcs8 -topk8 -nocrypt -in sec1.pem -out key.pem
    openssl pkey -in key.pem -pubout -out key.pub.pem
    random_hex 16 >passphrase
    random_hex 16 >wrong
    openssl pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout file:passphrase -out locked.pem
    head -c 16 /dev/urandom >aes.bin
    xxd -p -c 32 aes.bin >aes.hex
    {
        "$self" scalar key.pem
        echo "passphrase text $(cat passphrase)"
        echo "wrong-passphrase text $(cat wrong)"
        echo "aes hex $(cat aes.hex)"
        echo "passphrase-key hex $(key_from_passphrase locked.pem)"
    } >secrets
}

# key_from_passphrase KEY.pem: what the passphrase became, which decrypts the key.
key_from_passphrase() {
    openssl asn1parse -in "$1" >parsed
    grep -q 'hmacWithSHA256' parsed || fail "$1 is not as openssl writes it: $(cat parsed)"
    openssl kdf -keylen 32 -binary -kdfopt digest:SHA256 -kdfopt "pass:$(cat passphrase)" \
        -kdfopt "hexsalt:$(sed -n 's/.*HEX DUMP\]://p' parsed | head -1)" \
        -kdfopt "iter:$((16#$(sed -n 's/.*INTEGER *://p' parsed | head -1)))" PBKDF2 | xxd -p -c 64
}

# field NAME FILE: a hex string of a request or a response.
field() {
    sed -n "s/^ *\"$1\": \"\([0-9a-f]*\)\".*/\1/p" "$2"
}

# name_nonces REQUEST RESPONSE: `secrets` names those of both signatures too, since one nonce gives the
# key away.
name_nonces() {
    local scalar request
    scalar=$(sed -n 's/^scalar hex //p' secrets)
    field firmware "$2" >firmware.hex
    "$otaimg" attach "$1" firmware.hex -o round2.json >attached
    for request in "$1" round2.json; do
        "$NONCE" "$scalar" "$(field digest "$request")" >>secrets
    done
}

make_manifests() {
    # Stack pointer, reset address and something behind them.
    { printf '\000\000\001\040\001\003\000\001' && head -c 40952 /dev/urandom; } >app.bin
    cat >plain.yaml <<'END'
otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
sign: {key: "file:key.pem"}
output: app.ota
END
    cp plain.yaml secret.yaml
    echo 'encrypt: {method: aes-128-cbc, key: "file:aes.hex", iv: 101112131415161718191a1b1c1d1e1f}' \
        >>secret.yaml
    cat >device.yaml <<'END'
otaimg-device: 1
device: wbz451
policy: stock
keys: [{public: key.pub.pem, class: production, roles: [application]}]
decrypt: {key: "file:aes.hex", iv: 101112131415161718191a1b1c1d1e1f}
END
}

# The tracer itself: finds what is left, and nothing where nothing is.
leftovers_tracer() {
    local way
    head -c 32 /dev/urandom >planted
    echo "planted hex $(xxd -p -c 32 planted)" >secrets
    for way in static stack freed reversed hex mapped; do
        leaves "$way" planted 'cat secrets' "$PLANT" "$way" planted
    done
    clean none 0 'cat secrets' "$PLANT" none planted
    status=0
    "$TRACER" 0 'cat secrets' /bin/false >out 2>&1 || status=$?
    [ $status -eq 2 ] || fail "a program that failed gave status $status: $(cat out)"
}

# otaimg as it would be if it did not wipe: each secret is found.
leftovers_unwiped() {
    make_keys
    make_manifests
    leaves "key file" scalar 'cat secrets' "$UNWIPED" keys export file:key.pem -o exported.pem
    leaves "AES key" aes 'cat secrets' "$UNWIPED" build secret.yaml
    leaves "AES key of a device" aes 'cat secrets' "$UNWIPED" verify app.ota --device device.yaml
    OTAIMG_PASSPHRASE=$(cat passphrase) leaves "passphrase in environment" passphrase \
        'cat secrets' "$UNWIPED" build plain.yaml --set sign.key=file:locked.pem
}

leftovers_file_keys() {
    local locked=sign.key=file:locked.pem
    local decrypt=(--decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f)
    make_keys
    make_manifests

    run "key file" 0 build plain.yaml
    run "SEC1 key file" 0 build plain.yaml --set sign.key=file:sec1.pem
    run "--passphrase-fd" 0 build plain.yaml --set $locked --passphrase-fd 5 5<passphrase
    run "--passphrase-file" 0 build plain.yaml --set $locked --passphrase-file passphrase
    OTAIMG_PASSPHRASE=$(cat passphrase) run "OTAIMG_PASSPHRASE" 0 build plain.yaml --set $locked
    OTAIMG_PASSPHRASE=$(cat passphrase) run "passphrase that is not needed" 0 build plain.yaml
    run "resign" 0 resign app.ota --verify-key key.pub.pem --sign-key file:key.pem -o new.ota
    "$otaimg" prepare plain.yaml --verify-key key.pub.pem -o app.req.json >prepared
    run "answer" 0 answer app.req.json --sign-key file:key.pem -o app.resp.json
    name_nonces app.req.json app.resp.json
    run "nonces of answer" 0 answer app.req.json --sign-key file:key.pem -o again.resp.json
    run "nonces of build" 0 build plain.yaml
    run "keys show" 0 keys show file:locked.pem --passphrase-file passphrase
    run "keys export" 0 keys export file:key.pem -o exported.pem

    run "encrypted release" 0 build secret.yaml
    run "AES key of 16 bytes" 0 build secret.yaml --set encrypt.key=file:aes.bin
    sed 's/app.ota/other.ota/' secret.yaml >other.yaml
    run "several releases" 0 build secret.yaml other.yaml --jobs 2
    run "verify" 0 verify app.ota --device device.yaml
    run "simulate" 0 simulate app.ota --device device.yaml --cut 600
    run "inspect" 0 inspect app.ota "${decrypt[@]}"
    run "extract" 0 extract app.ota --verify-key key.pub.pem "${decrypt[@]}" -o extracted.bin
    run "record with the AES key" 0 keys export --format provision --device device.yaml \
        --with-decrypt-key -o secret.prov
    srec_cat -generate 0 0x100 -constant 0x5A -o boot.hex -intel
    srec_cat app.bin -binary -offset 0x01000200 -generate 0x45F80 0x45FC0 -constant 0x5A \
        -o build.hex -intel
    run "merge" 0 merge app.ota "${decrypt[@]}" --app-hex build.hex -b boot.hex -p secret.prov \
        -o factory.hex
}

# What is new is known only when it has been made.
leftovers_generate() {
    make_keys
    clean "P-256" 0 "$self scalar new.pem" "$otaimg" keys generate file:new.pem --no-encrypt
    grep -q '^core dumps: off$' out || fail "P-256: core dumps are allowed"
    clean "P-256, locked" 0 "cat secrets; $self scalar new-locked.pem passphrase" \
        "$otaimg" keys generate file:new-locked.pem --passphrase-file passphrase
    clean "AES-128" 0 "printf 'aes hex ' && cat new.hex" \
        "$otaimg" keys generate file:new.hex --type aes128
    grep -q '^core dumps: off$' out || fail "AES-128: core dumps are allowed"
}

leftovers_failures() {
    local locked=sign.key=file:locked.pem
    make_keys
    make_manifests
    "$otaimg" build -q secret.yaml >built
    openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout -out other.pub.pem 2>/dev/null
    sed 's/key.pub.pem/other.pub.pem/' device.yaml >other-device.yaml

    run "wrong passphrase" 4 build plain.yaml --set $locked --passphrase-file wrong
    OTAIMG_PASSPHRASE=$(cat wrong) run "wrong OTAIMG_PASSPHRASE" 4 build plain.yaml --set $locked
    head -c 150 key.pem >cut.pem
    run "damaged key file" 4 build plain.yaml --set sign.key=file:cut.pem
    run "key file that is no AES key" 4 build secret.yaml --set encrypt.key=file:key.pem
    run "AES key, then no signing key" 4 build secret.yaml --set sign.key=file:missing.pem
    run "signing key, then no AES key" 4 build secret.yaml --set encrypt.key=file:missing.hex
    run "refused by --for" 11 build secret.yaml --for other-device.yaml
    run "full device" 3 build secret.yaml -o /dev/full
    (ulimit -f 8 && run "limit on the size of files" 3 build secret.yaml -o large.ota) || exit 1
    run "no such folder" 3 build secret.yaml -o missing/app.ota
    head -c 20000 app.ota >cut.ota
    run "verify of a cut file" 10 verify cut.ota --device device.yaml
}

# SoftHSM in the process itself keeps no copy of a PIN that is not masked, so its memory is searched too.
leftovers_token() {
    local key='pkcs11:token=release;object=wbz451-app' status=0
    random_hex 10 >pin
    random_hex 10 >wrong
    { echo "pin text $(cat pin)" && echo "wrong-pin text $(cat wrong)"; } >secrets
    "$source_dir"/keys/test/make-token.sh token --label release --pin-file pin >token.env 2>token.err ||
        status=$?
    [ $status -ne 77 ] || skip "$(cat token.err)"
    [ $status -eq 0 ] || fail "$(cat token.err)"
    eval "$(cat token.env)"
    make_manifests
    sed -e "s/file:key.pem/$key/" -e 's/file:aes.hex/pkcs11:token=release;object=wbz451-enc/' \
        secret.yaml >token.yaml

    OTAIMG_PIN=$(cat pin) run "OTAIMG_PIN" 0 build token.yaml
    run "--pin-fd" 0 build token.yaml --pin-fd 5 5<pin
    run "pin-source" 0 build token.yaml --set "sign.key=$key?pin-source=file:$work/pin"
    OTAIMG_PIN=$(cat pin) run "keys generate" 0 keys generate 'pkcs11:token=release;object=new'
    OTAIMG_PIN=$(cat pin) run "keys list" 0 keys list --login pkcs11:token=release
    OTAIMG_PIN=$(cat pin) run "full device" 3 build token.yaml -o /dev/full
    OTAIMG_PIN=$(cat pin) run "no such key" 4 build token.yaml --set "sign.key=${key}s"
    OTAIMG_PIN=$(cat pin) run "PIN that is not needed" 0 build token.yaml --pin-fd 5 5<pin
    OTAIMG_PIN=$(cat wrong) run "wrong PIN" 4 build token.yaml
    OTAIMG_PIN=$(cat pin) leaves "PIN, not wiped" pin 'cat secrets' "$UNWIPED" build token.yaml
}

"$what"
echo PASS
