#!/bin/sh
# check_symbols.sh NM ARCHIVE [BELOW]...: the verifier has no writable data and uses nothing but memcpy, memset,
# memcmp, helpers of the compiler and what the archives BELOW define. fields_doc is for hosts and may use strcmp.
set -eu
nm=$1 archive=$2
shift 2
undefined=$("$nm" "$archive" | awk '$1 == "U" { print $2 }' | sort -u)
defined=$("$nm" --defined-only "$archive" "$@" | awk 'NF == 3 { print $3 }' | sort -u)
[ -n "$defined" ] || { echo "no symbols in $archive"; exit 1; }

status=0
for symbol in $undefined; do
    case $symbol in
    memcpy | memset | memcmp | strcmp | __aeabi_*) continue ;;
    esac
    if ! printf '%s\n' "$defined" | grep -qx "$symbol"; then
        echo "not allowed: $symbol"
        status=1
    fi
done
users=$("$nm" -A "$archive" | awk '$NF == "strcmp" { print $1 }' | grep -v ':fields_doc\.' || true)
if [ -n "$users" ]; then
    echo "strcmp outside of fields_doc: $users"
    status=1
fi
writable=$("$nm" --defined-only "$archive" | awk 'NF == 3 && $2 ~ /^[BbDdCGgSs]$/ { print $3 }')
if [ -n "$writable" ]; then
    echo "writable data: $writable"
    status=1
fi
[ $status -ne 0 ] || echo "uses: $(printf '%s ' $undefined | tr ' ' '\n' | grep -v '^otav_' | tr '\n' ' ')"
exit $status
