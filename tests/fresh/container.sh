#!/bin/bash
# Builds the Dockerfile as it is, with buildah and an empty Debian 12 as debian:bookworm-slim, and
# runs the result. Needs root, debootstrap and buildah; no registry is asked.
#
#   tests/fresh/container.sh CACHE
set -euo pipefail

[ $# = 1 ] || { echo "usage: container.sh CACHE" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
base=$("$here/base.sh" "$1")
# A storage of our own: images that the machine has stay as they are.
storage=$(mktemp -d "$1/storage.XXXXXX")
tree=$(mktemp -d "$1/tree.XXXXXX")

b() {
    buildah --root "$storage/root" --runroot "$storage/run" --storage-driver "${STORAGE_DRIVER:-overlay}" "$@"
}

clean_up() {
    b rm --all >/dev/null 2>&1 || true
    b rmi --all --force >/dev/null 2>&1 || true
    rm -rf "$storage" "$tree"
}
trap clean_up EXIT

git -C "$top" archive HEAD | tar -x -C "$tree"
from=$(b from scratch)
b add --quiet "$from" "$base" / >/dev/null
# As in the image that this one stands for, apt keeps no packages and no index of its own.
printf 'DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true";};\n%s\n' \
    'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";' >"$tree.apt"
b copy --quiet "$from" "$tree.apt" /etc/apt/apt.conf.d/clean >/dev/null
rm "$tree.apt"
b commit --quiet "$from" debian:bookworm-slim >/dev/null

start=$SECONDS
b bud --quiet --pull-never --isolation chroot --network host --tag otaimg "$tree"
echo "built in $((SECONDS - start)) s"
result=$(b from --pull-never otaimg)
b run --isolation chroot "$result" -- otaimg --version
folder=$(b mount "$result")
slim=$(b mount "$from")
echo "the image adds $(($(du -sk "$folder" | cut -f1) - $(du -sk "$slim" | cut -f1))) KiB to its base"
b inspect --type image --format '{{.OCIv1.Config.User}} {{.OCIv1.Config.WorkingDir}} {{.OCIv1.Config.Entrypoint}}' otaimg
