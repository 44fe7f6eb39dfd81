#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a C file that only compiles if MIG's stubs send what the Hurd's do.

    wire.py WIRE-TABLE STUB-DIRECTORY >wire.c

For each routine of the table, the message structures are taken out of the
stub that MIG made; their sizes, and the message id in the stub's text, must be
those of the table.
"""
import re
import sys


def function_text(source, name):
    start = source.index(f"\nmig_external kern_return_t {name}\n")
    return source[start : source.index("\n}", start)]


def structure(text, kind):
    match = re.search(r"typedef struct \{((?:(?!typedef).)*?)\} %s;" % kind,
                      text, re.S)
    return match.group(1) if match else None


def main():
    sources, failures = {}, 0
    print("#include <hurd/hurd_types.h>\n#include <mach/mach.h>")
    for line in open(sys.argv[1], encoding="ascii"):
        if line.startswith("#"):
            continue
        interface, number, name, request, reply = line.split()
        if interface not in sources:
            try:
                with open(f"{sys.argv[2]}/{interface}_user.c",
                          encoding="ascii") as file:
                    sources[interface] = file.read()
            except FileNotFoundError:
                sys.exit(f"wire: interface {interface} has no stubs")
        text = function_text(sources[interface], name)
        found = re.search(r"msgh_id = (\d+);", text).group(1)
        if found != number:
            print(f"wire: {name} is {found}, not {number}", file=sys.stderr)
            failures += 1
        for kind, size in (("Request", request), ("Reply", reply)):
            body = structure(text, kind)
            if size == "-":
                continue
            print(f"struct {name}_{kind} {{{body}}};")
            print(f"_Static_assert(sizeof(struct {name}_{kind}) == {size},\n"
                  f'    "{name} {kind}");')
    sys.exit(failures > 0)


main()
