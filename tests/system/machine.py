# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine on a pseudo-terminal, and the checks that are counted.

Machine boots `hell boot' with its console on a pseudo-terminal of ours and
drives the shell there.  All waiting ends: what does not come within its limit
is a failed check, never a hang.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

passed = []
failed = []
HELL = None
BUILD = None


def check(condition, what, detail=""):
    print("%s %s" % ("ok  " if condition else "FAIL", what), flush=True)
    if not condition and detail:
        print("     | " + str(detail).strip().replace("\n", "\n     | "),
              flush=True)
    (passed if condition else failed).append(what)
    return bool(condition)


def path(*names):
    return os.path.join(BUILD, *names)


def fresh_image(name="root.img"):
    """A copy of the root image, for a test that may write it."""
    copy = path("tests", "system", name)
    subprocess.run(["cp", "--sparse=always", path("tests/system/base.img"),
                    copy], check=True)
    return copy


def fsck(image):
    """True if e2fsck, forced, finds nothing to say."""
    done = subprocess.run(["e2fsck", "-fn", image], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout.decode()


def check_clean(image, what):
    good, said = fsck(image)
    check(good, "%s: e2fsck -f finds the disk clean" % what, said)


def debugfs(image, command, write=False):
    words = ["debugfs"] + (["-w"] if write else []) + ["-R", command, image]
    return subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()


def hell(*words, given=b"", limit=30):
    """Runs the command; returns status, standard output, standard error.
    A status of None means that it did not end."""
    child = subprocess.Popen([HELL, *words], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = child.communicate(given, timeout=limit)
        status = child.returncode
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        status = None
    return (status, out.decode(errors="replace").replace("\r", ""),
            err.decode(errors="replace"))


def family(root):
    """ROOT and all processes that descend from it."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as file:
                fields = file.read().rpartition(")")[2].split()
            if fields[0] != "Z":
                parents[int(name)] = int(fields[1])
        except OSError:
            pass
    known, more = {root}, {root}
    while more:
        more = {p for p, q in parents.items() if q in known} - known
        known |= more
    return known


def still_there(pids, limit=3):
    """Those of PIDS that do not go within LIMIT seconds."""
    end = time.monotonic() + limit
    while True:
        left = []
        for pid in pids:
            try:
                with open("/proc/%d/stat" % pid) as file:
                    if file.read().rpartition(")")[2].split()[0] != "Z":
                        left.append(pid)
            except OSError:
                pass
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def cpu_ticks(pids):
    total = 0
    for pid in pids:
        try:
            with open("/proc/%d/stat" % pid) as file:
                fields = file.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total


class Machine:
    """A booted machine.  Used as a context, it is ended at the end."""

    def __init__(self, *words):
        self.started = time.monotonic()
        self.text = ""
        self.status = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execv(HELL, [HELL, "boot", *words])
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 25, 80, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.wait(5)
        os.close(self.master)

    def read(self, seconds):
        """Takes what the console shows within SECONDS; False at its end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def expect(self, pattern, limit=10):
        """Waits for PATTERN in what was not yet taken, and takes all up to
        its end.  Returns what stood before it, or None."""
        end = time.monotonic() + limit
        while True:
            found = re.search(pattern, self.text)
            if found:
                before = self.text[:found.start()]
                self.text = self.text[found.end():]
                return before
            if time.monotonic() > end or not self.read(0.05):
                if re.search(pattern, self.text):
                    continue
                return None

    def type(self, text):
        """Types TEXT; the return key is a carriage return."""
        os.write(self.master, text.encode())

    def prompt(self, limit=15):
        """Waits for a shell's prompt on a line of its own."""
        return self.expect(r"(?:^|\n)[^\n]*[#$] (?:\x1b\[6n)?$", limit)

    def run(self, command, limit=10):
        """One command line at the prompt: its output and its status, None if
        it did not come back.  Leaves the next prompt taken."""
        self.text = ""
        joint = " " if command.endswith("&") else "; "
        self.type(command + joint + "echo =$?=\r")
        end = time.monotonic() + limit
        while True:
            found = re.search(r"(?:^|[^$?])=(\d+)=\n", self.text)
            if found:
                shown = self.text[:found.start(1) - 1].partition("\n")[2]
                status = int(found.group(1))
                self.text = self.text[found.end():]
                self.prompt(2)
                return shown, status
            if time.monotonic() > end or not self.read(0.05):
                return self.text, None

    def wait(self, limit=15):
        """Waits for the machine's process; its exit status, minus the signal
        that ended it, or None."""
        end = time.monotonic() + limit
        while self.status is None and time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            else:
                self.read(0.02)
        while self.status is not None and self.read(0) and \
                select.select([self.master], [], [], 0)[0]:
            pass
        return self.status
