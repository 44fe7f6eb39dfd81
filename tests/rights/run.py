# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user without rights tries, each in a machine of its own.

usage: run.py HELL BUILD [WORD]
Ends with `rights-tests: N passed, N failed'.
"""
import os
import re
import shutil
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "system"))
import tally  # noqa: E402
from tally import check, counts  # noqa: E402

HELL, BUILD = (os.path.abspath(word) for word in sys.argv[1:3])
WORD = sys.argv[3] if len(sys.argv) > 3 else ""
OUT = os.path.join(BUILD, "tests", "rights")


def path(*names):
    return os.path.join(OUT, *names)


def elf_with_interpreter(name):
    """A program that has nothing but the name of what is to run it."""
    interp = name.encode() + b"\0"
    at = 64 + 2 * 56
    size = at + len(interp)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0x30000000, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x30000000, 0x30000000, size, size,
                       0x1000)
    name = struct.pack("<IIQQQQQQ", 3, 4, at, 0x30000000 + at, 0x30000000 + at,
                       len(interp), len(interp), 1)
    return head + load + name + interp


def make_root():
    add = path("add")
    shutil.rmtree(add, ignore_errors=True)
    os.makedirs(os.path.join(add, "tests"))
    for name in ("intruder", "whoami"):
        shutil.copy(path(name), os.path.join(add, "tests", name))
    shutil.copy(os.path.join(HERE, "links.sh"), os.path.join(add, "tests"))
    with open(os.path.join(add, "tests", "interpreted"), "wb") as file:
        file.write(elf_with_interpreter("/lib/ld-rights.so"))
    os.chmod(os.path.join(add, "tests", "interpreted"), 0o755)
    done = subprocess.run([HELL, "mkroot", "--add", add, path("root.img")],
                          capture_output=True, text=True)
    check(done.returncode == 0, "mkroot", done.stderr)
    return done.returncode == 0


def hell(script, *options, limit=180):
    """The status (None: it did not end) and what was shown."""
    return tally.run([HELL, "run", "--disk", path("root.img"), *options, "--",
                      "/bin/sh", "-c", script], limit)


PREPARE = """
echo topsecret >/etc/root-only; chmod 600 /etc/root-only; chmod 1777 /tmp
n() { su nobody -s /bin/sh -c "$*"; }
cd /tmp
"""
ALIVE = """
sync; echo $(id -u) $(cat /etc/root-only) still alive; true; exit 3
"""


def intrude(name, script, *options, expect=1):
    """Runs SCRIPT, which has the intruder print; counts what was held."""
    status, out = hell(PREPARE + script + ALIVE, *options)
    held = re.findall(r"^held .*", out, re.M)
    broke = re.findall(r"^BROKE .*", out, re.M)
    ended = re.findall(r"^end of .*", out, re.M)
    counts[0] += len(held)
    counts[1] += len(broke)
    for line in broke:
        print("%s: %s" % (name, line), flush=True)
    check(len(ended) >= expect, name + ": the intruder comes to its end", out)
    check(status == 3 and "0 topsecret still alive" in out,
          name + ": all is as before", "status %s\n%s" % (status, out))
    return out


def test_calls():
    for entry in ("full", "classic"):
        intrude("calls, " + entry, "n /tests/intruder calls",
                "--entry", entry)


def test_identity():
    intrude("identity", "n /tests/intruder identity /etc/root-only\n"
            "cp /etc/root-only /etc/root-too; chmod 644 /etc/root-too\nn /tests/intruder identity /etc/root-too", expect=2)


def test_control():
    for node in ("mkdir m; chown nobody m",):
        intrude("control", node + """
            dd if=/dev/zero of=/root.img bs=1M count=1 2>/dev/null
            cp /bin/busybox /fs; settrans -a m /hurd/null
            n /tests/intruder control m""")


def test_control_of_a_file_system():
    image = path("small.img")
    with open(image, "wb") as file:
        file.truncate(2 << 20)
    subprocess.run(["mke2fs", "-q", "-F", image], check=True,
                   capture_output=True)
    intrude("control of a file system", """
        mkdir m; chown nobody m; settrans -a m /hurd/ext2fs device:hd1
        n /tests/intruder control m""", "--disk", image)


def test_terminal():
    intrude("terminal", "chmod 600 /dev/console\n"
            "n /tests/intruder terminal /dev/console </dev/null")


def test_space():
    """Nothing of root's is left in a task that root's has become, or made."""
    intrude("space of a translator", """
        n 'touch t; settrans -p t /bin/sh -c "id -u >/tmp/who;
                    /tests/intruder space >/tmp/out 2>&1"'
        cat t; cat /tmp/who; grep -q 65534 /tmp/who && cat /tmp/out""")
    intrude("space of an active translator", """
        n 'touch t; settrans -a t /bin/sh -c "/tests/intruder space >/tmp/out"'
        cat /tmp/out""")
    intrude("space", "n /tests/intruder space")
    intrude("space after exec by a shell", "exec 5</etc/root-only 6</ 7</dev/"
            "console; exec 5<&- 6<&- 7<&-; cd /; "
            "n 'cd /tmp; /tests/intruder space </dev/null'")


def test_kernel():
    intrude("kernel", "n /tests/intruder kernel")


def test_notices():
    intrude("notices", "sleep 60 & n /tests/intruder notices; kill -0 $! &&"
            " kill $!; wait $! 2>/dev/null; ls / >/dev/null && "
            "cat /proc/version >/dev/null && n id")


def test_power():
    intrude("power", "n /tests/intruder power")


def test_exception():
    intrude("exception", "n /tests/intruder exception")


def test_signal():
    out = intrude("signal", "sleep 60 & p=$!; sleep 0.2\n"
                  "n /tests/intruder signal $p\n"
                  "kill -0 $p && echo unharmed; kill $p")
    check("unharmed" in out, "root's process is unharmed", out)


def test_arguments():
    for how in ("stuck", "endless"):
        intrude("arguments, " + how, "n /tests/intruder arguments %s &\n"
                "sleep 2; ps >/tmp/ps; n id >/dev/null; wc -l </tmp/ps" % how)


def test_execdata():
    intrude("execdata", "n /tests/intruder execdata")


def test_deaf():
    """Nobody can be made to wait by a process that takes no signals."""
    out = intrude("deaf", """
        n 'exec /tests/intruder deaf' >/tmp/out & p=$!
        until grep -q deaf.[0-9] /tmp/out; do sleep 0.1; done
        p=$(sed -n 's/^deaf //p' /tmp/out); cat /tmp/out
        kill -TERM $p; echo told $?; kill -0 $p && echo "is there"
        kill -KILL $p; echo killed $?; wait; kill -0 $p 2>/dev/null || echo "is gone"
        echo end of deaf""")
    check(re.search("told 0\nis there\nkilled 0\n(Killed\n)?is gone", out),
          "a signal that cannot be had is passed over, and the last one ends",
          out)


SETID = """
cp /bin/busybox /tests/suid; cp /bin/busybox /tests/sgid
chown root:root /tests/suid /tests/sgid; chmod 4755 /tests/suid
chmod 2755 /tests/sgid; ln -s ../tests/suid /bin/x 2>/dev/null
"""


def test_setid():
    intrude("setid", SETID + "n /tests/intruder setid /tests/suid\n"
            "n /tests/intruder setid /tests/sgid", expect=2)


def test_setid_fails():
    intrude("setid-fails", SETID + "n /tests/intruder setid-fails /tests/suid")


def test_setid_stop():
    intrude("setid-stop", SETID + "n /tests/intruder setid-stop /tests/suid")


def test_setid_root():
    out = intrude("setid-root", """
        chmod 4755 /tests/interpreted
        n 'mkdir -p r/lib && cp /tests/whoami r/lib/ld-rights.so && cd r &&
           /tests/intruder setid-root /tests/interpreted'""")
    check("No such file" in out, "root's program is not run by another's", out)


def test_setid_programs():
    out = hell(PREPARE + """
        cp /tests/whoami /tests/plain
        cp /tests/whoami /tests/sgid; chown nobody:root /tests/sgid
        chmod 2755 /tests/sgid; chmod 4755 /tests/whoami
        printf '#!/tests/plain -p\\n' >/tests/script; chmod 6755 /tests/script
        n /tests/whoami; n /tests/sgid; n /tests/script; /tests/whoami
        n /tests/whoami drop""")[1]
    lines = [line for line in out.split("\n") if line]
    want = ["uid 65534 euid 0 suid 0 gid 65534 egid 65534 secure 1",
            "uid 65534 euid 65534 suid 65534 gid 65534 egid 0 secure 1",
            "uid 65534 euid 65534 suid 65534 gid 65534 egid 65534 secure 0",
            "argument -p", "argument /tests/script",
            "uid 0 euid 0 suid 0 gid 0 egid 0 secure 0",
            "uid 65534 euid 65534 suid 65534 gid 65534 egid 65534 secure 0"]
    check(lines == want, "set-id programs and scripts as on Linux", out)


def test_nobody_at_all():
    intrude("nobody at all", "n /tests/intruder no-ids\n"
            "ls -ln /tmp/no-ids")


def test_readable_by_none():
    """Who may only run a script does not get to read it."""
    out = intrude("readable by none", """
        printf '#!/bin/cat\\nhidden words\\n' >/tests/hidden
        chmod 711 /tests/hidden
        n /tests/intruder exec-only /tests/hidden""")
    check("hidden words" not in out, "a script that can only be run", out)


def test_links():
    out = hell("chmod 1777 /tmp; cd /tmp; sh /tests/links.sh", limit=90)[1]
    check("end of links" in out, "links.sh comes to its end", out)
    for line in out.split("\n"):
        if line.startswith(("ok ", "FAIL ")):
            check(line.startswith("ok "), line)


def test_shutdown():
    """Who asks to be told of the end, and never answers, cannot put it off."""
    status, out = hell("n() { su nobody -s /bin/sh -c \"$*\"; }\n"
                       "n '/tests/intruder shutdown 20' & sleep 3; halt;"
                       "sleep 100", limit=50)
    check(status == 125 and "halting" in out,
          "the end comes soon", "status %s\n%s" % (status, out))
    check("?intruder?" in out and "\033" not in out,
          "and shows nothing that a terminal obeys", out)


def main():
    if make_root():
        for name, test in sorted(globals().items()):
            if name.startswith("test_") and WORD in name:
                test()
    print("rights-tests: %d passed, %d failed" % tuple(counts))
    return counts[1] != 0 or counts[0] == 0


sys.exit(main())
