#!/bin/bash
# Makes CACHE/base, an empty Debian 12, once: with the package sources and the name resolution that
# this machine itself uses. Needs root and debootstrap.
#
#   tests/fresh/base.sh CACHE
set -euo pipefail

[ $# = 1 ] || { echo "usage: base.sh CACHE" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "base.sh: expected to be run as root" >&2; exit 1; }
command -v debootstrap >/dev/null ||
    { echo "base.sh: debootstrap not found, expected the packages of scripts/packages.sh fresh" >&2; exit 1; }
mkdir -p "$1"
base=$1/base

# Lines of a source list: those of Debian 12 itself, as apt on this machine resolves them.
debian_sources() {
    apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' |
        awk '$1 == "Debian" && $2 ~ /^bookworm(-|$)/ { print "deb", $3, $4, $5 }' | sort -u
}

if [ ! -d "$base" ]; then
    sources=$(debian_sources)
    mirror=$(awk '$3 == "bookworm" && $4 == "main" { print $2; exit }' <<<"$sources")
    rm -rf "$base.part"
    debootstrap --variant=minbase bookworm "$base.part" ${mirror:+"$mirror"} >&2
    if [ -n "$sources" ]; then
        printf '%s\n' "$sources" >"$base.part/etc/apt/sources.list"
    fi
    rm -rf "$base.part"/var/cache/apt/archives/*.deb "$base.part"/var/lib/apt/lists/*
    mv "$base.part" "$base"
fi
cp --dereference /etc/resolv.conf "$base/etc/resolv.conf"
# A network may have a certificate authority of its own: what this machine trusts is trusted there.
if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    mkdir -p "$base/etc/ssl"
    cp /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/machine.crt"
fi
echo "$base"
