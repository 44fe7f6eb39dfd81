# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel is killed in the middle of writes: the next boot can write, what
was synced is there, and a file that others replaced by rename is an old one or
a new one.

With a journal and without, or as JOURNAL says (yes, no).  ROUNDS says how
often, SEED repeats one round.
"""
import os
import random
import shutil
import signal
import subprocess
import time

import tally
from machine import Machine, check, debugfs, fsck
from world import configuration, fresh_image, full, place

# Files that are noted once they are synced, while others come and go.  The
# terminal shows a line as soon as it is written.
NOTED = ("i=0; while :; do i=$((i+1)); seq $i $((i + %d)) >/root/n$i; sync; "
         "echo noted $i; done")
# What is replaced is there from the beginning.
BEFORE = "cp /bin/busybox /root/u; sync"
NOISE = ("while :; do cp /bin/busybox /root/t$$; mv /root/t$$ /root/u; done",
         "mkdir /root/d; while :; do for j in 1 2 3 4 5 6 7 8; do "
         "mkdir /root/d/$j; echo $j >/root/d/$j/f; done; rm -r /root/d/*; done",
         "while :; do echo more >>/root/long; done",
         "while :; do dd if=/dev/zero of=/root/z bs=64k count=20; "
         "rm /root/z; done")


def load(draw):
    noise = draw.sample(NOISE, draw.randint(1, 3))
    lines = ["(%s) >/dev/null 2>&1 &" % each for each in noise]
    size = draw.choice((10, 3000, 30000))
    return lines + [NOTED % size], size


def run_until_killed(m, draw):
    """The numbers of the files that were noted before the kill; None if it did
    not come so far."""
    if m.prompt() is None:
        return None
    lines, size = load(draw)
    for line in [BEFORE] + lines:
        m.type(line + "\r")
    if m.expect(r"\nnoted 1\n", limit=90) is None:
        return None
    end = time.monotonic() + draw.uniform(0, 0.6)
    while time.monotonic() < end:
        m.read(0.01)
    os.kill(m.pid, signal.SIGKILL)
    m.wait(5)
    noted = [1] + [int(line[6:]) for line in m.text.split("\n")[:-1]
                   if line.startswith("noted ") and line[6:].isdigit()]
    return max(noted), size


def contents(image, name):
    """Bytes, or None."""
    copy = place("noted")
    debugfs(image, "dump %s %s" % (name, copy))
    try:
        with open(copy, "rb") as file:
            got = file.read()
    except OSError:
        return None
    os.unlink(copy)
    return got


def is_lost(image, number, size):
    wanted = "".join("%d\n" % i for i in range(number, number + size + 1))
    return contents(image, "/root/n%d" % number) != wanted.encode()


def what_is_wrong(image, count, size):
    """After the repair, however it came about."""
    good, said = fsck(image)
    if not good:
        return "e2fsck still finds: " + said
    lost = [n for n in range(1, count + 1) if is_lost(image, n, size)]
    if lost:
        return "lost: %s" % lost
    with open("/bin/busybox", "rb") as file:
        if contents(image, "/root/u") != file.read():
            return "what was replaced is neither old nor new"
    return None


def repaired_on_the_host(image, count, size):
    copy = place("repaired.img")
    shutil.copyfile(image, copy)
    done = subprocess.run(["e2fsck", "-fy", copy], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode not in (0, 1):
        return "e2fsck -fy: status %d: %s" % (done.returncode,
                                              done.stdout.decode()[-800:])
    wrong = what_is_wrong(copy, count, size)
    os.unlink(copy)
    return wrong and wrong + "\n" + done.stdout.decode()


def next_boot(words, image, count, size):
    with Machine(*words) as m:
        if m.prompt(30) is None:
            return "it does not boot again: " + m.text[-800:]
        m.type("fsysopts /; touch /root/new && echo WRI''TTEN; halt\r")
        if m.expect("WRITTEN") is None or m.wait(20) != 0:
            return "it can only be read: " + m.text[-800:]
    return what_is_wrong(image, count, size)


def one_round(seed):
    draw = random.Random(seed)
    image = fresh_image("killed.img")
    bus = draw.choice(("ahci", "virtio", "classic"))
    journal = draw.choice((True, False))
    if os.environ.get("JOURNAL"):
        journal = os.environ["JOURNAL"] == "yes"
    words = full(image, bus) if bus != "classic" else [
        "--disk", image, "--entry", "classic"]
    if not journal:
        subprocess.run(["tune2fs", "-O", "^has_journal", image],
                       stdout=subprocess.DEVNULL, check=True)
    with Machine(*words) as m:
        done = run_until_killed(m, draw)
        if done is None:
            return "%s: the load does not run: %s" % (bus, m.text[-500:])
    count, size = done
    wrong = (repaired_on_the_host(image, count, size) or
             next_boot(words, image, count, size))
    print("     | seed %d, %s, %s: %d files of %d lines: %s"
          % (seed, bus, "journal" if journal else "none", count, size,
             wrong is None), flush=True)
    return wrong


def test_a_kernel_that_is_killed_loses_nothing_synced():
    for bus in ("wd0", "ld0"):
        configuration(bus)
    for seed in tally.seeds("ROUNDS", 10):
        wrong = one_round(seed)
        check(wrong is None, "killed with seed %d: nothing synced is lost"
              % seed, wrong)


def free_blocks(image):
    for line in debugfs(image, "stats").split("\n"):
        if line.startswith("Free blocks:"):
            return int(line.split()[-1])
    return None


def test_a_nameless_file_that_was_open_when_killed_is_gone():
    image = fresh_image("killed.img")
    words = ["--disk", image, "--entry", "classic"]
    before = free_blocks(image)
    with Machine(*words) as m:
        m.prompt()
        m.type("exec 3>/root/open; dd if=/dev/zero bs=64k count=40 >&3; "
               "rm /root/open; sync; echo GO''NE\r")
        seen = m.expect("GONE")
        os.kill(m.pid, signal.SIGKILL)
        m.wait(5)
    copy = place("replayed.img")
    shutil.copyfile(image, copy)
    done = subprocess.run(["e2fsck", "-y", "-E", "journal_only", copy],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.unlink(copy)
    check(seen is not None and b"Clearing orphaned inode" in done.stdout,
          "killed with an open file without a name: the disk says so",
          done.stdout.decode())
    with Machine(*words) as m:
        m.prompt()
        m.type("halt\r")
        m.wait(20)
    good, said = fsck(image)
    check(good, "the next boot does away with it", said)
    check(before is not None and free_blocks(image) >= before - 8,
          "its room is free again", "%s, was %s" % (free_blocks(image), before))
