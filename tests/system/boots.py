# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots the system again and again on a host that is busy.

usage: boots.py HELL BUILD COUNT [ENTRY...]

Two loops that do nothing take what processors there are.  Each boot runs one
command, whose output and status are looked at, and leaves no process; every
second one writes a trace.  What is known of a boot that went wrong is printed and
kept in BUILD/tests/system/boots.  Ends with `boots: N passed, N failed'.
"""
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tally  # noqa: E402
from tally import check, counts  # noqa: E402

HELL, BUILD = (os.path.abspath(word) for word in sys.argv[1:3])
COUNT = int(sys.argv[3])
OUT = os.path.join(BUILD, "tests", "system", "boots")
TRACE = os.path.join(OUT, "trace")
CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "..", "..", "boot", "root", "boot", "hell.cfg")
LOOPS = 2
LIMIT = 120  # seconds for a boot
COMMAND = "ls /dev/null; echo $((6 * 7)) | cat; exit 7"
OUTPUT = "/dev/null\n42\n"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def prctl(option, value):
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def loops():
    """Processes that end with us, however we end."""
    return [subprocess.Popen(
        [sys.executable, "-c", "while True: pass"],
        preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        for _ in range(LOOPS)]


def children(known):
    """What has become ours: the processes that a boot has left."""
    left = []
    with open("/proc/self/task/%d/children" % os.getpid()) as file:
        for pid in map(int, file.read().split()):
            if pid not in known and os.waitpid(pid, os.WNOHANG)[0] == 0:
                left.append(pid)
    return left


def left_over(known, seconds=5):
    """Those that are still there after some time, with their names."""
    end = time.monotonic() + seconds
    while children(known) and time.monotonic() < end:
        time.sleep(0.02)
    names = []
    for pid in children(known):
        with open("/proc/%d/stat" % pid) as file:
            names.append(file.read())
        os.kill(pid, signal.SIGKILL)
    return names


def keep(number, out):
    """The log of a boot that went wrong; its trace, if it has one."""
    with open(os.path.join(OUT, "%d.log" % number), "w") as file:
        file.write(out)
    if os.path.exists(TRACE):
        shutil.move(TRACE, os.path.join(OUT, "%d.trace" % number))


def boot(number, entry, known):
    options = ["--entry", entry] + (["--trace", TRACE] if number % 2 else [])
    before = counts[1]
    started = time.monotonic()
    status, out = tally.run([HELL, "run", "--disk",
                             os.path.join(BUILD, "root.img"), *options, "--",
                             "/bin/sh", "-c", COMMAND], LIMIT)
    took = time.monotonic() - started
    left = left_over(known)
    about = "boot %d, %s" % (number, entry)
    check(status == 7, "%s: the status is %s" % (about, status), out)
    check(out == OUTPUT, "%s: its output" % about, out)
    check(not left, "%s: processes are left" % about, "\n".join(left))
    if counts[1] > before:
        keep(number, out)
    return took


def main():
    with open(CONFIG) as file:
        entries = sys.argv[4:] or re.findall(r'^menuentry "(.*)"', file.read(),
                                             re.M)
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    busy = loops()
    known = {loop.pid for loop in busy}
    times = []
    try:
        for number in range(1, COUNT + 1):
            times.append(boot(number, entries[number % len(entries)], known))
            if number % 100 == 0:
                print("%d boots, %d checks failed" % (number, counts[1]),
                      flush=True)
    finally:
        for loop in busy:
            loop.kill()
            loop.wait()
    times.sort()
    print("a boot took %.2f s (half of them), %.2f s (the longest)" % (
        times[len(times) // 2], times[-1]))
    print("boots: %d passed, %d failed" % tuple(counts))
    return counts[1] != 0


sys.exit(main())
