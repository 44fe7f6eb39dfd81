#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the programs of this folder and its shell scripts on a booted system.
#     run.sh BUILD-DIRECTORY PROGRAM...
set -u
build=$1
shift
root=$build/tests/personality/root
image=$build/tests/personality/root.img
passed=0
failed=0
log=$build/tests/personality/log

# NAME COMMAND [WORD]...: counts what it says of its checks.
try() {
    name=$1
    shift
    timeout -k 1 60 ./hell run --disk "$image" -- "$@" </dev/null >"$log" 2>&1
    status=$?
    line=$(grep -E '[0-9]+ checks, [0-9]+ failed' "$log" | tail -n 1)
    echo "$name: ${line:-status $status}"
    checks=$(echo "$line" | sed -n 's/.*[^0-9]\([0-9]*\) checks.*/\1/p')
    bad=$(echo "$line" | sed -n 's/.*checks, \([0-9]*\) failed.*/\1/p')
    [ "$status" -eq 0 ] && [ "${bad:-0}" -eq 0 ] || {
        cat "$log"
        [ "${bad:-0}" -gt 0 ] || bad=1
    }
    passed=$((passed + ${checks:-1} - ${bad:-0}))
    failed=$((failed + ${bad:-0}))
}

cp tests/personality/*.sh "$root/tests/"
./hell mkroot --add "$root" "$image" >/dev/null || exit 1
for program; do
    try "$program" "/tests/$program"
done
try commands /bin/sh /tests/commands.sh
echo "personality-tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
