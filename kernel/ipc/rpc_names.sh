#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints a C table of all RPCs' names and message numbers.
#
#   MIG=... CC=... rpc_names.sh INCLUDE-DIR DEFS...
set -eu
include=$1
shift
list=$(mktemp)
trap 'rm -f "$list"' EXIT
for defs in "$@"; do
    eval "$MIG" -n -q -cc "'$CC -E -x c -nostdinc'" "-I$include" -I. -Ihurd \
        -server /dev/null -user /dev/null -header /dev/null \
        -list "$list.1" "$defs" >&2
    cat "$list.1" >>"$list"
    rm -f "$list.1"
done
cat <<'C'
/* Made by kernel/ipc/rpc_names.sh. */
#include "ipc/trace.h"

const struct ipc_rpc_name ipc_rpc_names[] = {
C
sort -k5,5n -u "$list" |
    sed 's/^[^ ]* [^ ]* \([^ ]*\) [^ ]* \([^ ]*\) .*/    {\2, "\1"},/'
cat <<'C'
};
const unsigned ipc_rpc_name_count =
    sizeof ipc_rpc_names / sizeof ipc_rpc_names[0];
C
