# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that fail: sectors, servers, files that become shorter."""
import os
import re
import signal
import subprocess
import time

import machine
from machine import check, debugfs, family, fsck
from world import (BadDisk, Nbd, blocks_of, boot, configuration, ends,
                   fresh_image, full, place)

EIO = "Input/output error|I/O error"
SECTOR = 512


def with_big_file():
    image = fresh_image()
    debugfs(image, "write /bin/busybox root/big", True)
    debugfs(image, "write /bin/busybox root/other", True)
    return image


def started(m):
    good = check(m.prompt() is not None, "a prompt", m.text)
    m.pids = family(m.pid)
    return good


# Seconds for a command: each sector of a bad disk is a shell's of the host's.
PATIENCE = 90


def fails(m, command, what):
    shown, status = m.run(command, PATIENCE)
    check(status not in (0, None) and re.search(EIO, shown),
          "%s: an error of the disk's" % what, "%s %s" % (status, shown))


def works(m, command, what):
    shown, status = m.run(command, PATIENCE)
    check(status == 0, what, "%s %s" % (status, shown))


def bad_sectors(bus):
    image = with_big_file()
    blocks, size = blocks_of(image, "/root/big")
    at = blocks[200]
    with BadDisk(image) as bad, boot(bad.uri, bus) as m:
        bad.spoil(("read", at, at + SECTOR))
        if not started(m):
            return
        fails(m, "cat root/big | :; cat /root/big >/dev/null",
              bus + ": a file with a sector that cannot be read")
        works(m, "dd if=/root/big of=/tmp/a bs=%d count=199" % size,
              "what stands before it can be read")
        works(m, "dd if=/root/big of=/tmp/b bs=%d skip=202" % size,
              "and what stands behind")
        works(m, "cmp /root/other /bin/busybox", "other files are whole")
        bad.repair()
        works(m, "cmp /root/big /bin/busybox", "when it can, all is there")
        bad.spoil(("write", at, at + SECTOR))
        fails(m, "cd /root; dd if=other of=big conv=notrunc,fsync bs=64k "
              "seek=0 count=30; dd if=/dev/zero of=big conv=notrunc,fsync "
              "bs=64k count=20", "a sector that cannot be written")
        works(m, "ls -l /root && cat /root/other >/dev/null",
              "the system lives")
        bad.repair()
        works(m, "dd if=other of=big conv=fsync bs=64k",
              "when it can, it is")
        m.type("halt\r")
        ends(m, "bad sectors", (0,))
    good, said = fsck(image)
    check(good, "the disk is clean afterwards", said)
    check(debugfs(image, "dump /root/big " + place("copy")) == "" and
          subprocess.run(["cmp", place("copy"), "/bin/busybox"]).returncode
          == 0, "and the file is right")


def test_a_sector_that_fails():
    bad_sectors("ahci")


def test_a_sector_that_fails_on_virtio():
    bad_sectors("virtio")


def test_a_full_cache_that_cannot_be_written():
    """Writes fail all over a file that is larger than the cache."""
    image = fresh_image()
    with BadDisk(image) as bad:
        with boot(bad.uri, "ahci", "--memory", "64M") as m:
            if not started(m):
                return
            bad.spoil(("write", 16 << 20, 48 << 20))
            shown, status = m.run("dd if=/dev/zero of=/root/z bs=64k "
                                  "count=240; cat /bin/busybox >/dev/null", 20)
            check(status is not None, "writes end", shown)
            works(m, "ls -l /", "and the system lives")
            bad.repair()
            m.type("halt\r")
            ends(m, "a full cache", (0,))
    good, said = fsck(image)
    check(good, "the disk is clean: all could be written at last", said)


def gone(words, what, line):
    image = with_big_file()
    with Nbd("file", image) as nbd:
        with machine.Machine(*[word.replace("DISK", nbd.uri)
                               for word in words]) as m:
            if not started(m):
                return
            m.run("echo x >/root/x; cat /bin/busybox >/dev/null")
            nbd.signal(signal.SIGKILL)
            if line:
                check(m.expect(line, 2) is not None, what + ": it is told",
                      m.text)
            fails(m, "cat /root/big >/dev/null", what)
            works(m, "ls /", "what is in memory can be used")
            os.kill(m.pid, signal.SIGTERM)
            ends(m, what, (0,))


