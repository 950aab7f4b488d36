#!/bin/bash
# The device's inflate beside zlib's inflate() and inflateBack(), compiled for the Cortex-M4 with the same
# flags and run in the same emulator on the same data: a table of code, memory, stack and instructions.
# zlib comes as Debian's source package, from where the system has its packages, by an apt configuration
# of its own. Exit 77: cannot be fetched.
#
#   tests/bench/inflate_peers.sh [BUILD_FOLDER]      (default: build/host, of the preset host)
#
# All three get the firmware at once and in calls of 240 bytes; empty blocks have codes of their own and
# nothing else. Memory is state, window and output buffer. zlib has
# what the smallest use of it needs: no gzip, and the largest window, since a stream may ask for it.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$top/build/host}
work=$build/tests/bench/inflate_peers
guests=$build/tests/device/measure/guest

skip() {
    echo "inflate_peers.sh: $1" >&2
    exit 77
}

for name in apt-get arm-none-eabi-gcc cmake dpkg-source; do
    command -v "$name" >/dev/null ||
        skip "'$name' not found, expected the packages of scripts/packages.sh test bench"
done
measure=$build/tests/device/measure/measure
[ -d "$guests" ] || skip "no '$guests', expected a build of the preset host with libunicorn-dev"
cmake --build "$build" --target measure measure_guest >/dev/null

# As root apt would fetch as another user, to whom the folder need not be open.
apt_here() {
    apt-get -q -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State="$work/apt/state" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User= "$@"
}

fetch() {
    mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial"
    # Where this system has its packages from; the format is apt's own.
    # shellcheck disable=SC2016
    apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
        'Origin: Debian' | awk '!seen[$0]++' >"$work/apt/sources.list"
    (cd "$work" && apt_here update && apt_here source zlib) >"$work/fetch.log" 2>&1
}

find_source() {
    find "$work" -mindepth 1 -maxdepth 1 -type d -name 'zlib-*'
}

mkdir -p "$work"
if [ -z "$(find_source)" ]; then
    fetch || skip "cannot fetch Debian's source package zlib, see '$work/fetch.log'"
fi
zlib=$(find_source)

cmake -S "$top/tests/device/measure/guest" -B "$work/guest" -DCMAKE_BUILD_TYPE=MinSizeRel \
    -DCMAKE_TOOLCHAIN_FILE="$top/verifier/device/arm-none-eabi.cmake" -DZLIB_SOURCE="$zlib" >/dev/null
if ! cmake --build "$work/guest" --target peer_zlib peer_zlib_stub peer_back peer_back_stub \
    >"$work/build.log" 2>&1; then
    cat "$work/build.log" >&2
    exit 1
fi

# One row from the lines of three workloads: NAME FOLDER.
row() {
    "$measure" "$2" inflate >"$work/lines"
    sed -E 's/^.*: ([0-9]+) B, ([0-9.]+) instr.*, ([0-9]+) B stack, ([0-9]+) B memory$/\1 \2 \3 \4/' \
        "$work/lines" | awk -v name="$1" '
        function max(a, b) { return a > b ? a : b }
        { code = $1; rate[NR] = $2; stack = max(stack, $3); memory = max(memory, $4) }
        END {
            printf "| %s | %d | %d | %d | %s | %s | %s |\n", name, code, memory, stack, rate[1], rate[2], rate[3]
        }'
}

echo "$(basename "$zlib"), $(arm-none-eabi-gcc --version | head -n 1)"
cat <<'END'
| | code B | memory B | stack B | instructions per byte | in calls of 240 B | empty blocks, per byte of input |
|---|---:|---:|---:|---:|---:|---:|
END
row "\`otav_inflate\`" "$guests"
row "zlib \`inflate()\`" "$work/guest/zlib"
row "zlib \`inflateBack()\`" "$work/guest/back"
