#!/bin/sh
# man_page.sh OTAIMG SOURCE_DIR: the man page has every command, option, exit code, environment
# variable and manifest key that there is, and no other; scdoc takes it.
set -eu
page=$2/tools/otaimg/otaimg.1.scd
here=$2/tests/docs
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

# same WHAT: lines of "wanted", from the code, against those of "page".
same()
{
    sort -u "$folder/wanted" -o "$folder/wanted"
    sort -u "$folder/page" -o "$folder/page"
    if [ ! -s "$folder/wanted" ] || ! diff "$folder/wanted" "$folder/page"; then
        echo "$1: the code has '<', the man page '>'"
        status=1
    fi
}

section()
{
    awk -v name="$1" '/^# / { on = substr($0, 3) == name; next } on' "$page"
}

"$here/help_options.sh" "$1" >"$folder/wanted"
"$here/man_options.sh" "$page" >"$folder/page"
same "commands and options"

# Each rule is a macro call X(NAME, "id", ...).
sed -n 's/^ *X([A-Z_]*, "\([a-z-]*\)",.*/\1/p' "$2/tools/otaimg/lint_rules.h" >"$folder/wanted"
section "LINT RULES" | sed -n '/^\*/p' | grep -Eo '\*[a-z-]+\*' | tr -d '*' >"$folder/page"
same "lint rules"

sed -n 's/^ *OX_[A-Z_]* = \([0-9]*\).*/\1/p' "$2/tools/otaimg/exits.h" >"$folder/wanted"
section "EXIT STATUS" | sed -n 's/^\*\([0-9]*\)\*$/\1/p' >"$folder/page"
same "exit codes"

grep -Eoh '"(OTAIMG_[A-Z0-9_]+|SOURCE_DATE_EPOCH|TMPDIR)"' "$2"/tools/otaimg/*.[ch] | tr -d '"' \
    >"$folder/wanted"
section "ENVIRONMENT" | sed -n 's/^\*\([A-Z0-9_]*\)\*$/\1/p' >"$folder/page"
same "environment"

# The properties of the schemas stand one to a line; the first words below are not properties.
keywords='properties|items|contains|if|then|else|not|path|uuid|counter'
for kind in manifest:"RELEASE MANIFEST" device:"DEVICE FILE"; do
    sed -n 's/^ *"\([a-z][a-z0-9-]*\)": {$/\1/p' "$2/schemas/${kind%%:*}.schema.json" |
        grep -Evx "$keywords" >"$folder/wanted"
    section "${kind#*:}" | grep -Eo '\*[a-z][a-z0-9 -]*\*' | tr -d '*' |
        grep -Evx 'otaimg init|verify' >"$folder/page"
    same "keys of ${kind%%:*}"
done

if command -v scdoc >/dev/null; then
    scdoc <"$page" >"$folder/otaimg.1" || status=1
    grep -q '^\.TH "otaimg" "1"' "$folder/otaimg.1" || status=1
elif [ "${CI:-}" = true ]; then
    echo "scdoc not found"
    status=1
fi
exit $status
