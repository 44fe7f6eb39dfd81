# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong, and what it goes wrong with: images, NBD servers, boots.

The machines are those of tests/system.  All that is started here is ended
here, and nothing is waited for without a limit.
"""
import os
import shutil
import signal
import subprocess
import time

import machine
from machine import check, path

# How a disk is attached, and how rumpdisk then calls it.
BUSES = {"ahci": ("", "wd0"), "virtio": (",virtio", "ld0")}


def place(*names):
    return path("tests", "faults", *names)


def make_base_image():
    base, add = place("base.img"), place("add")
    shutil.rmtree(add, ignore_errors=True)
    os.makedirs(os.path.join(add, "bin"))
    for name in ("exerciser", "beside"):
        shutil.copy(path("tests", "files", name), os.path.join(add, "bin"))
    status, out, err = machine.hell("mkroot", "--size", "64M", "--add", add,
                                    base + ".new")
    if status == 0:
        os.rename(base + ".new", base)
    return check(status == 0, "mkroot makes the root image", out + err)


def fresh_image(name="root.img"):
    copy = place(name)
    subprocess.run(["cp", "--sparse=always", place("base.img"), copy],
                   check=True)
    return copy


def configuration(disk):
    """hell.cfg with all roots on DISK."""
    here = os.path.dirname(os.path.abspath(__file__))
    name = place(disk + ".cfg")
    with open(os.path.join(here, "../../boot/root/boot/hell.cfg")) as file:
        text = file.read()
    with open(name, "w") as file:
        file.write(text.replace("root=device:wd0", "root=device:" + disk))
    return name


def full(disk, bus="ahci"):
    """The words that boot DISK by pci-arbiter and rumpdisk."""
    option, name = BUSES[bus]
    return ["--disk", disk + option, "--config", configuration(name),
            "--entry", "full"]


def boot(disk, bus="ahci", *words):
    return machine.Machine(*full(disk, bus), *words)


def children(pid):
    """The machine's tasks: process ids by name."""
    tasks = {}
    for child in machine.family(pid) - {pid}:
        try:
            with open("/proc/%d/comm" % child) as file:
                tasks.setdefault(file.read().strip(), child)
        except OSError:
            pass
    return tasks


def ends(m, what, wanted, limit=10):
    """M ends with a status of WANTED within LIMIT seconds, and all of it."""
    pids = m.pids
    began = time.monotonic()
    status = m.wait(limit)
    check(status in wanted, "%s: it ends, status %s, in %.1f s"
          % (what, status, time.monotonic() - began), m.text[-1500:])
    left = machine.still_there(pids)
    check(not left, "%s: no process stays" % what, left)


class Nbd:
    """nbdkit with the words given, on a socket of its own."""
    count = 0

    def __init__(self, *words):
        Nbd.count += 1
        self.socket = place("nbd%d" % Nbd.count)
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.uri = "nbd+unix:///?socket=" + os.path.abspath(self.socket)
        self.child = subprocess.Popen(
            ["nbdkit", "--foreground", "--exit-with-parent", "--unix",
             os.path.abspath(self.socket), *words],
            stdin=subprocess.DEVNULL)
        end = time.monotonic() + 5
        while not os.path.exists(self.socket) and time.monotonic() < end:
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for number in (signal.SIGCONT, signal.SIGKILL):
            if self.child.poll() is None:
                self.child.send_signal(number)
        self.child.wait(5)
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def signal(self, number):
        self.child.send_signal(number)


class BadDisk(Nbd):
    """An image some bytes of which cannot be read or written, from when it is
    told until it is told otherwise."""

    FAIL = ("while read op start end; do "
            "if [ $op = %s ] && [ $4 -lt $end ] && [ $(($4 + $3)) -gt $start ];"
            " then echo EIO bad sector >&2; exit 1; fi; done <%s; ")

    def __init__(self, image):
        self.list = place("bad-sectors")
        self.repair()
        dd = ("dd %s bs=64k status=none conv=notrunc count=$3 "
              "iflag=fullblock,count_bytes,%s oflag=seek_bytes %s")
        super().__init__(
            "eval", "get_size=stat -Lc %%s %s" % image,
            "pread=" + self.FAIL % ("read", self.list) +
            dd % ("if=" + image, "skip_bytes", "skip=$4"),
            "pwrite=" + self.FAIL % ("write", self.list) +
            dd % ("of=" + image, "fullblock", "seek=$4"),
            "can_write=exit 0", "can_flush=exit 0", "flush=exit 0")

    def spoil(self, *ranges):
        """RANGES: (op, first byte, byte behind the last)."""
        with open(self.list + ".new", "w") as file:
            for each in ranges:
                file.write("%s %d %d\n" % each)
        os.rename(self.list + ".new", self.list)

    def repair(self):
        self.spoil()


def blocks_of(image, name):
    """The places of a file's blocks on the disk, in bytes."""
    size = 1024
    for line in machine.debugfs(image, "stats").split("\n"):
        if line.startswith("Block size:"):
            size = int(line.split()[-1])
    words = machine.debugfs(image, "blocks " + name).split()
    return [int(word) * size for word in words], size
