# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the benchmarks and prints their figures side by side.

usage: run.py HELL BUILD/bench

machbench runs as the only boot module, unixbench inside the booted system and
on the bare host, diskbench on the kernel's disk and behind rumpdisk.  Beside them stand figures of other systems, taken on a
2-core machine: GNU Mach and the Hurd under QEMU's emulation of a processor
(TCG), and User Mode Linux.  A figure that could not be taken is `not run',
and the status is then not 0.
"""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "tests", "system"))
import machine  # noqa: E402

HELL, BUILD = sys.argv[1:3]
IMAGE = os.path.join(BUILD, "root.img")
machine.HELL = HELL

# In nanoseconds: what GNU Mach and the Hurd need under QEMU's TCG ...
MACH_TCG = {"trap": 650, "rpc-task": 29000, "rpc-task-4k": 79000,
            "rpc-out-of-line-1m": 1000000, "fault-1m": 5100000,
            "task-cycle": 195000}
HURD_TCG = {"pipe-round-trip": 518000, "fork-exit-wait": 8700000,
            "fork-exec-wait": 57000000, "page-fault": 112000,
            "create-unlink": 2200000}
# ... and User Mode Linux; the better end where a range was measured.
UML = {"getppid": 17000, "pipe-round-trip": 140000,
       "fork-exec-wait": 11000000}
MACH_NAMES = ["trap", "port-cycle", "rpc-thread", "rpc-task", "rpc-task-4k",
              "rpc-out-of-line-1m", "fault-1m", "task-cycle"]
UNIX_NAMES = ["getppid", "pipe-round-trip", "fork-exit-wait", "fork-exec-wait",
              "page-fault", "file-write-64k", "file-read-64k", "file-read-1",
              "stat", "create-unlink", "name-of-1000", "name-of-20000"]


def figures(words, limit):
    """The `bench NAME VALUE ns' lines that a command prints."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=limit,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    found = {}
    for line in output.decode(errors="replace").replace("\r", "").split("\n"):
        words = line[line.find("bench "):].split()
        if len(words) == 4 and words[0] == "bench" and words[3] == "ns":
            found[words[1]] = float(words[2])
    return found


missing = []


