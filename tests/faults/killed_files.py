# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel is killed while several processes change one file in every way: what
fsync promised is there, and each later byte is one that the file had.

KILLS says how often, SEED repeats one.  The file system is a disk of its own; the
host replays its journal.
"""
import os
import random
import re
import signal
import subprocess
import time

import tally
from machine import Machine, check, debugfs, path
from world import fresh_image, place

SHAPES = (["-o", "hurd", "-j"], ["-t", "ext3", "-b", "1024"], ["-t", "ext4"],
          ["-t", "ext4", "-b", "2048", "-O", "^metadata_csum"],
          ["-t", "ext4", "-O", "bigalloc", "-C", "16384"])
AFTER = 4000  # operations that may be done between a line and the kill


def make_disk(draw):
    image = place("exercised.img")
    shape = draw.choice(SHAPES)
    if os.path.exists(image):
        os.unlink(image)
    subprocess.run(["truncate", "-s", "16M", image], check=True)
    subprocess.run(["mke2fs", "-q", "-F", "-J", "size=4", *shape, image],
                   check=True, stderr=subprocess.DEVNULL)
    return image, " ".join(shape)


def run_until_killed(m, draw, seed):
    """The operations that were synced, or None."""
    m.prompt()
    m.type("settrans -a /mnt /hurd/ext2fs device:hd1; sync; "
           "exerciser /mnt/f %d forever\r" % seed)
    if m.expect(r"\nsynced (?=\d+\n)", limit=60) is None:
        return None
    end = time.monotonic() + draw.uniform(0, 1.5)
    while time.monotonic() < end:
        m.read(0.01)
    os.kill(m.pid, signal.SIGKILL)
    m.wait(5)
    told = re.findall(r"^(?:synced )?(\d+)\n", m.text, re.M)
    return int(told[-1]) if told and "FAILED" not in m.text else None


def repaired(image):
    done = subprocess.run(["e2fsck", "-p", image], capture_output=True,
                          text=True)
    again = subprocess.run(["e2fsck", "-fn", image], capture_output=True,
                           text=True)
    if done.returncode > 1 or again.returncode:
        return done.stdout + again.stdout
    return None


def what_is_wrong(image, seed, synced):
    wrong = repaired(image)
    if wrong:
        return "e2fsck: " + wrong
    left = place("exercised")
    if os.path.exists(left):
        os.unlink(left)
    debugfs(image, "dump /f " + left)
    done = subprocess.run([path("tests", "files", "exerciser"),
                           place("model"), str(seed), "judge", left,
                           str(synced), str(AFTER)],
                          capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout + done.stderr


def one_kill(seed):
    draw = random.Random(seed)
    disk, shape = make_disk(draw)
    with Machine("--disk", fresh_image("killed.img"), "--disk", disk,
                 "--entry", "classic") as m:
        synced = run_until_killed(m, draw, seed)
    if synced is None:
        return "%s: it does not run: %s" % (shape, m.text[-800:])
    wrong = what_is_wrong(disk, seed, synced)
    print("     | seed %d, %s: %d operations: %s"
          % (seed, shape, synced, wrong is None), flush=True)
    return wrong and shape + ": " + wrong


def test_a_killed_machines_exercised_file():
    for seed in tally.seeds("KILLS", 5):
        wrong = one_kill(seed)
        check(wrong is None, "the exerciser, killed, seed %d" % seed, wrong)
