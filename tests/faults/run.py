# SPDX-License-Identifier: GPL-2.0-or-later
"""Fault tests: what happens to the whole system when a part of it fails.

usage: run.py HELL BUILD [WORD]
Runs the tests whose name has WORD, all of them without one, and ends with
`faults-tests: N passed, N failed'.
"""
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "system"))
import machine  # noqa: E402
from machine import check  # noqa: E402


def tests_of(module):
    found = [(test.__code__.co_firstlineno, name, test)
             for name, test in vars(module).items()
             if name.startswith("test_")]
    return [(name, test) for _, name, test in sorted(found)]


def main():
    machine.HELL = os.path.abspath(sys.argv[1])
    machine.BUILD = os.path.abspath(sys.argv[2])
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    import drivers
    import killed_files
    import media
    import memory
    import servers
    import slow
    import sudden_end
    import world
    modules = [media, slow, memory, drivers, servers, sudden_end, killed_files]
    for module in modules if world.make_base_image() else ():
        for name, test in tests_of(module):
            if word not in name:
                continue
            print("-- " + name[5:].replace("_", " "), flush=True)
            began = time.monotonic()
            try:
                test()
            except Exception:
                check(False, name, traceback.format_exc())
            if os.environ.get("TIMES"):
                print("     | %.1f s" % (time.monotonic() - began))
    print("faults-tests: %d passed, %d failed"
          % (len(machine.passed), len(machine.failed)))
    return 1 if machine.failed or not machine.passed else 0


sys.exit(main())
