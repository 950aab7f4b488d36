#!/bin/bash
# Proves README's two commands where nothing is installed: in a copy of an empty Debian 12, on a
# fresh clone of what is committed here. Prints how long each takes. Needs root.
#
#   tests/fresh/chroot.sh CACHE [COMMAND...]
#
# CACHE keeps the empty Debian for the next time. COMMANDs replace the two of the README.
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: chroot.sh CACHE [COMMAND...]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$1
shift
[ $# -gt 0 ] || set -- scripts/demo.sh scripts/test.sh
base=$("$here/base.sh" "$cache")
root=$cache/root

# Only what is mounted here, and nothing of the machine's own /dev: what is left over can be removed.
unmount() {
    for folder in dev/pts proc; do
        if mountpoint -q "$root/$folder"; then
            umount "$root/$folder"
        fi
    done
}
trap unmount EXIT

if [ -d "$root" ]; then
    unmount
    rm -rf --one-file-system "$root"
fi
cp -a "$base" "$root"
mount -t proc proc "$root/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -sf pts/ptmx "$root/dev/ptmx"

# As a newcomer: git only, a user's empty environment (but for npm, which trusts no system), a clone.
inside() {
    env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        NODE_EXTRA_CA_CERTS=/etc/ssl/machine.crt ${CI:+CI="$CI"} chroot "$root" /bin/bash -c "$1"
}

inside 'apt-get -q -q update &&
    DEBIAN_FRONTEND=noninteractive apt-get -q -q -y --no-install-recommends install git' >/dev/null
git -C "$top" bundle create --quiet "$root/project.bundle" HEAD
inside 'git clone --quiet /project.bundle /root/otaimg' 2>/dev/null

times=()
status=0
for command in "$@"; do
    printf '\n##### %s\n' "$command"
    start=$SECONDS
    outcome=ok
    inside "cd /root/otaimg && $command" || { outcome="exit $?"; status=1; }
    times+=("$(printf '%-24s %5d s  %s' "$command" $((SECONDS - start)) "$outcome")")
done
printf '\n'
printf '%s\n' "${times[@]}"
exit $status
