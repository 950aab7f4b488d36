#!/bin/bash
# completion.sh OTAIMG SOURCE_DIR: the completion offers what --help lists, no more and no less, and
# values where they are known. Words are given as readline splits them.
set -u
otaimg=$1
. "$2/tools/otaimg/completion/otaimg.bash"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
touch release.yaml device.yaml key.pem
failures=0

# offers "WANTED" WORD...: what is offered for the last of the words, sorted.
offers()
{
    local wanted=$1 got

    COMP_WORDS=(otaimg "${@:2}")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=(left over)
    _otaimg
    got=$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | tr '\n' ' ')
    if [ "${got% }" != "$wanted" ]; then
        echo "otaimg ${*:2}: '${got% }', expected '$wanted'"
        failures=$((failures + 1))
    fi
}

options="$("$2/tests/docs/help_options.sh" "$otaimg")"
commands=$(grep -v : <<<"$options")

all=$(cut -d ' ' -f 1 <<<"$commands" | uniq)

offers "$(printf '%s\n' --help --version $all | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')" ''
offers "$(sed -n 's/^keys //p' <<<"$commands" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')" keys ''
while read -r command; do
    wanted=$(sed -n "s/^$command: //p" <<<"$options" | grep -Eo -- '--?[a-z][a-z0-9-]*' |
        LC_ALL=C sort | tr '\n' ' ')
    # shellcheck disable=SC2086
    offers "${wanted% }" $command -
done <<<"$commands"

offers 'build' b
offers 'release.yaml' build r
offers 'device.yaml' build release.yaml --for d
offers 'device.yaml' verify a.ota -d d
offers 'device.yaml' verify a.ota --device = d
offers 'device.yaml key.pem release.yaml' verify a.ota --device =
offers 'device.yaml exec: file: key.pem pkcs11: release.yaml' sign a.ota -k ''
offers 'file:' sign a.ota --sign-key f
offers 'key.pem' sign a.ota --sign-key file : k
offers 'device.yaml key.pem release.yaml' sign a.ota --sign-key file :
offers 'key.pem' sign a.ota --sign-key exec : k
offers '' sign a.ota --sign-key pkcs11 : token
offers 'key.pem' sign a.ota --sign-key = file : k
offers '' inspect a.ota --decrypt-iv ''
offers 'aes128 p256' keys generate --type ''
offers 'pem provision' keys export --format = p
offers 'pkcs11:' keys list ''
offers 'key.pem' keys show k
offers '' init ''
offers '--ignore-signatures' compare a.ota b.ota --i
offers '' unknown -

complete -p otaimg >/dev/null || failures=$((failures + 1))
echo "$failures failures"
[ "$failures" -eq 0 ]
