#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the unit tests' programs and adds up what cmocka counted.
#
#   [SUITE=NAME] run.sh PROGRAM...
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
for program in "$@"; do
    echo "-- ${program##*/}"
    timeout -k 1 120 "$program" >"$log" 2>&1
    status=$?
    good=$(grep -c '^\[       OK \]' "$log")
    bad=$(($(grep -c '^\[ RUN      \]' "$log") - good))
    # A sanitizer's report or a crash ends the program before it has counted.
    if [ "$status" -ne 0 ]; then
        [ "$bad" -gt 0 ] || bad=1
        cat "$log"
        echo "${program##*/}: ended with status $status"
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done
echo "${SUITE:-unit-tests}: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
