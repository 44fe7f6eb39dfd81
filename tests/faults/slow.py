# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that takes its time: who does not need it does not wait."""
import os
import re
import subprocess

from machine import Machine, check, fsck
from world import Nbd, fresh_image, place

# Seconds, of each read; of each write, of which a sync needs some.
DELAYS = {"rdelay": 2.0, "wdelay": 0.4}
SHAPES = {"without a journal": ["-o", "hurd"], "ext4": ["-t", "ext4"],
          "blocks of 1k": ["-b", "1024", "-j"]}


def make_disk(options):
    folder, image = place("slow"), place("slow.img")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "cold"), "wb") as file:
        file.write(os.urandom(400000))
    if os.path.exists(image):
        os.unlink(image)
    subprocess.run(["mke2fs", "-q", "-F", "-d", folder, *options, image, "16M"],
                   check=True, stderr=subprocess.DEVNULL)
    return image


def beside(options, delay, what):
    """How many rounds, and the longest in seconds; what was shown."""
    image = make_disk(options)
    with Nbd("--filter=delay", "file", image,
             "%s=%dms" % (delay, DELAYS[delay] * 1000)) as disk, Machine("--disk", fresh_image(), "--disk", disk.uri,
                             "--entry", "classic") as m:
        m.prompt()
        m.type("settrans -a /mnt /hurd/ext2fs device:hd1; mkdir /mnt/here; "
               "beside /mnt/here %s; settrans -fg /mnt; halt\r" % what)
        m.wait(200)
    found = re.search(r"beside: (\d+) rounds, the longest took (\d+) ms",
                      m.text)
    good, said = fsck(image)
    check(good, "the slow disk is whole", said)
    return (int(found.group(1)), int(found.group(2)) / 1000, m.text) \
        if found else (0, 0, m.text)


def test_nobody_waits_for_a_slow_disk_who_does_not_read_it():
    for name, options in SHAPES.items():
        count, longest, text = beside(options, "rdelay", "/mnt/cold")
        check(count > 20 and longest < DELAYS["rdelay"] / 2,
              "%s: %d rounds beside who waits, the longest %.2f s"
              % (name, count, longest), text)


def test_nobody_waits_for_a_slow_disk_who_does_not_sync():
    # Without a journal the order of what is written needs the lock.
    count, longest, text = beside(SHAPES["ext4"], "wdelay", "+/mnt/new")
    check(count > 20 and longest < 2 * DELAYS["wdelay"],
          "%d rounds beside who syncs, the longest %.2f s" % (count, longest),
          text)
