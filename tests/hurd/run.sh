#!/bin/sh
# Boots what tests/hurd has and looks whether all checks passed.
#
#   run.sh BUILD-DIRECTORY
set -eu
build=$1
here=$(dirname "$0")
out=$build/tests/hurd
root=$out/root

verdict() { # NAME LOG
    if grep -q "^$1: [1-9][0-9]* checks, 0 failed" "$2"; then
        echo "hurd-tests: $(grep "^$1: [0-9]* checks" "$2")"
    else
        cat "$2"
        echo "hurd-tests: $1 failed" >&2
        exit 1
    fi
}

timeout 30 ./hell boot -c "$here/dance.cfg" </dev/null >"$out/dance.log" 2>&1 ||
    true
verdict dance "$out/dance.log"

rm -rf "$root"
for dir in hurd libexec dev servers lib/hell etc; do
    mkdir -p "$root/$dir"
done
for server in startup proc auth exec term null; do
    cp "$build/servers/$server" "$root/hurd/"
done
cp "$build/servers/console-run" "$root/libexec/"
cp "$build/personality.so" "$root/lib/hell/"
cp "$out/inside" "$root/libexec/runsystem"
touch "$root/servers/exec" "$root/servers/startup" "$root/dev/console" \
    "$root/dev/null"
echo hello >"$root/etc/motd"
tar --format=ustar -C "$root" -cf "$out/inside.tar" .
truncate -s %4096 "$out/inside.tar"
(
    sleep 1
    printf 'hellx\177a\nsecond\n'
    sleep 3
) | timeout 30 ./hell boot -c "$here/tarfs.cfg" -d "$out/inside.tar,ro" \
    >"$out/inside.log" 2>&1 || true
tr -d '\r' <"$out/inside.log" >"$out/inside.text"
verdict inside "$out/inside.text"
