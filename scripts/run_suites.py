# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs test suites, as many at a time as there are processors, and adds up what
they counted.

usage: run_suites.py MAKE SUITE...

A suite is a target of the Makefile whose output has the line `SUITE: N passed,
N failed'.  One that has no such line, or that fails without having counted a
failure, counts as one failure.  What a suite printed is shown when it has
ended, so that no two are mixed.  The last line of output is `N passed, N
failed', for all of them; the status is 0 if none failed and any passed.

SUITES_AT_ONCE in the environment says how many run at a time.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import threading
import time

# Those that take longest come first, so that nothing waits for them at the end.
LONG = ("faults-tests", "files-tests", "system-tests", "rights-tests")
# Those that fill this host's own tables have it for themselves.
ALONE = ("limits-tests",)
# Each boots machines, and tests have a patience.
AT_ONCE_MAX = 4

printing = threading.Lock()


def run(make, suite):
    """What SUITE counted, passed and failed."""
    began = time.monotonic()
    done = subprocess.run([make, "--no-print-directory", suite],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, close_fds=False)
    out = done.stdout.decode(errors="replace")
    counts = re.findall(r"^%s: (\d+) passed, (\d+) failed$" % suite, out, re.M)
    passed, failed = map(int, counts[-1]) if counts else (0, 1)
    if not counts:
        out += "%s: ended with status %d and counted nothing\n" % (
            suite, done.returncode)
    elif done.returncode and not failed:
        failed = 1
        out += "%s: ended with status %d\n" % (suite, done.returncode)
    with printing:
        print("== %s\n%s" % (suite, out), end="", flush=True)
    return passed, failed, time.monotonic() - began


def at_once():
    wish = os.environ.get("SUITES_AT_ONCE")
    return int(wish) if wish else min(len(os.sched_getaffinity(0)), AT_ONCE_MAX)


def main():
    make, *suites = sys.argv[1:]
    counted = {}
    in_turn = sorted(suites, key=lambda s: s not in LONG)
    for number, group in (
            (at_once(), [s for s in in_turn if s not in ALONE]),
            (1, [s for s in in_turn if s in ALONE])):
        with concurrent.futures.ThreadPoolExecutor(number) as lanes:
            for suite, result in zip(group, lanes.map(
                    lambda suite: run(make, suite), group)):
                counted[suite] = result
    print()
    for suite in suites:
        print("%-18s %5d passed %5d failed %5d s" % (suite, *counted[suite]))
    passed, failed = (sum(c[i] for c in counted.values()) for i in (0, 1))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0 or passed == 0


sys.exit(main())
