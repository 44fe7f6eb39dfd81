# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks whether every file includes only what its layer may.

usage: layers.py [TOP]
Arrows point down only (ARCHITECTURE.md).  One line for each include that
points up or aside, then `layer-tests: N passed, N failed', a check a file.
"""
import os
import re
import sys

FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "limits.h",
                "stdatomic.h", "stdalign.h", "cpuid.h"}
# What servers and their libraries take from hurd/ instead: the C library
# speaks Linux's dialect there.
LINUX_DIALECT = {"errno.h", "fcntl.h", "sys/stat.h", "dirent.h", "termios.h",
                 "signal.h", "sys/wait.h", "sys/ioctl.h"}
# The places where the one dialect is turned into the other.
CONVERTERS = ("lib/hurd/", "lib/mach/", "personality/", "servers/runcommand/",
              "servers/console-run/", "servers/ext2fs/format.c",
              "servers/ext2fs/store.c", "servers/ext2fs/pieces.c",
              "servers/ext2fs/clean.c", "servers/term/io.c")

# For each folder, the folders that its files may not look into.
FORBIDDEN = {
    "kernel": {"lib", "servers", "personality", "tools", "hurd", "tests",
               "bench", "drivers", "platform/linux", "platform/sim"},
    "machine": {"kernel", "lib", "servers", "personality", "tools", "hurd",
                "tests", "bench", "drivers", "platform"},
    "platform": {"kernel", "lib", "servers", "personality", "tools", "hurd",
                 "tests", "bench", "drivers", "machine"},
    "drivers": {"kernel", "lib", "servers", "personality", "tools", "hurd",
                "tests", "bench", "platform", "machine"},
    "hurd": {"kernel", "lib", "servers", "personality", "tools", "platform",
             "tests", "bench", "drivers", "machine"},
    "lib": {"kernel", "servers", "personality", "tools", "platform", "tests",
            "bench", "drivers", "machine"},
    "servers": {"kernel", "personality", "tools", "platform", "tests",
                "bench", "machine"},
    "personality": {"kernel", "servers", "tools", "platform", "tests",
                    "bench", "drivers", "machine"},
    "tools": {"kernel", "lib", "servers", "personality", "hurd", "tests",
              "bench", "drivers", "machine"},
}
# Who may look into a folder in spite of that: the drivers' two worlds, that is
# made of a machine and that in a task.
ALLOWED = {"drivers/host/": {"machine"}, "drivers/mach/": {"lib", "hurd"}}
# Of the machine, what others may see.
MACHINE_CONTRACT = "machine/machine.h"
# The one header that says how a task finds the platform below it.
EVERYBODY = {"platform/user_abi.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def sources(top):
    for layer in FORBIDDEN:
        for folder, _, names in os.walk(os.path.join(top, layer)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S")):
                    yield layer, os.path.relpath(os.path.join(folder, name),
                                                 top)


def kernel_may(top, header):
    """The kernel is compiled without the host's headers; ours are left."""
    if header in FREESTANDING or header.split("/")[0] in (
            "mach", "device", "mach_debug", "kern", "machine", "platform"):
        return True
    return any(os.path.exists(os.path.join(top, "kernel", place, header))
               for place in ("", "include", "mig"))


def resolved(top, path, header):
    """The header's path in the tree, or the header as it is."""
    for place in (os.path.dirname(path), "", "lib", "servers"):
        candidate = os.path.normpath(os.path.join(place, header))
        if os.path.exists(os.path.join(top, candidate)):
            return candidate
    return header


def complaint(top, layer, path, quote, header):
    if header in EVERYBODY:
        return None
    if layer == "kernel":
        local = os.path.join(top, os.path.dirname(path), header)
        generated = header.endswith(("_server.h", "_user.h", "_reply.h"))
        if not os.path.exists(local) and not generated \
                and not kernel_may(top, header):
            return "is no header of the kernel's"
    if layer == "machine" and quote == "<" and header not in FREESTANDING \
            and header != "string.h":
        return "is no freestanding header"
    if layer in ("kernel", "machine") and quote == "<":
        return None
    target = resolved(top, path, header)
    allowed = {folder for place, folders in ALLOWED.items()
               if path.startswith(place) for folder in folders}
    if layer != "machine" and target.startswith("machine/") \
            and os.path.exists(os.path.join(top, target)) \
            and target != MACHINE_CONTRACT:
        return "is the machine's own"
    for folder in FORBIDDEN[layer] - allowed:
        if target.startswith(folder + "/") and not header.startswith("mach/"):
            return "points from %s/ to %s/" % (layer, folder)
    if layer in ("lib", "servers") and header in LINUX_DIALECT \
            and not path.startswith(CONVERTERS):
        return "speaks Linux's dialect, not the Hurd's"
    return None


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else "."
    passed = failed = 0
    for layer, path in sources(top):
        bad = False
        with open(os.path.join(top, path), errors="replace") as file:
            for number, line in enumerate(file, 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                why = complaint(top, layer, path, *found.groups())
                if why:
                    print("%s:%d: %s %s" % (path, number, found.group(2), why))
                    bad = True
        passed += not bad
        failed += bad
    print("layer-tests: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


sys.exit(main())
