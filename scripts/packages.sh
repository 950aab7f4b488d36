#!/bin/bash
# Installs the Debian packages that a purpose needs, and does nothing when they are all there.
#
#   scripts/packages.sh GROUP...      GROUP: build, demo, test, bench, proof, tpm, fresh
#   scripts/packages.sh --list GROUP...
set -euo pipefail

die() {
    echo "packages.sh: $1" >&2
    exit "${2:-1}"
}

packages_of() {
    case $1 in
    build) echo gcc libc6-dev make cmake ninja-build pkg-config \
        libssl-dev libyaml-dev libp11-kit-dev libjansson-dev libelf-dev libsystemd-dev zlib1g-dev ;;
    demo) echo gcc-arm-none-eabi libnewlib-arm-none-eabi softhsm2 opensc openssl ;;
    test)
        echo check clang clang-format clang-tidy gcovr libclang-rt-14-dev llvm \
            botan dbus-bin dbus-daemon jq libbearssl-dev libmbedtls-dev libnss3 libnss3-tools libunicorn-dev \
            libwolfssl-dev minisign p11-kit procps python3-cryptography-vectors python3-dbusmock \
            python3-gi qemu-system-arm \
            scdoc srecord strace valgrind xxd
        # Debian's npm is several hundred packages: not where another one is there already.
        if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
            echo nodejs npm
        fi
        ;;
    bench) echo dpkg-dev hyperfine jq minisign opensc openssl softhsm2 time ;;
    # Not part of test: it registers its module with every program that uses p11-kit.
    proof) echo frama-c-base ;;
    tpm) echo dbus-bin dbus-daemon libtpm2-pkcs11-1 libtpm2-pkcs11-tools \
        libtss2-tcti-swtpm0 libtss2-tcti-tabrmd0 swtpm tpm2-abrmd ;;
    fresh) echo debootstrap buildah git tar ;;
    *) die "unknown group '$1', expected build, demo, test, bench, proof, tpm or fresh" 2 ;;
    esac
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "packages are missing (${missing[*]}) and can be installed by root only, expected sudo"
    fi
}

list_only=no
if [ "${1:-}" = --list ]; then
    list_only=yes
    shift
fi
[ $# -gt 0 ] || die "usage: packages.sh [--list] GROUP..., expected build, demo, test, bench, proof, tpm or fresh" 2

wanted=()
for group in "$@"; do
    names=$(packages_of "$group")
    read -r -a names <<<"${names//$'\n'/ }"
    wanted+=("${names[@]}")
done
if [ $list_only = yes ]; then
    printf '%s\n' "${wanted[@]}" | sort -u
    exit
fi

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    die "this system has no apt-get: install what Debian 12 calls ${wanted[*]}"
missing=()
for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing ${missing[*]}"
as_root apt-get -q -q update
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -q -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 install "${missing[@]}" >/dev/null
