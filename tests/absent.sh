#!/bin/sh
# Takes the place of tests that cannot be built: skipped with the reason, or failed where CI runs.
echo "$1"
[ "${CI:-}" = true ] && exit 1
exit 77
