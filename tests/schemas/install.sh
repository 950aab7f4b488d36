#!/bin/sh
# install.sh SOURCE_DIR BUILD_DIR: the pinned npm packages, into the build folder, once for each lock.
set -eu
mkdir -p "$2"
if [ -d "$2/node_modules" ] && cmp -s "$1/package-lock.json" "$2/installed.lock"; then
    echo "npm packages are there already"
    exit 0
fi
rm -f "$2/installed.lock"
cp "$1/package.json" "$1/package-lock.json" "$2/"
cd "$2"
npm ci --ignore-scripts --no-audit --no-fund
cp package-lock.json installed.lock
