#!/bin/sh
# readme_tables.sh FORMAT_TABLES README: the byte tables between the marks of the README are those of
# the field lists.
set -eu
if ! sed -n '/^<!-- format_tables -->$/,/^<!-- end -->$/p' "$2" | sed '1,2d;$d' | diff - "$1"; then
    echo "the tables in $2 are not those of otav_format.h (>): put the output of format_tables there"
    exit 1
fi
