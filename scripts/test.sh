#!/bin/bash
# Builds and runs everything: the tests as they are, under sanitizers, with coverage, fuzzed and for
# the device; then formatting and static analysis. Ends with a table of times and the sum of all
# test runs; a stage that does not get as far as its tests counts as one that failed.
#
#   scripts/test.sh [--no-install] [STAGE...]     STAGE: host asan device fuzz coverage format tidy
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
readonly BRANCH_FLOOR=95 # percent of verifier/src
results=build/results
jobs=$(nproc)
passed=0
failed=0
skipped=0
table=()

die() {
    echo "test.sh: $1" >&2
    exit "${2:-1}"
}

count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

# One number of the <testsuite> element that ctest writes.
junit_number() {
    sed -n "s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

count_junit() {
    local file=$1 tests failures skips
    tests=$(junit_number "$file" tests)
    failures=$(junit_number "$file" failures)
    skips=$(($(junit_number "$file" skipped) + $(junit_number "$file" disabled)))
    [ "${tests:-0}" -gt 0 ] || return 1
    count $((tests - failures - skips)) "$failures" "$skips"
    [ "$failures" -eq 0 ]
}

build_preset() {
    cmake --preset "$1" && cmake --build --preset "$1"
}

# run_preset PRESET [TESTS_AT_A_TIME]
run_preset() {
    local report=$PWD/$results/$1.xml
    rm -f "$report"
    build_preset "$1" && ctest --preset "$1" -j "${2:-$jobs}" --output-junit "$report"
    if [ ! -s "$report" ]; then
        count 0 1 0
        return 1
    fi
    count_junit "$report"
}

# Counters of an earlier run would be added to.
run_coverage() {
    find build/coverage -name '*.gcda' -delete 2>/dev/null
    run_preset coverage && check check_coverage
}

# A check that is not a ctest run counts as one test.
check() {
    if "$@"; then
        count 1 0 0
    else
        count 0 1 0
        return 1
    fi
}

check_coverage() {
    gcovr --root . --object-directory build/coverage --filter verifier/src/ --branches \
        --print-summary --fail-under-branch $BRANCH_FLOOR \
        --xml "$results/coverage-cobertura.xml" --txt "$results/coverage.txt" &&
        cat "$results/coverage.txt"
}

sources() {
    find manager simulator verifier tools tests examples -name '*.[ch]' -print0 | sort -z
}

check_format() {
    sources | xargs -0 clang-format --dry-run --Werror
}

check_tidy() {
    [ -f build/host/compile_commands.json ] || cmake --preset host || return 1
    # One file a process: clang-tidy 14 takes what it learned of va_list along to the next.
    find manager/src simulator verifier/src verifier/crypto verifier/inflate tools -name '*.c' -print0 |
        xargs -0 -n 1 -P "$jobs" clang-tidy -p build/host --quiet 2>&1 |
        sed '/ warnings\{0,1\} generated\.$/d'
}

run_stage() {
    case $1 in
    # Many of their tests wait for processes, lines and devices: two for each core.
    host | asan) run_preset "$1" $((jobs * 2)) ;;
    device | fuzz) run_preset "$1" ;;
    coverage) run_coverage ;;
    format) check check_format ;;
    tidy) check check_tidy ;;
    esac
}

timed_stage() {
    local start=$SECONDS outcome=ok
    printf '\n=== %s\n' "$1"
    run_stage "$1" || outcome=FAILED
    table+=("$(printf '%-10s %5d s  %s' "$1" $((SECONDS - start)) $outcome)")
}

install=yes
stages=()
for argument in "$@"; do
    case $argument in
    --no-install) install=no ;;
    host | asan | device | fuzz | coverage | format | tidy) stages+=("$argument") ;;
    *) die "unknown argument '$argument', expected --no-install or a stage" 2 ;;
    esac
done
[ ${#stages[@]} -gt 0 ] || stages=(host asan device fuzz coverage format tidy)

if [ $install = yes ]; then
    start=$SECONDS
    scripts/packages.sh build demo test || die "the packages could not be installed"
    table+=("$(printf '%-10s %5d s  ok' packages $((SECONDS - start)))")
fi
mkdir -p "$results"
for stage in "${stages[@]}"; do
    timed_stage "$stage"
done

printf '\n'
printf '%s\n' "${table[@]}"
printf '%-10s %5d s\n\n' total $SECONDS
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
