#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs test suites, one after the other, and adds up what they counted.
#
#   scripts/run-suites.sh MAKE SUITE...
#
# A suite is a target of the Makefile whose output has the line
# `SUITE: N passed, N failed'.  One that has no such line, or that fails
# without having counted a failure, counts as one failure.  The last line of
# output is `N passed, N failed', for all of them; the status is 0 if none
# failed and any passed.
set -u
make=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
summary=

for suite in "$@"; do
    echo "== $suite"
    # The suite's status comes through the pipe as the log's last line.
    {
        $make --no-print-directory "$suite" 2>&1
        echo "status $?"
    } | tee "$log" | grep -v '^status [0-9]*$'
    status=$(sed -n 's/^status \([0-9]*\)$/\1/p' "$log" | tail -n 1)
    counts=$(sed -n "s/^$suite: \([0-9]*\) passed, \([0-9]*\) failed\$/\1 \2/p" \
        "$log" | tail -n 1)
    good=${counts% *}
    bad=${counts#* }
    if [ -z "$counts" ]; then
        good=0
        bad=1
        echo "$suite: ended with status $status and counted nothing"
    elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
        echo "$suite: ended with status $status"
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    summary="$summary$(printf '%-16s %5d passed %5d failed' \
        "$suite" "$good" "$bad")
"
done

printf '\n%s' "$summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
