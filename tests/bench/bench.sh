#!/bin/bash
# Speed and memory of `otaimg build` and `otaimg verify` beside minisign and openssl on the same
# firmware, in one run: release builds, a plain manifest, a key in a file. 512 KiB is what just fits
# a slot; for 8 MiB there is a second build with a larger one.
#
# Then a hundred images in one run, signed in a SoftHSM token: what one more image costs, beside the two
# signatures that it needs as the module makes them when nothing else is done.
#
#   tests/bench/bench.sh [--images] [BUILD_FOLDER]      (default: build/bench)
#
# --images leaves out the comparison with minisign and openssl.
#
# Work files lie in /dev/shm where it is a tmpfs, so that no disk is measured: `otaimg build` syncs
# what it writes, the others do not. It also writes the whole image and reads it back for its
# self-check; the others write a signature only.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
programs=(cmake hyperfine jq pkcs11-tool)
images_only=no
if [ "${1:-}" = --images ]; then
    images_only=yes
    shift
else
    programs+=(minisign openssl)
fi
build=${1:-$top/build/bench}

die() {
    echo "bench.sh: $1" >&2
    exit 1
}

for name in "${programs[@]}"; do
    command -v "$name" >/dev/null ||
        die "'$name' not found, expected the packages of scripts/packages.sh build bench"
done
[ -x /usr/bin/time ] || die "'/usr/bin/time' not found, expected the package time"

make_tool() {
    local folder=$1
    shift
    cmake -S "$top" -B "$folder" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF "$@" >/dev/null
    cmake --build "$folder" -j "$(nproc)" >/dev/null
}

make_tool "$build/slot" -DOTAIMG_SLOT_LEN= -DOTAIMG_BENCH=ON
[ $images_only = yes ] || make_tool "$build/large" -DOTAIMG_SLOT_LEN=16777216

parent=${TMPDIR:-/tmp}
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ]; then
    parent=/dev/shm
fi
work=$(mktemp -d "$parent/otaimg-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

make_keys() {
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
}

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

files() {
    minisign -v
    openssl version
    make_keys
    make_firmware large $((8 * 1024 * 1024))
    compare "512 KiB: firmware of 507376 bytes, a full slot" 300 slot "$build/slot/tools/otaimg/otaimg"
    compare "8 MiB: firmware of 8388608 bytes" 60 large "$build/large/tools/otaimg/otaimg"
}

# COUNT images of one firmware are COUNT variants of one manifest.
make_variants() {
    local firmware=$1 count=$2 i
    cat >"$firmware$count.yaml" <<END
otaimg: 1
device: wbz451
firmware: {file: $firmware.bin, format: bin, address: 0x01000200, version: 1.0.0.0, sequence: 1}
sign: {key: "pkcs11:token=release;object=wbz451-app", class: development}
variants:
END
    for i in $(seq "$count"); do
        echo "  - {name: v$i, firmware: {sequence: $i}, output: v$i.ota}"
    done >>"$firmware$count.yaml"
}

# Median of a build in seconds: MANIFEST RUNS JOBS.
time_of_images() {
    hyperfine -N --warmup 2 --runs "$2" --style none --export-json times.json \
        "$otaimg build $1.yaml --jobs $3" >/dev/null 2>&1
    jq '.results[0].median' times.json
}

# Prints one line a number of jobs: what one more image takes, and that as a ratio to its two signatures.
compare_images() {
    local firmware=$1 jobs one many signature
    make_variants "$firmware" 1
    make_variants "$firmware" 100
    for jobs in $(printf '%s\n' 1 "$(nproc)" | sort -n -u); do
        signature=$("$sign_rate" "$OTAIMG_PKCS11_MODULE" release wbz451-app 10000)
        one=$(time_of_images "${firmware}1" 50 "$jobs")
        many=$(time_of_images "${firmware}100" 20 "$jobs")
        awk -v len="$(stat -c %s "$firmware.bin")" -v jobs="$jobs" -v one="$one" -v many="$many" \
            -v signature="$signature" 'BEGIN {
            image = (many - one) / 99 * 1e6
            printf "  %6d bytes, --jobs %-2d %7.2f ms for 1, %7.2f ms for 100, %7.1f us an image;", len, jobs,
                one * 1e3, many * 1e3, image
            printf " C_Sign %6.1f us; ratio %5.2f\n", signature, image / (2 * signature)
        }'
    done
}

images() {
    local otaimg=$build/slot/tools/otaimg/otaimg sign_rate=$build/slot/tests/bench/sign_rate
    eval "$("$top/keys/test/make-token.sh" token --label release)"
    OTAIMG_PIN=$(cat token/pin)
    export OTAIMG_PIN
    make_firmware small 4096
    echo "100 images in one run, signed in a SoftHSM token, by two signatures each"
    compare_images small
    compare_images slot
}

echo "CPU: $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores;" \
    "work files on $(stat -f -c %T .); median of runs; memory: peak resident set"
"$build/slot/tools/otaimg/otaimg" --version
make_firmware slot $((507392 - 16))
[ $images_only = yes ] || files
images
