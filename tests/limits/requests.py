# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a C table of requests as MIG's stubs for callers make them.

usage: requests.py STUBS.c... >TABLE

Each: its interface's index, its message id, its name, and for each argument the
type that its descriptor has (name, bits of one, how many at most, whether it may
be of any number).
"""
import re
import sys

ROUTINE = re.compile(
    r"^/\* (?:Simple)?(?:Routine|Procedure) (\w+) \*/$(.*?)^}", re.M | re.S)
IN_REQUEST = re.compile(
    r"typedef struct {\s*mach_msg_header_t Head;(.*?)} Request;", re.S)
ITEM = re.compile(r"mach_msg_type(_long)?_t (\w+)Type;")
FIELD = re.compile(r"\.(msgt_name|msgt_size|msgt_number) =\s*"
                   r"(?:\(unsigned char\) )?([\w-]+)")


def descriptor(body, item):
    text = re.search(r"const mach_msg_type(?:_long)?_t %sType = {(.*?)};\n"
                     % item, body, re.S).group(1)
    return dict(FIELD.findall(text))


def is_variable(body, item):
    """In a union with a pointer: of any number, or out of line."""
    return re.search(r"\b%sP;" % item, body) is not None


def routine(index, name, body):
    request = IN_REQUEST.search(body)
    number = re.search(r"msgh_id = (\d+);", body)
    if not number:
        return
    items = []
    for _, item in ITEM.findall(request.group(1) if request else ""):
        d = descriptor(body, item)
        items.append("{%s, %s, %s, %d}" % (
            d["msgt_name"], d["msgt_size"], d["msgt_number"],
            is_variable(request.group(1), item)))
    print('    {%d, %s, "%s", %d, {%s}},' % (
        index, number.group(1), name, len(items), ", ".join(items)))


def main():
    for index, path in enumerate(sys.argv[1:]):
        with open(path) as file:
            for name, body in ROUTINE.findall(file.read()):
                routine(index, name, body)


main()
