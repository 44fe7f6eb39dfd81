#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the drivers' tests and the example, here and inside, and adds up.
#
#   run.sh BUILD-DIRECTORY PROGRAM...
set -u
build=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0

count() { # PASSED FAILED
    passed=$((passed + $1))
    failed=$((failed + $2))
    [ "$2" -eq 0 ] || cat "$dir/log"
}

# --- in programs of the host's ------------------------------------------------
for program in "$@"; do
    echo "-- ${program#"$build"/tests/drivers/}"
    timeout -k 1 120 "$program" >"$dir/log" 2>&1
    status=$?
    good=$(grep -c '^\[       OK \]' "$dir/log")
    bad=$(($(grep -c '^\[ RUN      \]' "$dir/log") - good))
    # A sanitizer's report or a crash ends the program before it has counted.
    if [ "$status" -ne 0 ]; then
        [ "$bad" -gt 0 ] || bad=1
        echo "${program##*/}: ended with status $status"
    fi
    count "$good" "$bad"
done

# --- the example, here and as a boot module -------------------------------------
# The first sector's beginning is printed, 16 bytes to a line.
printf 'a disk that a ru' >"$dir/disk"
truncate -s 1M "$dir/disk"

example() { # COMMAND...
    if timeout -k 1 60 "$@" </dev/null >"$dir/log" 2>&1 &&
        grep -q 'has 1048576 bytes' "$dir/log" &&
        grep -q 'a disk that a ru' "$dir/log"; then
        count 1 0
    else
        count 0 1
    fi
}

module() { # FILE NAME WORDS...
    file=$PWD/$1
    shift
    printf 'module %s' "$file"
    printf ' %s' "$@"
    echo
}

# shellcheck disable=SC2016 # the boot script's variables
ports='--host-priv-port=${host-port} --device-master-port=${device-port}'

echo "-- examples/rump"
example "$build/examples/rump-host" "$dir/disk"
{
    echo 'multiboot kernel'
    # shellcheck disable=SC2016,SC2086
    module "$build/examples/rump" rump $ports '$(task-create)' '$(task-resume)'
} >"$dir/rump.cfg"
echo "-- examples/rump, inside"
example ./hell boot --config "$dir/rump.cfg" --disk "$dir/disk"

# --- rumpdisk's devices ---------------------------------------------------------
python3 -c 'import sys
for n in range(65536):
    sys.stdout.buffer.write(n.to_bytes(8, "little") + bytes(504))' \
    >"$dir/numbers"
cp "$dir/numbers" "$dir/protected"
truncate -s 32M "$dir/empty" "$dir/virtio"

device() {
    timeout -k 1 60 ./hell boot --config "$dir/device.cfg" \
        --disk "$dir/numbers" --disk "$dir/empty" \
        --disk "$dir/protected,ro,virtio" --disk "$dir/virtio,virtio" \
        </dev/null >"$dir/log" 2>&1
    status=$?
    checks=$(sed -n 's/^device: \([0-9]*\) checks.*/\1/p' "$dir/log")
    bad=$(sed -n 's/^device: .* checks, \([0-9]*\) failed.*/\1/p' "$dir/log")
    grep ': 4 KiB read' "$dir/log"
    if [ -z "$checks" ] || [ "$status" -ne 0 ]; then
        echo "device: ended with status $status"
        count 0 1
    else
        count $((checks - bad)) "$bad"
    fi
}

echo "-- rumpdisk alone"
{
    echo 'multiboot kernel'
    # shellcheck disable=SC2016,SC2086
    module "$build/servers/rumpdisk" rumpdisk $ports \
        '--fs-server-task=${fs-task}' '$(task-create)' '$(task-resume)'
    # shellcheck disable=SC2016
    module "$build/tests/drivers/device" device '$(fs-task=task-create)'
} >"$dir/device.cfg"
device

echo "-- rumpdisk behind pci-arbiter"
{
    echo 'multiboot kernel'
    # shellcheck disable=SC2016,SC2086
    module "$build/servers/pci-arbiter" pci-arbiter $ports \
        '--disk-server-task=${disk-task}' '$(task-create)' '$(task-resume)'
    # shellcheck disable=SC2016
    module "$build/servers/rumpdisk" rumpdisk '--fs-server-task=${fs-task}' \
        '$(disk-task=task-create)'
    # shellcheck disable=SC2016
    module "$build/tests/drivers/device" device '$(fs-task=task-create)'
} >"$dir/device.cfg"
device
echo "drivers-tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
