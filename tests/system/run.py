# SPDX-License-Identifier: GPL-2.0-or-later
"""System tests: the whole system on a pseudo-terminal.

usage: run.py HELL BUILD [WORD]
Runs the tests whose name has WORD, all of them without one, and ends with
`system-tests: N passed, N failed'.
"""
import os
import subprocess
import sys
import traceback

sys.dont_write_bytecode = True
import machine  # noqa: E402
from machine import check  # noqa: E402


def make_base_image():
    """The root that every test starts from: the default one with our scripts
    in /tests."""
    folder = machine.path("tests", "system", "add", "tests")
    os.makedirs(folder, exist_ok=True)
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run(["cp", os.path.join(here, "commands.sh"), folder],
                   check=True)
    for program in ("pci", "acpi", "maptime", "msgports"):
        subprocess.run(["cp", machine.path("tests", "chain", program), folder],
                       check=True)
    subprocess.run(["cp", machine.path("tests", "system", "pages"), folder],
                   check=True)
    base = machine.path("tests", "system", "base.img")
    status, out, err = machine.hell("mkroot", "--add", os.path.dirname(folder),
                                    base)
    check(status == 0, "mkroot makes the root image", out + err)
    machine.check_clean(base, "a fresh image")
    return status == 0


def main():
    machine.HELL = os.path.abspath(sys.argv[1])
    machine.BUILD = os.path.abspath(sys.argv[2])
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    os.makedirs(machine.path("tests", "system"), exist_ok=True)
    import bad_input
    import boot
    import chain
    import disk
    import installed
    import order
    import run_command
    import shell
    import swap
    if make_base_image():
        for module in (boot, chain, shell, run_command, disk, order,
                       installed, bad_input, swap):
            for name, test in sorted(vars(module).items(),
                                     key=lambda item: getattr(
                                         item[1], "__code__", None)
                                     and item[1].__code__.co_firstlineno or 0):
                if not name.startswith("test_") or word not in name:
                    continue
                print("-- " + name[5:].replace("_", " "))
                try:
                    test()
                except Exception:
                    check(False, name, traceback.format_exc())
    print("system-tests: %d passed, %d failed"
          % (len(machine.passed), len(machine.failed)))
    return 1 if machine.failed or not machine.passed else 0


sys.exit(main())
