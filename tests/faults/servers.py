# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers of the chain that end, or are started twice."""
import os
import re

from machine import check, family, fsck
from world import boot, children, ends, fresh_image, BUSES

# The machine's status when an essential task has died.
CRASHED = 1


def dies(victim, bus, by_shell):
    """VICTIM ends while files are written: startup says so, who depends on it
    gets errors, and the system ends."""
    what = "%s, %s, killed %s" % (victim, bus, "by root" if by_shell
                                  else "from outside")
    image = fresh_image()
    with boot(image, bus) as m:
        if not check(m.prompt() is not None, "a prompt", m.text):
            return
        m.pids = family(m.pid)
        tasks = children(m.pid)
        check(victim in tasks, "%s is a process" % victim, tasks)
        m.run("while :; do cp /bin/busybox /root/x; cp /root/x /root/y; done &")
        if by_shell:
            m.type("kill -9 $(pidof %s)\r" % victim)
        else:
            os.kill(tasks[victim], 9)
        ends(m, what, (CRASHED,), 10)
        check(len(re.findall("startup: .*essential task %s died" % victim,
                             m.text)) == 1,
              "startup tells that it died, once", m.text[-800:])
        # The shell asks the terminal where its cursor is, at any moment.
        after = m.text.rpartition("died")[2].replace("\x1b[6n", "")
        after = re.sub("(?:/[^\n]*|~) # ", "", after)
        after = re.sub("cp: [^\n]*\n", "", after)  # who writes hears of it too
        check("ext2fs of shutdown..." in after, "the others are told", after)
        if victim == "rumpdisk":
            check("ext2fs of shutdown...Input/output error" in after,
                  "ext2fs cannot write any more, and says so", after)
        else:
            check("ext2fs of shutdown...done" in after,
                  "ext2fs can still write", after)
    if victim != "rumpdisk":
        good, said = fsck(image)
        check(good, "the disk is clean", said)


def test_rumpdisk_dies():
    dies("rumpdisk", "ahci", False)
    dies("rumpdisk", "virtio", True)


def test_pci_arbiter_dies():
    dies("pci-arbiter", "ahci", False)
    dies("pci-arbiter", "ahci", True)


def test_a_second_driver_is_refused():
    for bus, (_, disk) in BUSES.items():
        with boot(fresh_image(), bus) as m:
            if not check(m.prompt() is not None, "a prompt", m.text):
                return
            m.pids = family(m.pid)
            shown, status = m.run("settrans -ac /mnt/d /hurd/rumpdisk")
            lines = [line for line in shown.split("\n") if ":" in line]
            check(status == 0 and len(lines) == 1 and
                  re.search(r"controller at 00:02\.0 is in use", lines[0]),
                  "%s: a second rumpdisk is refused, in one line" % bus, shown)
            for stage in ("/hurd/rumpdisk --next-task=1", "/hurd/rumpdisk",
                          "/hurd/pci-arbiter --next-task=1"):
                shown, status = m.run(stage)
                check(status not in (0, None), stage + ": does not start",
                      "%s %s" % (status, shown))
            shown, status = m.run("cp /bin/busybox /root/x; sync; "
                                  "cmp /root/x /bin/busybox")
            check(status == 0, "the first one is unharmed", shown)
            m.type("halt\r")
            ends(m, "two drivers", (0,))
