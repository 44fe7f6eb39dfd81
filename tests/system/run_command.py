# SPDX-License-Identifier: GPL-2.0-or-later
"""hell run: one command, its streams and its status."""
import os
import signal
import subprocess
import time

import machine
from machine import check, check_clean, debugfs, fresh_image, hell


def test_statuses():
    image = fresh_image()
    for words, wanted in ((["/bin/true"], 0), (["/bin/false"], 1),
                          (["/bin/sh", "-c", "exit 42"], 42),
                          (["/bin/sh", "-c", "kill -9 $$"], 137),
                          (["/bin/nothing"], 127)):
        status, out, err = hell("run", "--disk", image, "--", *words)
        check(status == wanted, "%s: status %d" % (" ".join(words), wanted),
              "status %s\n%s%s" % (status, out, err))


def test_streams():
    image = fresh_image()
    status, out, err = hell("run", "--disk", image, "--", "/usr/bin/sort",
                            given=b"pear\napple\nfig\n")
    check(status == 0 and "apple\nfig\npear\n" in out, "input and output",
          "status %s\n%s%s" % (status, out, err))
    check("module 0:" not in out, "standard output is the command's alone",
          out)
    status, out, err = hell("run", "--disk", image, "--", "/bin/sh",
                            given=b"echo read\ntest -t 1 || echo plain\n")
    check(status == 0 and out == "read\nplain\n",
          "redirected streams are no terminals", "%r %r" % (out, err))
    status, out, err = hell("run", "--disk", image, "--", "/bin/sh", "-c",
                            "sleep 100 & echo x; exit 3")
    check(status == 3 and out == "x\n",
          "what runs on in the background is not waited for",
          "%s %r %r" % (status, out, err))


def test_busybox_commands():
    image = fresh_image()
    status, out, err = hell("run", "--persist", "--disk", image, "--",
                            "/bin/sh", "/tests/commands.sh", limit=120)
    for line in out.split("\n"):
        if line.startswith("ok "):
            check(True, line[3:])
        elif line.startswith("FAIL "):
            check(False, line[5:])
    check("commands done" in out and status == 0, "all were run",
          "status %s\n%s%s" % (status, out[-1500:], err))
    check_clean(image, "after the commands")


def test_changes_are_thrown_away_unless_they_persist():
    image = fresh_image()
    with open(image, "rb") as file:
        before = hash(file.read())
    hell("run", "--disk", image, "--", "/bin/sh", "-c", "echo no >/root/no")
    with open(image, "rb") as file:
        check(hash(file.read()) == before, "without --persist nothing changes")
    status, out, _ = hell("run", "--persist", "--disk", image, "--", "/bin/sh",
                          "-c", "echo yes >/root/yes")
    check(status == 0, "with --persist", out)
    check_clean(image, "after --persist")
    check(debugfs(image, "cat /root/yes") == "yes\n", "the file is there")


def test_ends_before_the_command_does():
    image = fresh_image()
    for words, wanted, said in (
            ("halt; sleep 100", 125, "before the command had ended"),
            ("kill -9 $(pidof rumpdisk); sleep 100", 1,
             "before the command had ended: essential task"),
            ("kill -9 $(pidof auth); sleep 100", 1,
             "before the command had ended: essential task")):
        status, out, err = hell("run", "--disk", image, "--", "/bin/sh", "-c",
                                words)
        check(status == wanted and said in err and "without" not in err,
              "%s: said, status %d" % (words, wanted),
              "status %s\n%s%s" % (status, out, err))


def test_a_signal_ends_it():
    image = fresh_image()
    for number in (signal.SIGTERM, signal.SIGINT):
        child = subprocess.Popen(
            [machine.HELL, "run", "--disk", image, "--", "/bin/sh", "-c",
             "echo up; sleep 100"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.read(child.stdout.fileno(), 1)
        time.sleep(0.2)
        child.send_signal(number)
        try:
            out, err = child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
        check(child.returncode == 128 + number and
              signal.Signals(number).name.encode() in err and
              b"before the command had ended" in err,
              "%s: said, status %d" % (number.name, 128 + number),
              "status %s\n%r\n%r" % (child.returncode, out, err))


def test_a_command_that_was_not_reached():
    image = fresh_image()
    debugfs(image, "rm /libexec/runcommand", write=True)
    status, out, err = hell("run", "--disk", image, "--", "/bin/true", limit=60)
    check(status not in (0, None) and "without running the command" in err,
          "no runcommand: said", "status %s\n%s%s" % (status, out, err))
