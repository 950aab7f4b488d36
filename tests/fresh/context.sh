#!/bin/sh
# What .dockerignore lets through is enough to configure the build of the Dockerfile.
#
#   tests/fresh/context.sh CMAKE
set -eu

cmake=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/source"
sed -n 's/^!//p' .dockerignore | while read -r name; do
    cp -R "$name" "$work/source/$name"
done
if ! "$cmake" -S "$work/source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
    >"$work/log" 2>&1; then
    cat "$work/log"
    exit 1
fi
