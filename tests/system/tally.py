# SPDX-License-Identifier: GPL-2.0-or-later
"""What suites have in common that boot many machines and show only failures."""
import os
import random
import subprocess

counts = [0, 0]  # passed, failed


def check(good, what, more=""):
    counts[0 if good else 1] += 1
    if not good:
        print("FAIL %s\n%s" % (what, more), flush=True)


def run(words, limit):
    """The status (None: still there after LIMIT seconds) and the output."""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        out = process.communicate(timeout=limit)[0]
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, status = process.communicate()[0], None
    return status, out.decode(errors="replace").replace("\r", "")


def seeds(variable, otherwise):
    """SEED's one, or as many as VARIABLE of the environment says."""
    if os.environ.get("SEED"):
        return [int(os.environ["SEED"])]
    return [random.randrange(1 << 31)
            for _ in range(int(os.environ.get(variable, otherwise)))]
