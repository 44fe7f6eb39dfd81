#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots each Mach test as the only module and adds up its checks.
#
#   run.sh BUILD-DIRECTORY PROGRAM...
set -u
out=$1/tests/mach
shift
passed=0
failed=0

# Sector N of the disk is filled with the letter 'A' + N.
awk 'BEGIN { for (n = 0; n < 128; n++) {
    s = sprintf("%c", 65 + n % 26); r = s
    while (length(r) < 512) r = r r
    printf "%s", r } }' >"$out/disk"

for program in "$@"; do
    name=${program##*/}
    log=$out/$name.log
    printf 'multiboot kernel\nmodule %s %s %s %s %s %s\n' "$PWD/$program" \
        "$name" "'\${host-port}'" "'\${device-port}'" "'\$(task-create)'" \
        "'\$(task-resume)'" >"$out/$name.cfg"
    printf 'typed\n' | timeout -k 1 60 ./hell boot --config "$out/$name.cfg" \
        --disk "$out/disk" >"$log" 2>&1
    status=$?
    counts=$(sed -n "s/^.*mach $name: \([0-9]*\) checks, \([0-9]*\) failed.*/\1 \2/p" \
        "$log")
    if [ -z "$counts" ] || [ "$status" -ne 0 ]; then
        cat "$log"
        echo "$name: ended with status $status"
        failed=$((failed + 1))
        continue
    fi
    bad=${counts#* }
    grep 'FAILED' "$log"
    echo "$name: ${counts% *} checks, $bad failed"
    passed=$((passed + ${counts% *} - bad))
    failed=$((failed + bad))
done
echo "mach-tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
