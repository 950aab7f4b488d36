#!/bin/sh
# constant_time.sh POISON: no branch and no address of AES depends on key, IV or data, and a table
# look-up would have been found.
set -eu
if ! command -v valgrind >/dev/null; then
    echo "valgrind is needed"
    [ "${CI:-}" = true ] && exit 1
    exit 77
fi

found=0
valgrind --quiet --error-exitcode=99 "$1" table >/dev/null 2>&1 || found=$?
if [ $found -ne 99 ]; then
    echo "a look-up in a table was not found (exit code $found)"
    exit 1
fi
valgrind --quiet --error-exitcode=99 "$1" aes
