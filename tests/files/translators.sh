#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs inside the machine: translators come, show themselves, go and come back.
# Prints `ok NAME' or `FAIL NAME: what came' for each check.
is() { # NAME GOT WANTED
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        echo "FAIL $1: got [$2], not [$3]"
    fi
}
pid_of() { # WORDS
    ps | grep "$1" | grep -v grep | tail -n 1 | awk '{ print $1 }'
}

cd /tmp || exit 1
mkfifo fifo
is "a named pipe shows as one" "$(ls -l fifo | cut -c1)" p
(echo through >fifo) &
is "and brings bytes across" "$(cat fifo)" through
wait
kill -9 "$(pid_of '/hurd/fifo')"
sleep 0.1
seq 20000 >fifo &
is "also after its server was killed" "$(wc -l <fifo | tr -d ' ')" 20000
wait
rm fifo
sleep 0.1
is "with its last name its server goes" "$(pid_of '/hurd/fifo')" ""
mknod device c 7 8
is "a device without a server is there" "$(ls -l device | cut -c1)" c
is "but cannot be opened" "$(cat device >/dev/null 2>&1 && echo read)" ""
rm device

touch node
is "a file without translator shows none" "$(showtrans node)" ""
settrans node /hurd/zero
is "a passive one is shown" "$(showtrans node)" /hurd/zero
is "and starts when asked for" "$(head -c 3 node | wc -c | tr -d ' ')" 3
pid=$(pid_of '/hurd/zero')
kill -9 "$pid"
sleep 0.1
is "killed, it starts again" "$(head -c 4 node | wc -c | tr -d ' ')" 4
settrans -g node
is "-g: the active one is gone" "$(pid_of '/hurd/zero')" ""
is "-g leaves the passive one" "$(showtrans node)" /hurd/zero
settrans -pg node
is "-p: the passive one is gone" "$(showtrans node)" ""
is "and the file is a file again" "$(cat node)" ""

settrans -a node /hurd/null
is "-a: an active one only" "$(showtrans node)" ""
echo lost >node
is "which answers" "$(cat node; stat -c %s node)" 0
kill -9 "$(pid_of '/hurd/null$')"
sleep 0.1
echo kept >node
is "killed, the file is there again" "$(cat node)" kept
: >node

settrans node /hurd/none
is "no such program: an error" "$(cat node 2>&1 | grep -c 'No such file')" 1
settrans -pg node
settrans node /bin/false
is "one that ends at once: an error, no wait" \
    "$(cat node >out 2>&1 && echo read || echo failed)" failed
settrans -pg node
echo again >node
is "after all that, a file" "$(cat node)" again

settrans -a node /hurd/zero
rm node
touch node
is "a new file under the old name has no translator" "$(cat node)" ""
rm node out
# A translator runs as its node's owner, whoever opens the node.
echo secret >/etc/secret
chmod 600 /etc/secret
chmod 1777 /tmp
su nobody -s /bin/sh -c 'touch /tmp/evil; settrans -p /tmp/evil /bin/sh -c \
    "id -u >/tmp/who; cat /etc/secret >/tmp/got 2>/tmp/why; echo x >/etc/evil"'
cat evil 2>/dev/null
is "a user's translator is that user" "$(cat who)" 65534
is "what he may not read it may not" "$(cat got; grep -c denied why)" 1
is "and what he may not write" "$(ls /etc/evil 2>/dev/null)" ""
settrans -pg evil
rm -f evil who got why /etc/secret

is "fsysopts shows" "$(fsysopts / | grep -c writable)" 1
fsysopts / --readonly
is "read-only: no new file" \
    "$(touch new 2>&1 | grep -c 'Read-only file system')" 1
is "read-only: fsysopts says so" "$(fsysopts / | grep -c readonly)" 1
is "read-only: reading goes on" "$(head -c 4 /bin/busybox | tail -c 3)" ELF
fsysopts / --writable
is "writable again" "$(echo x >new && cat new)" x
is "an option that is none" \
    "$(fsysopts / --none 2>&1 | grep -c 'Invalid argument')" 1
rm new
echo end of translators
