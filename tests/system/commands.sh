#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs inside the machine: the commands that busybox has there, one check each.
# Every check prints `ok NAME' or `FAIL NAME: what came'.

is() { # NAME GOT WANTED
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        echo "FAIL $1: got [$2], not [$3]"
    fi
}
true_is() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >/dev/null 2>&1; then
        echo "ok $name"
    else
        echo "FAIL $name: status $?"
    fi
}
false_is() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >/dev/null 2>&1; then
        echo "FAIL $name: status 0"
    else
        echo "ok $name"
    fi
}

mkdir -p /tmp/t
cd /tmp/t || exit 1
is pwd "$(pwd)" /tmp/t

# files
echo one >a
is "echo and cat" "$(cat a)" one
echo two >>a
is "append" "$(wc -l <a | tr -d ' ')" 2
cp a b
is cp "$(cat b)" "one
two"
mv b c
false_is "mv takes the old name" test -e b
is mv "$(head -n 1 c)" one
ln c d
is "ln: two names, one file" "$(ls -i c | sed 's/ *\([0-9]*\).*/\1/')" \
    "$(ls -i d | sed 's/ *\([0-9]*\).*/\1/')"
ln -s c e
is "ln -s" "$(readlink e)" c
is "through a symbolic link" "$(tail -n 1 e)" two
rm c
is "the other name holds the file" "$(head -n 1 d)" one
false_is "a dangling link" cat e
mkdir -p x/y/z
true_is "mkdir -p" test -d x/y/z
false_is "rmdir of a full folder" rmdir x/y
rmdir x/y/z
false_is rmdir test -d x/y/z
touch x/new
true_is touch test -f x/new
is "an empty file" "$(wc -c <x/new | tr -d ' ')" 0
chmod 640 x/new
is chmod "$(ls -l x/new | cut -c1-10)" -rw-r-----
is find "$(find x -name new)" x/new
rm -r x
false_is "rm -r" test -e x
dd if=/dev/zero of=big bs=1024 count=300 2>/dev/null
is "dd" "$(wc -c <big | tr -d ' ')" 307200
is "a file of zeroes" "$(sha256sum big | cut -c1-16)" \
    "$(dd if=/dev/zero bs=1024 count=300 2>/dev/null | sha256sum | cut -c1-16)"
echo lost >/dev/null
is "/dev/null" "$(cat /dev/null)" ""

# text
printf 'pear 3\napple 1\nfig 2\n' >fruit
is sort "$(sort fruit | head -n 1)" "apple 1"
is "sort -n" "$(sort -k2 -n fruit | tail -n 1)" "pear 3"
is grep "$(grep -c a fruit)" 2
is sed "$(sed -n 's/fig \(.*\)/\1/p' fruit)" 2
is awk "$(awk '{ n += $2 } END { print n }' fruit)" 6
is wc "$(wc -w <fruit | tr -d ' ')" 6
is head "$(head -n 1 fruit)" "pear 3"
is tail "$(tail -n 1 fruit)" "fig 2"
is tr "$(echo abc | tr a-c A-C)" ABC
is cut "$(echo a:b:c | cut -d: -f2)" b
is uniq "$(printf 'a\na\nb\n' | uniq | wc -l | tr -d ' ')" 2
is seq "$(seq 3 | tr '\n' ' ')" "1 2 3 "
is expr "$(expr 6 \* 7)" 42
is xargs "$(seq 3 | xargs echo)" "1 2 3"
is sha256sum "$(echo hello | sha256sum | cut -c1-12)" 5891b5b522d5

# archives
tar cf t.tar fruit a
mkdir out
tar xf t.tar -C out
is tar "$(cat out/fruit)" "$(cat fruit)"
gzip -c big >big.gz
is gzip "$(gzip -dc big.gz | wc -c | tr -d ' ')" 307200

# the system
is "uname -s" "$(uname -s)" GNU
is "id -u" "$(id -u)" 0
is env "$(A=b env | grep ^A=)" A=b
true_is date test "$(date +%s)" -gt 1000000000
true_is df df /
is "du" "$(du -s out >/dev/null && echo done)" done
true_is "ps shows itself" sh -c 'ps | grep -q "[p]s"'
true_is "ps shows the servers of the bootstrap" sh -c '
    n=$(ps | grep -c " [e]xt2fs --\|[ /][e]xec$\| /hurd/[p]roc$\| /hurd/[a]uth$")
    test $n = 4'
true_is sleep sleep 0.05
for node in exec startup proc; do
    true_is "/servers/$node" test -e "/servers/$node"
done
for node in console null zero; do
    true_is "/dev/$node" test -e "/dev/$node"
done

# the shell
is "a pipeline" "$(seq 100 | grep 7 | wc -l | tr -d ' ')" 19
is "a long pipeline" "$(seq 2000 | cat | cat | cat | tail -n 1)" 2000
is "substitution" "$(echo $(echo $(echo deep)))" deep
is "a here-document" "$(cat <<END
x $((2 + 3))
END
)" "x 5"
is "errors go their own way" "$(ls /none 2>&1 >/dev/null | grep -c none)" 1
is "a sub-shell's status" "$(
    (exit 9)
    echo $?
)" 9
sleep 0.1 &
wait $!
is "background and wait" "$?" 0
sh -c 'kill -TERM $$'
is "a signal's status" "$?" 143
/nowhere/nothing 2>/dev/null
is "a command that is not there" "$?" 127
is trap "$(sh -c 'trap "echo caught" USR1; kill -USR1 $$; echo after')" \
    "caught
after"
is "a pipe's reader goes" "$(yes | head -n 1)" y
printf '#!/bin/sh\necho "script $1"\n' >script
chmod +x script
is "a script with #!" "$(./script word)" "script word"
i=0
while [ $i -lt 30 ]; do
    /bin/true || echo bad
    i=$((i + 1))
done
is "thirty processes" "$i" 30

# translators
settrans -c /tmp/t/zero /hurd/null --nothing 2>/dev/null ||
    settrans -c /tmp/t/zero /hurd/null
is showtrans "$(showtrans /dev/null | grep -c null)" 1
true_is "a node with a passive translator" cat /tmp/t/zero
settrans /tmp/t/zero
is "and without" "$(showtrans /tmp/t/zero)" ""
true_is fsysopts fsysopts /

cd /
rm -r /tmp/t
false_is "all gone" test -e /tmp/t
echo "commands done"
