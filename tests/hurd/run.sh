#!/bin/sh
# Boots what tests/hurd has and adds up the checks that it counted.
#
#   run.sh BUILD-DIRECTORY
set -eu
build=$1
here=$(dirname "$0")
out=$build/tests/hurd
root=$out/root
passed=0
failed=0

verdict() { # NAME LOG
    line=$(grep "^$1: [1-9][0-9]* checks, [0-9]* failed" "$2" | tail -n 1)
    if [ -z "$line" ]; then
        cat "$2"
        echo "$1: did not come to its end"
        failed=$((failed + 1))
        return
    fi
    checks=$(echo "$line" | sed 's/^.*: \([0-9]*\) checks.*/\1/')
    bad=$(echo "$line" | sed 's/.*checks, \([0-9]*\) failed.*/\1/')
    [ "$bad" -eq 0 ] || cat "$2"
    echo "$line"
    passed=$((passed + checks - bad))
    failed=$((failed + bad))
}

timeout -k 1 30 ./hell boot -c "$here/dance.cfg" </dev/null \
    >"$out/dance.log" 2>&1 || true
verdict dance "$out/dance.log"

rm -rf "$root"
for dir in hurd libexec dev servers/socket lib/hell etc; do
    mkdir -p "$root/$dir"
done
for server in startup proc auth exec term null pflocal magic; do
    cp "$build/servers/$server" "$root/hurd/"
done
cp "$build/servers/console-run" "$root/libexec/"
cp "$build/personality.so" "$root/lib/hell/"
cp "$out/inside" "$root/libexec/runsystem"
cp -r "$out/stack" "$root/libexec/"
touch "$root/servers/exec" "$root/servers/startup" "$root/dev/console" \
    "$root/dev/null" "$root/dev/tty" "$root/servers/socket/1"
echo hello >"$root/etc/motd"
tar --format=ustar -C "$root" -cf "$out/inside.tar" .
truncate -s %4096 "$out/inside.tar"
# What is typed meanwhile is read by the terminal's test.
inside() { # LOG BOOT-OPTION...
    log=$1
    shift
    timeout -k 1 30 python3 "$here/terminal.py" 'hellx\177a\nsecond\n' \
        ./hell boot "$@" >"$log.raw" 2>&1 || true
    tr -d '\r' <"$log.raw" >"$log"
    verdict inside "$log"
}

inside "$out/inside.log" -c "$here/tarfs.cfg" -d "$out/inside.tar,ro"

# The same on a real file system, which must be whole afterwards.
rm -rf "$out/add"
mkdir -p "$out/add/libexec"
cp "$out/inside" "$out/add/libexec/runsystem"
cp -r "$out/stack" "$out/add/libexec/"
./hell mkroot --add "$out/add" "$out/inside.img" >"$out/mkroot.log"
inside "$out/inside-ext2.log" -d "$out/inside.img"
if e2fsck -fn "$out/inside.img" >"$out/e2fsck.log" 2>&1; then
    passed=$((passed + 1))
else
    cat "$out/e2fsck.log"
    failed=$((failed + 1))
fi

# A program among others, as an ordinary user runs it.
rm -rf "$out/add"
mkdir -p "$out/add/tests"
cp "$out/impostor" "$out/add/tests/"
./hell mkroot --size 64M --add "$out/add" "$out/impostor.img" >"$out/mkroot.log"
timeout -k 1 60 ./hell run --disk "$out/impostor.img" -- \
    su nobody -s /bin/sh -c '/tests/impostor /tmp/i' </dev/null \
    >"$out/impostor.log" 2>&1 || true
verdict impostor "$out/impostor.log"

echo "hurd-tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