def shown(ns):
    if ns is None:
        missing.append("a figure")
        return "not run"
    for unit, size in (("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return "%.3g %s" % (ns / size, unit) if ns < 100 * size \
                else "%.0f %s" % (ns / size, unit)
    return "%.0f ns" % ns


def ratio(ours, theirs):
    """How many times faster we are."""
    if not ours or not theirs:
        return ""
    return "%.3gx" % (theirs / ours) if theirs / ours < 100 \
        else "%.0fx" % (theirs / ours)


def share(host, ours):
    """Our rate as a part of the host's."""
    return "%.0f %%" % (100 * host / ours) if host and ours else ""


def row(*cells):
    print(("%-20s" + " %12s" * (len(cells) - 1)) % cells)


def mach_table():
    config = os.path.join(BUILD, "machbench.cfg")
    with open(config, "w") as file:
        file.write("multiboot kernel\nmodule %s machbench '${host-port}' "
                   "'${device-port}' '$(task-create)' '$(task-resume)'\n"
                   % os.path.abspath(os.path.join(BUILD, "machbench")))
    ours = figures([HELL, "boot", "--config", config], 120)
    print("Mach primitives (machbench as the only boot module)")
    row("", "this kernel", "GNU Mach TCG", "faster by")
    for name in MACH_NAMES:
        theirs = MACH_TCG.get(name)
        row(name, shown(ours.get(name)), shown(theirs) if theirs else "-",
            ratio(ours.get(name), theirs))


def unix_table():
    ours = figures([HELL, "run", "--disk", IMAGE, "--", "/bin/unixbench",
                    "/tmp"], 300)
    host = figures([os.path.join(BUILD, "unixbench"), "/tmp"], 60)
    print("\nUnix primitives (unixbench, a Linux program, inside the system)")
    row("", "this system", "bare host", "host faster", "Hurd TCG", "faster by",
        "UML", "faster by")
    for name in UNIX_NAMES:
        got, bare = ours.get(name), host.get(name)
        hurd, uml = HURD_TCG.get(name), UML.get(name)
        row(name, shown(got), shown(bare), ratio(bare, got),
            shown(hurd) if hurd else "-", ratio(got, hurd),
            shown(uml) if uml else "-", ratio(got, uml))
    print("a name in a directory of 20,000, in terms of one in 1,000: "
          "%s; bare host %s" % tuple(ratio(table.get("name-of-1000"),
                                           table.get("name-of-20000")) or
                                     "not run" for table in (ours, host)))


DISK_NAMES = ["read-4k-depth-1", "read-4k-depth-32", "read-1m-depth-1",
              "read-1m-depth-4", "write-1m", "flush"]
DISK_SIZE = 256 << 20


def module(name, folder, *words):
    return "module %s %s %s\n" % (
        os.path.abspath(os.path.join(folder, name)), name, " ".join(words))


def disk_config(device):
    """diskbench on the kernel's disk, or behind rumpdisk."""
    first = ["'--host-priv-port=${host-port}'",
             "'--device-master-port=${device-port}'"]
    start = ["'$(task-create)'", "'$(task-resume)'"]
    config = os.path.join(BUILD, "diskbench.cfg")
    with open(config, "w") as file:
        file.write("multiboot kernel\n")
        if device == "hd0":
            file.write(module("diskbench", BUILD, *first, device, *start))
        else:
            file.write(module("rumpdisk", os.path.join(BUILD, "..", "servers"),
                              *first, "'--next-task=${next}'", *start))
            file.write(module("diskbench", BUILD, device,
                              "'$(next=task-create)'"))
    return config


def disk_figures(device, disk, *more):
    return figures([HELL, "boot", "--config", disk_config(device), "--disk",
                    disk, *more], 120)


def round_trips(disk):
    """Requests from task to task for each read at depth 1, by the trace."""
    trace = os.path.join(BUILD, "diskbench.trace")
    disk_figures("wd0", disk, "--trace", trace)
    reads = requests = 0
    counting = False
    try:
        with open(trace, errors="replace") as file:
            for line in file:
                words = line.split()
                if len(words) < 5 or "kernel" in (words[1], words[3]):
                    continue
                if words[1] == "diskbench" and words[4] == "device_read":
                    reads += 1
                    # Behind the warm-up; these come one by one.
                    counting = 500 <= reads < 4000
                if counting and words[5] != "reply":
                    requests += 1
        os.unlink(trace)
    except OSError:
        return None
    return requests / 3500 if reads >= 4000 else None


def disk_table():
    disk = os.path.join(BUILD, "disk.img")
    with open(disk, "wb") as file:
        for _ in range(DISK_SIZE >> 20):
            file.write(os.urandom(1 << 20))
    host = figures([os.path.join(BUILD, "hostdisk"), disk], 120)
    host["read-1m-depth-4"] = host.get("read-1m-depth-1")
    tables = [disk_figures("hd0", disk), disk_figures("wd0", disk),
              disk_figures("ld0", disk + ",virtio")]
    print("\nDisks (diskbench on a Mach device; hostdisk on the same file)")
    row("", "host file", "kernel, hd0", "AHCI, wd0", "virtio, ld0",
        "hd0 / host", "wd0 / host", "ld0 / host")
    for name in DISK_NAMES:
        got = [table.get(name) for table in tables]
        row(name, shown(host.get(name)), *[shown(ns) for ns in got],
            *[share(host.get(name), ns) for ns in got])
    trips = round_trips(disk)
    print("requests from task to task for a read of wd0 at depth 1: %s"
          % (shown(None) if trips is None else "%.2f" % trips))
    os.unlink(disk)


def slow_disk():
    """One slow disk, read by nbdkit: every read of it takes 50 ms."""
    folder, disk = os.path.join(BUILD, "slow"), os.path.join(BUILD, "slow.img")
    socket = os.path.join(BUILD, "slow.socket")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "cold"), "wb") as file:
        file.write(os.urandom(8 << 20))
    for old in (disk, socket):
        if os.path.exists(old):
            os.unlink(old)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, disk,
                    "32M"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return subprocess.Popen(
        ["nbdkit", "--foreground", "--exit-with-parent", "--unix",
         os.path.abspath(socket), "--filter=delay", "file", disk,
         "rdelay=50ms"], stdin=subprocess.DEVNULL), os.path.abspath(socket)


def beside_figure(socket, *words):
    found = figures([HELL, "run", "--persist", "--disk", IMAGE, "--disk",
                     "nbd+unix:///?socket=" + socket, "--entry", "classic",
                     "--", "sh", "-c",
                     "settrans -a /mnt /hurd/ext2fs device:hd1 && "
                     "mkdir -p /mnt/here && beside /mnt/here " +
                     " ".join(words)], 120)
    return found.get("round")


def beside_lines():
    server, socket = slow_disk()
    try:
        time.sleep(0.5)
        alone = beside_figure(socket)
        beside = beside_figure(socket, "/mnt/cold")
    finally:
        server.terminate()
        server.wait(5)
    print("\nOne file system on a disk of 50 ms for each read: looking at what is "
          "in memory")
    print("alone %s a round; beside two who wait for the disk %s, at %s of the "
          "rate" % (shown(alone), shown(beside), share(alone, beside)))


def boot_once():
    """Seconds to the prompt, and the share of a processor used at it."""
    with machine.Machine("--disk", IMAGE) as m:
        if m.prompt() is None:
            return None, None
        took = time.monotonic() - m.started
        time.sleep(1)
        pids = machine.family(m.pid)
        before = machine.cpu_ticks(pids)
        time.sleep(5)
        ticks = machine.cpu_ticks(pids) - before
        return took, ticks / os.sysconf("SC_CLK_TCK") / 5


def boot_lines():
    took, idle = boot_once()
    print()
    print("boot to prompt       %s   (the Hurd under TCG: 3.7 s)"
          % (shown(None) if took is None else "%.3f s" % took))
    print("idle at the prompt   %s of a processor"
          % (shown(None) if idle is None else "%.1f %%" % (idle * 100)))


mach_table()
unix_table()
disk_table()
beside_lines()
boot_lines()
if missing:
    print("bench: %d figures could not be taken" % len(missing))
sys.exit(1 if missing else 0)
