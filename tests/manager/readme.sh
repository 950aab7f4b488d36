#!/bin/sh
# readme.sh CC SOURCE_DIR: the example of manager/README.md compiles, as C with all warnings and as C++
# if there is a compiler for it.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n '/^```c$/,/^```$/p' "$2/manager/README.md" | sed '/^```/d' >"$work/example.c"
[ -s "$work/example.c" ] || { echo "manager/README.md has no example"; exit 1; }
"$1" -std=c11 -Wall -Wextra -Wpedantic -Wno-missing-prototypes -Werror -fsyntax-only \
    -I "$2/manager/include" "$work/example.c"
if command -v c++ >/dev/null; then
    c++ -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ -I "$2/manager/include" "$work/example.c"
else
    echo "no C++ compiler: the header was not tried with one"
fi
