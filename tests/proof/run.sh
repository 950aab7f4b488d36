#!/bin/sh
# Proves with Frama-C's value analysis (Eva) that no input makes a part of the verifier do what C
# leaves undefined: read or write outside an object or before it is set, overflow a signed number,
# shift too far, divide by zero. Prints the alarms of each part; one is a failure.
#
#   tests/proof/run.sh [PART...]     from anywhere; exit code 77: frama-c is not installed
set -eu

cd "$(dirname "$0")/../.."
command -v frama-c >/dev/null || {
    echo "frama-c is needed: scripts/packages.sh proof"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
include="-Iverifier/include -Iverifier/src -Iverifier/crypto/soft"
include="$include -I$(frama-c -print-share-path)/libc -include string.h"
include="$include -D__builtin_memcpy=memcpy -D__builtin_memset=memset"
failed=0

# prove PART DRIVER SOURCE... -- OPTION...: one entry function of a driver. Options decide how far cases
# are kept apart, never what is accepted.
prove() {
    part=$1
    driver=$2
    shift 2
    case " $wanted " in *" $part "* | "  ") ;; *) return 0 ;; esac
    sources=
    while [ "$1" != -- ]; do
        sources="$sources $1"
        shift
    done
    shift
    log=$work/$part
    # A word size and byte order like the device's; __builtin_ functions of gcc.
    # shellcheck disable=SC2086
    if ! frama-c -c11 -machdep gcc_x86_32 -cpp-extra-args="$include" -eva -eva-no-show-progress \
        -eva-no-results -main "prove_$part" "$@" "tests/proof/$driver" $sources >"$log" 2>&1; then
        tail -5 "$log"
        echo "$part: analysis did not run"
        failed=1
        return 0
    fi
    alarms=$(grep -c '^\[eva:alarm\]' "$log" || true)
    coverage=$(sed -n 's/.* statements reached (out of .*): \([0-9]*%\) coverage.*/\1/p' "$log")
    printf '%-20s alarms %s, statements of its functions reached %s\n' "$part" "$alarms" "$coverage"
    # A path that ends in an endless loop or an alarm for certain would prove nothing behind it.
    if [ "$alarms" != 0 ] || [ -z "$coverage" ] || grep -q 'NON TERMINATING' "$log"; then
        grep -A3 -E '^\[eva:alarm\]|NON TERMINATING' "$log" || true
        failed=1
    fi
}

wanted=$*
fields=verifier/src/fields.c
returns="-eva-split-return full"

prove der_encode parser.c $fields -- -eva-slevel 100
prove der_decode parser.c $fields -- -eva-slevel 30000 $returns
prove attribute_record parser.c $fields -- -eva-slevel 30000 $returns
prove attribute_value parser.c $fields -- -eva-slevel 1000
prove attribute_area parser.c $fields -- -eva-slevel 20 -eva-use-spec check_record $returns \
    -eva-partition-history 2 -eva-interprocedural-history
prove file_headers parser.c $fields verifier/src/file.c -- -eva-precision 5

prove policy policy.c $fields -- -eva-slevel 10 -eva-split-return auto \
    -eva-slevel-function any_value:0,otav_attributes_parse:4,find_attributes:50
prove slot slot.c -- -eva-slevel 2000 $returns
prove mapped_slot slot.c -- -eva-slevel 2000 $returns

soft=verifier/crypto/soft
for profile in small fast; do
    prove sha256_block soft.c $soft/sha256_$profile.c $soft/sha256.c -- -eva-slevel 200
done
prove sha256_update sha256_stream.c -- -eva-slevel 300000
prove sha256_final sha256_stream.c -- -eva-slevel 30000
prove aes_cbc soft.c $soft/aes_cbc.c -- -eva-slevel 2000
include="$include -Dvolatile=" # its volatile variables are nobody else's
prove p256 soft.c $soft/p256_small.c $soft/p256_words.c $soft/p256_verify.c -- \
    -eva-auto-loop-unroll 24 -eva-slevel-function run:200,add:40

[ $failed = 0 ] && echo "no alarms"
exit $failed
