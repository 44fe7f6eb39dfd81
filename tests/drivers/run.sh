#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the drivers' tests and the example, and adds up.
#
#   run.sh BUILD-DIRECTORY PROGRAM...
set -u
build=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0
for program in "$@"; do
    echo "-- ${program#"$build"/tests/drivers/}"
    timeout -k 1 120 "$program" >"$dir/log" 2>&1
    status=$?
    good=$(grep -c '^\[       OK \]' "$dir/log")
    bad=$(($(grep -c '^\[ RUN      \]' "$dir/log") - good))
    # A sanitizer's report or a crash ends the program before it has counted.
    if [ "$status" -ne 0 ]; then
        [ "$bad" -gt 0 ] || bad=1
        cat "$dir/log"
        echo "${program##*/}: ended with status $status"
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done

# The example prints the beginning of the first sector.
printf 'a disk that a rump kernel reads%512s' '' |
    dd of="$dir/disk" bs=512 count=1 conv=sync 2>/dev/null
truncate -s 1M "$dir/disk"
echo "-- examples/rump"
if "$build/examples/rump-host" "$dir/disk" 2>"$dir/log" |
    grep -q 'a disk that a rump'; then
    passed=$((passed + 1))
else
    cat "$dir/log"
    failed=$((failed + 1))
fi
echo "drivers-tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
