#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the programs of this folder and its shell scripts on a booted system.
#     run.sh BUILD-DIRECTORY PROGRAM...
set -u
build=$(realpath "$1")
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

# What is root's or a user's here is so inside.
[ "$(id -u)" -eq 0 ] && as= || as='su nobody -s /bin/sh -c'

# NAME: what it says, line by line, against what the same program says here.
try_same() {
    want=$build/tests/personality/want
    here=$(mktemp -d "$build/tests/personality/here.XXXXXX") || exit 1
    (
        cd "$here" && timeout -k 1 60 "$root/tests/$1" </dev/null
        echo "status $?"
    ) >"$want" 2>&1
    rm -rf "$here"
    timeout -k 1 90 ./hell run --disk "$image" -- /bin/sh -c \
        "mkdir /tmp/w; chmod 777 /tmp/w; cd /tmp/w; ${as:+chown nobody .;} $as /tests/$1 </dev/null
         echo status \$?" \
        </dev/null 2>&1 | tr -d '\r' >"$log"
    checks=$(wc -l <"$want")
    bad=$(diff -a "$want" "$log" | grep -c '^<')
    echo "$1: $checks lines, $bad differ"
    cmp -s "$want" "$log" || {
        [ "$bad" -gt 0 ] || bad=1
        diff -a "$want" "$log"
    }
    passed=$((passed + checks - bad))
    failed=$((failed + bad))
}

cp tests/personality/*.sh "$root/tests/"
./hell mkroot --add "$root" "$image" >/dev/null || exit 1
for program; do
    case $program in
    # This one is about what root may.
    same/modes) [ "$(id -u)" -ne 0 ] || try_same "$program" ;;
    same/*) try_same "$program" ;;
    *) try "$program" "/tests/$program" ;;
    esac
done
try commands /bin/sh /tests/commands.sh
echo "personality-tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