def test_a_disk_that_vanishes():
    gone(full("DISK"), "AHCI disk pulled out", "disk .*gone")


def test_a_disk_that_vanishes_on_virtio():
    gone(full("DISK", "virtio"), "virtio disk pulled out", "disk .*gone")


def test_a_disk_of_the_kernels_own_that_vanishes():
    gone(["--disk", "DISK"], "classic: disk pulled out", None)


def test_a_server_that_hangs():
    image = with_big_file()
    for busy in (False, True):
        with Nbd("file", image) as nbd, boot(nbd.uri) as m:
            if not started(m):
                return
            nbd.signal(signal.SIGSTOP)
            if busy:
                m.type("cat /root/big\r")
                m.expect("nothing", 0.3)
            m.type("\x1dk")
            ends(m, "a server that hangs, %s" % ("busy" if busy else "idle"),
                 (130,), 8)


def test_a_slow_disk():
    image = with_big_file()
    with Nbd("--filter=delay", "file", image, "rdelay=5ms", "wdelay=5ms") \
            as nbd:
        with boot(nbd.uri) as m:
            if not started(m):
                return
            works(m, "cmp /root/big /bin/busybox", "a slow disk is right")
            works(m, "cp /bin/busybox /root/copy; sync", "and is written")
            m.type("halt\r")
            ends(m, "a slow disk", (0,))
    good, said = fsck(image)
    check(good, "the disk is clean afterwards", said)


def test_sync_reaches_the_medium():
    for bus in ("ahci", "virtio", None):
        image = fresh_image()
        log = place("log")
        with Nbd("--filter=log", "file", image, "logfile=" + log) as nbd:
            words = full(nbd.uri, bus) if bus else ["--disk", nbd.uri]
            with machine.Machine(*words) as m:
                if not started(m):
                    return

                def flushes():
                    with open(log) as file:
                        return len(re.findall(r" Flush ", file.read()))
                name = bus or "classic"
                before = flushes()
                m.run("echo x >/root/x; sync")
                check(flushes() > before, name + ": sync flushes the disk")
                before = flushes()
                m.run("dd if=/bin/busybox of=/root/y conv=fsync bs=64k")
                check(flushes() > before, name + ": and so does fsync")
                m.run("echo y >>/root/x")
                before = flushes()
                m.type("halt\r")
                ends(m, name, (0,))
                check(flushes() > before, name + ": and the end")
                with open(log) as file:
                    after = file.read().rpartition(" Flush ")[2]
                check(" Write " not in after,
                      name + ": nothing is written behind the last flush",
                      after)


def test_a_truncated_image():
    for entry in ("full", "classic"):
        image = with_big_file()
        with machine.Machine("--disk", image, "--entry", entry) as m:
            if not started(m):
                return
            m.run("cat /bin/busybox >/dev/null; echo x >/root/x")
            os.truncate(image, 4 << 20)
            fails(m, "cat /root/big >/dev/null", entry + ": a truncated image")
            works(m, "ls /", "the system lives")
            os.kill(m.pid, signal.SIGTERM)
            ends(m, "a truncated image", (0,))
        check(os.stat(image).st_size <= 4 << 20,
              "what was cut off is not made up again")


def test_a_truncated_image_whose_changes_are_thrown_away():
    image = with_big_file()
    child = subprocess.Popen(
        [machine.HELL, "run", "--disk", image, "--config",
         configuration("wd0"), "--entry", "full", "--", "/bin/sh", "-c",
         "cat /bin/busybox >/dev/null; echo go; read x; cat /root/big; "
         "echo status $?; echo x >/root/x; sync; echo end"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    child.stdout.readline()
    os.truncate(image, 4 << 20)
    try:
        out, err = child.communicate(b"\n", 10)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
    out = out.decode(errors="replace").replace("\r", "")
    check("status 1\n" in out and re.search(EIO, out),
          "hell run: a truncated image is an error", out[-500:])
    check(out.endswith("end\n") and child.returncode == 0,
          "and the system lives", "%s %s %s"
          % (child.returncode, out[-300:], err.decode()))
    check(os.stat(image).st_size == 4 << 20, "the image is left alone")
