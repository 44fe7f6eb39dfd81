# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that is short: the greedy one goes without, the system lives."""
from machine import check, family, fsck
from world import boot, ends, fresh_image


def short(bus, memory):
    image = fresh_image()
    with boot(image, bus, "--memory", memory) as m:
        if not check(m.prompt() is not None, "a prompt", m.text):
            return
        m.pids = family(m.pid)
        shown, status = m.run("for i in 1 2 3 4 5 6; do cp /bin/busybox "
                              "/root/$i & done; wait; cat /root/? | md5sum; "
                              "cat /bin/busybox /bin/busybox /bin/busybox "
                              "/bin/busybox /bin/busybox /bin/busybox | md5sum",
                              20)
        sums = [line.split()[0] for line in shown.split("\n")
                if line.endswith(" -")]
        check(status == 0 and len(sums) == 2 and sums[0] == sums[1],
              "%s of memory: files are copied and right" % memory, shown)
        for size in ("24M", "100M"):
            shown, status = m.run("dd if=/dev/zero of=/dev/null count=1 bs="
                                  + size, 20)
            if status != 0:
                check(status is not None and
                      "out of memory: the machine has" in shown,
                      "who wants %s is told and ends" % size, shown)
        check(status not in (0, None), "100M are too much", shown)
        shown, status = m.run("cp /root/1 /root/x && cmp /root/x /bin/busybox")
        check(status == 0, "and the system goes on", shown)
        m.type("halt\r")
        ends(m, "short of memory", (0,))
    good, said = fsck(image)
    check(good, "the disk is clean", said)


def test_little_memory():
    short("ahci", "32M")
    short("virtio", "64M")
