#!/bin/sh
# update_page.sh CC SOURCE_DIR: each C example of docs/update.md compiles, and its state diagrams have
# the states of the code.
set -eu
page=$2/docs/update.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -v work="$work" '
    /^```c$/ { file = work "/" ++count ".c"; next }
    /^```$/ { file = "" }
    file != "" { print > file }' "$page"
[ -s "$work/3.c" ] || { echo "examples are missing"; exit 1; }
for example in "$work"/*.c; do
    "$1" -std=c11 -Wall -Wextra -Wpedantic -Wno-unused-function -Werror -fsyntax-only \
        -I "$2/manager/include" -I "$2/verifier/include" -I "$2/verifier/device/ota_service" \
        -I "$2/verifier/device/application" -I "$2/verifier/device/bootloader" "$example"
done

# states_of_page N: of the N-th state diagram
states_of_page() {
    awk -v wanted="$1" '/^stateDiagram/ { n++ } /^```$/ { on = 0 } /^```mermaid$/ { on = 1 }
        on && n == wanted && / --> / { sub(/:.*/, ""); print $1; print $3 }' "$page" |
        grep -v '\[' | sort -u
}

# states_of_code PREFIX ENUM HEADER
states_of_code() {
    sed -n "/^enum $2 {/,/^}/s/^ *$1\\([A-Z_]*\\).*/\\1/p" "$3" | sort -u
}

states_of_page 1 >"$work/page"
states_of_code OTAS_STATE_ otas_state "$2/verifier/device/ota_service/otas.h" >"$work/code"
diff "$work/code" "$work/page" || { echo "states of the service: the code has '<'"; exit 1; }
[ -s "$work/code" ]
states_of_page 2 >"$work/page"
states_of_code OTAM_ otam_state "$2/manager/include/otam/otam.h" >"$work/code"
diff "$work/code" "$work/page" || { echo "states of the manager: the code has '<'"; exit 1; }
[ -s "$work/code" ]
