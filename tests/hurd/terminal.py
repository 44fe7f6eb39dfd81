#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command on a terminal of 24 lines by 80, types something after a
second, and copies what it shows to standard output until it ends.

    terminal.py TYPED COMMAND [WORD]...    (TYPED with Python's escapes)
"""
import fcntl
import os
import pty
import struct
import sys
import termios
import threading
import time


def main():
    typed = sys.argv[1].encode().decode("unicode_escape").encode("latin-1")
    pid, terminal = pty.fork()
    if pid == 0:
        time.sleep(0.1)  # the size is set meanwhile
        os.execvp(sys.argv[2], sys.argv[2:])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, 80, 0, 0))

    def type_it():
        time.sleep(1.1)
        os.write(terminal, typed)

    threading.Thread(target=type_it, daemon=True).start()
    while True:
        try:
            text = os.read(terminal, 65536)
        except OSError:
            break
        if not text:
            break
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


sys.exit(main())
