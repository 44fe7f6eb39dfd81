#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs inside the machine, in a directory like /tmp: the traps that one user can
# lay for another there.  Prints `ok NAME' or `FAIL NAME: what came'.
is() { # NAME GOT WANTED
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        echo "FAIL $1: got [$2], not [$3]"
    fi
}
n() {
    su nobody -s /bin/sh -c "$*"
}
tried() { # COMMAND...: the error's words, or "done"
    "$@" >/dev/null 2>said && echo done || sed 's/.*: //' said
}

echo secret >/etc/secret
chmod 644 /etc/secret
mkdir plain
chmod 777 plain

# Links of a user's that root, or another, would follow.
n 'ln -s /etc/secret trap; ln -s /etc/none made; ln -s trap chain'
is "a user's link, followed by root" "$(tried cat trap)" "Permission denied"
is "at the end of a link" "$(tried cat chain)" "Permission denied"
is "by one who would create" "$(tried touch made)" "Permission denied"
is "and nothing was made" "$(ls /etc/none 2>/dev/null)" ""
is "by himself" "$(n cat trap)" secret
is "it is still seen" "$(readlink trap)" /etc/secret
is "and can be removed" "$(tried rm trap)" done
ln -s /etc/secret roots
is "root's link, by a user" "$(n cat roots)" secret
n 'ln -s /etc dir'
is "in the middle of a path" "$(cat dir/secret)" secret
n 'cd plain; ln -s /etc/secret trap'
is "in a directory that is not sticky" "$(cat plain/trap)" secret

# Files of a user's that root would write to.
n 'touch file; chmod 666 file; mkfifo fifo; chmod 666 fifo; mkdir d'
is "a user's file, opened to be made" "$(tried sh -c 'echo x >file')" \
    "Permission denied"
is "to be read" "$(tried cat file)" done
is "to be written, if it is there" \
    "$(tried truncate -c -s 0 file)" done
is "by himself" "$(n 'echo y >file; cat file')" y
is "a pipe" "$(tried sh -c 'echo x >fifo')" "Permission denied"
is "what is below" "$(tried sh -c 'echo x >d/file')" done
n 'touch plain/file'
is "in a directory that is not sticky" "$(tried sh -c 'echo x >plain/file')" \
    done

# Names for what is another's.
cp /bin/busybox suid
chmod 4755 suid
echo all >all
chmod 666 all
is "a name for root's secret" "$(n 'tried() { "$@" 2>&1 | sed "s/.*: //"; }
    tried ln /etc/secret name')" "Operation not permitted"
is "for a set-id program" "$(n 'ln suid name 2>&1' | sed 's/.*: //')" \
    "Operation not permitted"
is "for what all may write" "$(n 'ln all name && cat name')" all
is "for what is his own" "$(n 'touch own; ln own other && echo named')" named
is "by root" "$(tried ln file more)" done

# A file of nobody's in particular.
is "a translator on root's file of one's group" "$(touch g; chgrp 65534 g
    n 'settrans -p g /bin/sh -c "id >/tmp/who" 2>&1' | sed 's/.*: //')" \
    "Operation not permitted"
rm -rf trap chain made roots dir plain file fifo d suid all name own other more g
echo end of links
