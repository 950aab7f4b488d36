#!/bin/bash
# Speed and memory of `otaimg build` and `otaimg verify` beside minisign and openssl on the same
# firmware, in one run: release builds, a plain manifest, a key in a file. 512 KiB is what just fits
# a slot; for 8 MiB there is a second build with a larger one.
#
#   tests/bench/bench.sh [BUILD_FOLDER]      (default: build/bench)
#
# Work files lie in /dev/shm where it is a tmpfs, so that no disk is measured: `otaimg build` syncs
# what it writes, the others do not. It also writes the whole image and reads it back for its
# self-check; the others write a signature only.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$top/build/bench}

die() {
    echo "bench.sh: $1" >&2
    exit 1
}

for name in cmake hyperfine jq minisign openssl; do
    command -v $name >/dev/null ||
        die "'$name' not found, expected the packages of scripts/packages.sh build bench"
done
[ -x /usr/bin/time ] || die "'/usr/bin/time' not found, expected the package time"

make_tool() {
    local folder=$1
    shift
    cmake -S "$top" -B "$folder" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF "$@" >/dev/null
    cmake --build "$folder" -j "$(nproc)" >/dev/null
}

make_tool "$build/slot" -DOTAIMG_SLOT_LEN=
make_tool "$build/large" -DOTAIMG_SLOT_LEN=16777216

parent=${TMPDIR:-/tmp}
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ]; then
    parent=/dev/shm
fi
work=$(mktemp -d "$parent/otaimg-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem 2>/dev/null
chmod 600 key.pem
openssl pkey -in key.pem -pubout -out key.pub.pem
minisign -G -W -p minisign.pub -s minisign.key >/dev/null
cat >device.yaml <<END
otaimg-device: 1
device: wbz451
policy: stock
class: production
keys: [{public: key.pub.pem, class: production, roles: [application]}]
END

# Firmware that begins like a vector table; the rest is random.
make_firmware() {
    printf '\000\374\001\040\001\002\000\001' >"$1.bin"
    head -c $(($2 - 8)) /dev/urandom >>"$1.bin"
    cat >"$1.yaml" <<END
otaimg: 1
device: wbz451
firmware: {file: $1.bin, format: bin, address: 0x01000200, version: 1.0.0.0, sequence: 1}
sign: {key: "file:key.pem", class: development}
output: $1.ota
END
}

peak_kib() {
    /usr/bin/time -f %M -o peak "$@" >/dev/null
    tail -n 1 peak
}

# Prints one line: median in ms, ratio to minisign's, peak memory.
row() {
    local what=$1 median=$2 reference=$3
    shift 3
    awk -v what="$what" -v m="$median" -v r="$reference" -v peak="$(peak_kib "$@")" 'BEGIN {
        printf "  %-28s %8.2f ms   %5.2f of minisign   %6.1f MiB\n", what, m * 1000, m / r, peak / 1024
    }'
}

compare() {
    local title=$1 runs=$2 firmware=$3 otaimg=$4
    local sign=("$otaimg build $firmware.yaml" "minisign -S -s minisign.key -m $firmware.bin"
        "openssl dgst -sha256 -sign key.pem -out $firmware.sig $firmware.bin")
    local verify=("$otaimg verify $firmware.ota --device device.yaml"
        "minisign -V -q -p minisign.pub -m $firmware.bin"
        "openssl dgst -sha256 -verify key.pub.pem -signature $firmware.sig $firmware.bin")
    local names=("otaimg" "minisign" "openssl dgst") medians i action

    echo "$title"
    for action in sign verify; do
        local -n commands=$action
        hyperfine -N --warmup 20 --runs "$runs" --style none --export-json times.json \
            "${commands[@]}" >/dev/null 2>&1
        mapfile -t medians < <(jq '.results[].median' times.json)
        for i in 0 1 2; do
            # No command has a word with a space in it, so that it may be split here.
            row "${names[i]} $action" "${medians[i]}" "${medians[1]}" ${commands[i]}
        done
    done
}

echo "CPU: $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores;" \
    "work files on $(stat -f -c %T .); median of runs; memory: peak resident set"
"$build/slot/tools/otaimg/otaimg" --version
minisign -v
openssl version
make_firmware slot $((507392 - 16))
make_firmware large $((8 * 1024 * 1024))
compare "512 KiB: firmware of 507376 bytes, a full slot" 300 slot "$build/slot/tools/otaimg/otaimg"
compare "8 MiB: firmware of 8388608 bytes" 60 large "$build/large/tools/otaimg/otaimg"
