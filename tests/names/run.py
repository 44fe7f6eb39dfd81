# SPDX-License-Identifier: GPL-2.0-or-later
"""The same programs here and inside: what they say about names is compared,
line by line.

usage: run.py HELL BUILD STEP
Ends with `names-tests: N passed, N failed'.
"""
import os
import random
import re
import subprocess
import sys
import tempfile

HELL, BUILD = (os.path.abspath(word) for word in sys.argv[1:3])
STEP = sys.argv[3]
OUT = os.path.join(BUILD, "tests", "names")
counts = [0, 0]


def records(text):
    """Lines, each with those that are indented below it."""
    found = []
    for line in text.replace("\r", "").split("\n"):
        if line.startswith("   ") and found:
            found[-1] += "\n" + line
        elif line:
            found.append(line)
    return found


def here(program, folder, *words):
    done = subprocess.run([os.path.join(OUT, program), folder, *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          timeout=60, text=True, errors="replace")
    return records(done.stdout)


def inside(program, folder, *words, limit=200):
    done = subprocess.run([HELL, "run", "--disk", os.path.join(OUT, "root.img"),
                           "--", "/tests/" + program, folder, *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=limit, text=True,
                          errors="replace")
    return records(done.stdout)


def compare(program, *words):
    # A path of the same length in both places: some lengths are limits.
    folder = tempfile.mkdtemp(prefix="hell-names-", dir="/tmp")
    os.rmdir(folder)
    want, got = here(program, folder, *words), inside(program, folder, *words)
    if os.geteuid():  # only root may have another root
        want = [line for line in want if "root: " not in line]
        for line in [line for line in got if "root: " in line]:
            counts[not line.endswith(" 0")] += 1
        got = [line for line in got if "root: " not in line]
    ends = "end of " + program in want and "end of " + program in got
    counts[0 if ends else 1] += 1
    if not ends:
        print("FAIL %s comes to its end\n%s" % (program, "\n".join(got[-5:])))
    for i, line in enumerate(want):
        same = i < len(got) and got[i] == line
        counts[0 if same else 1] += 1
        if not same and counts[1] < 30:
            print("FAIL %s, here: %s\n  inside: %s" %
                  (" ".join((program,) + words), line,
                   got[i] if i < len(got) else "nothing"))


def many():
    """Ten times the names take ten times as long, not a hundred times."""
    steps = []
    for count in (50000, 500000):
        lines = inside("many", "/tmp/many", str(count), limit=1200)
        good = "end of many: 0 wrong" in lines
        counts[0 if good else 1] += 1
        if not good:
            print("FAIL %d names\n%s" % (count, "\n".join(lines[-9:])))
        steps.append({m.group(1): float(m.group(2)) for m in
                      (re.fullmatch(r"(\w+): (\d+) ns", line)
                       for line in lines) if m})
        print("     | %d names: %s" % (count, steps[-1]), flush=True)
    for step, few in steps[0].items():
        good = steps[1].get(step, few * 100) < few * 3 + 2000
        counts[0 if good else 1] += 1
        if not good:
            print("FAIL %s takes much longer among many" % step)


def main():
    add = os.path.join(OUT, "add", "tests")
    os.makedirs(add, exist_ok=True)
    for program in ("paths", "long", "many", "random"):
        subprocess.run(["cp", os.path.join(OUT, program), add], check=True)
    subprocess.run([HELL, "mkroot", "--size", "256M", "--add", os.path.dirname(add),
                    os.path.join(OUT, "root.img")], check=True,
                   stdout=subprocess.DEVNULL)
    compare("paths", STEP)
    compare("long")
    for seed in ("1", str(random.randrange(1 << 31))):
        compare("random", seed, "2000" if STEP != "1" else "50000")
    if STEP == "1":
        many()
    print("names-tests: %d passed, %d failed" % tuple(counts))
    return counts[1] != 0


sys.exit(main())
