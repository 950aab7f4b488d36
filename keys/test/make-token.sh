#!/bin/sh
# Makes a SoftHSM token for tests and demonstrations, with a signing key 'wbz451-app' (EC P-256) and
# an encryption key 'wbz451-enc' (AES-128). Nothing outside DIR is read or changed.
#
#   make-token.sh DIR [--label LABEL] [--pin-file FILE]
#   eval "$(make-token.sh DIR)"      sets what otaimg needs to use the token
#
# DIR gets softhsm2.conf, tokens/ and pin: a random PIN, readable by its owner only. With
# OTAIMG=PATH of the tool the keys are made by `otaimg keys generate`, else by pkcs11-tool, which
# also initialises the token: it takes PINs from the environment, softhsm2-util only from a terminal
# or from its command line, where every user of the machine could read them.
set -eu
umask 077

die() {
    echo "make-token.sh: $1" >&2
    exit "${2:-1}"
}

usage() {
    die "usage: make-token.sh DIR [--label LABEL] [--pin-file FILE]" 2
}

find_module() {
    multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null ||
        gcc -print-multiarch 2>/dev/null || true)
    for path in "${SOFTHSM2_MODULE:-}" /usr/lib/softhsm/libsofthsm2.so \
        "/usr/lib/$multiarch/softhsm/libsofthsm2.so" \
        "$(pkg-config --variable=p11_module_path p11-kit-1 2>/dev/null || true)/libsofthsm2.so" \
        /usr/lib64/pkcs11/libsofthsm2.so /usr/lib/pkcs11/libsofthsm2.so \
        /usr/local/lib/softhsm/libsofthsm2.so; do
        if [ -r "$path" ] && [ -f "$path" ]; then
            echo "$path"
            return
        fi
    done
    die "libsofthsm2.so not found, expected the package softhsm2 or SOFTHSM2_MODULE=PATH" 77
}

random_digits() {
    od -An -N8 -tu8 /dev/urandom | tr -d ' \n'
}

# Text as one word of a shell.
quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# Text in a URI: everything but plain letters, digits, '-', '_' and '.' as %XX.
encoded() {
    printf '%s' "$1" | od -An -v -tx1 | tr -s ' ' '\n' | while read -r byte; do
        case $byte in
        '') ;;
        2d | 2e | 5f | 3[0-9] | 4[1-9a-f] | 5[0-9a] | 6[1-9a-f] | 7[0-9a])
            printf '%b' "\\0$(printf '%o' "0x$byte")" ;;
        *) printf '%%%s' "$byte" ;;
        esac
    done
}

dir=
label=otaimg-test
pin_file=
while [ $# -gt 0 ]; do
    case $1 in
    --label) [ $# -ge 2 ] || usage; label=$2; shift ;;
    --pin-file) [ $# -ge 2 ] || usage; pin_file=$2; shift ;;
    -*) usage ;;
    *) [ -z "$dir" ] || usage; dir=$1 ;;
    esac
    shift
done
[ -n "$dir" ] || usage

module=$(find_module)
command -v pkcs11-tool >/dev/null || die "pkcs11-tool not found, expected the package opensc" 77
[ ! -e "$dir/softhsm2.conf" ] || die "'$dir' has a token already, expected a new folder"
mkdir -p "$dir/tokens"
dir=$(cd "$dir" && pwd)
if [ -z "$pin_file" ]; then
    pin_file=$dir/pin
    random_digits >"$pin_file"
fi
pin_file=$(cd "$(dirname "$pin_file")" && pwd)/$(basename "$pin_file")

printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$dir" \
    >"$dir/softhsm2.conf"
export SOFTHSM2_CONF="$dir/softhsm2.conf"

# The officer's PIN is needed once, here, and thrown away: a test token is made anew, not repaired.
OFFICER_PIN=$(random_digits)
USER_PIN=$(head -n 1 "$pin_file")
export OFFICER_PIN USER_PIN

tool() {
    pkcs11-tool --module "$module" "$@" >"$dir/log" 2>&1 || {
        cat "$dir/log" >&2
        die "pkcs11-tool failed"
    }
    rm -f "$dir/log"
}

tool --slot-index 0 --init-token --label "$label" --so-pin env:OFFICER_PIN
tool --token-label "$label" --init-pin --login --login-type so --so-pin env:OFFICER_PIN \
    --pin env:USER_PIN
unset OFFICER_PIN

if [ -n "${OTAIMG:-}" ]; then
    unset USER_PIN
    uri="pkcs11:token=$(encoded "$label")"
    query="?module-path=$(encoded "$module")&pin-source=$(encoded "$pin_file")"
    "$OTAIMG" keys generate "$uri;object=wbz451-app$query" --type p256 >/dev/null
    "$OTAIMG" keys generate "$uri;object=wbz451-enc$query" --type aes128 >/dev/null
else
    tool --token-label "$label" --login --pin env:USER_PIN --keypairgen --key-type EC:prime256v1 \
        --label wbz451-app --id 01 --usage-sign --sensitive
    tool --token-label "$label" --login --pin env:USER_PIN --keygen --key-type AES:16 \
        --label wbz451-enc --id 02 --sensitive
    unset USER_PIN
fi

printf 'export SOFTHSM2_CONF=%s\n' "$(quoted "$SOFTHSM2_CONF")"
printf 'export OTAIMG_PKCS11_MODULE=%s\n' "$(quoted "$module")"
