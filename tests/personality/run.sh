#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the programs of this folder and its shell scripts on a booted system.
#     run.sh BUILD-DIRECTORY PROGRAM...
set -u
build=$1
shift
root=$build/tests/personality/root
image=$build/tests/personality/root.img
failed=0

cp tests/personality/*.sh "$root/tests/"
./hell mkroot --add "$root" "$image" >/dev/null || exit 1
for program; do
    timeout -k 1 60 ./hell run --disk "$image" -- "/tests/$program" </dev/null ||
        { echo "personality: $program failed"; failed=1; }
done
timeout -k 1 60 ./hell run --disk "$image" -- /bin/sh /tests/commands.sh \
    </dev/null || { echo "personality: commands.sh failed"; failed=1; }
exit $failed
