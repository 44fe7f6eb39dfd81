# SPDX-License-Identifier: GPL-2.0-or-later
"""The interactive shell: editing, pipelines, jobs, signals, servers."""
import os
import time

from machine import (Machine, check, check_clean, family, fresh_image,
                     still_there)


def booted(*words):
    m = Machine("--disk", fresh_image(), *words)
    check(m.prompt() is not None, "a prompt", m.text)
    return m


def shows(m, command, wanted, status=0, limit=10):
    shown, got = m.run(command, limit)
    check(got == status and wanted in shown, command,
          "status %s: %s" % (got, shown))


def test_commands_at_the_prompt():
    with booted() as m:
        shows(m, "echo hello", "hello")
        shows(m, "ls /", "servers")
        shows(m, "ls -l /bin/busybox", "busybox")
        shows(m, "seq 1 5 | tail -n 1", "5")
        shows(m, "false", "", 1)
        shows(m, "cat /none", "No such file", 1)
        shows(m, "uname", "GNU")
        shows(m, "tty", "/dev/console")
        shows(m, "readlink /proc/self/fd/0", "/dev/console")
        shows(m, "readlink -f /dev/fd/0", "/dev/console")
        shows(m, "cat /hurd/exec >/dev/null", "")
        shows(m, "x=$(echo sub); echo $x$x", "subsub")


def test_a_line_can_be_edited():
    with booted() as m:
        m.run("true")
        m.text = ""
        m.type("echo wromg\x7f\x7f\x7fong\r")
        check(m.expect("\nwrong\n", 5) is not None, "backspace", m.text)
        m.prompt(5)
        m.text = ""
        m.type("\x1b[A\r")
        check(m.expect("\nwrong\n", 5) is not None,
              "the up arrow brings the last line back", m.text)


def test_control_c_reaches_what_runs():
    with booted() as m:
        m.run("true")
        m.type("sleep 60\r")
        time.sleep(0.4)
        m.text = ""
        started = time.monotonic()
        m.type("\x03")
        check(m.prompt(5) is not None, "Ctrl-C ends sleep", m.text)
        check(time.monotonic() - started < 3, "at once")
        shown, status = m.run("echo $?")
        check(status == 0, "the shell goes on", shown)
        m.text = ""
        m.type("cat\r")
        time.sleep(0.3)
        m.type("typed\r")
        check(m.expect("typed\ntyped\n", 5) is not None,
              "cat repeats a line", m.text)
        m.type("\x04")
        check(m.prompt(5) is not None, "Ctrl-D ends its input", m.text)
        m.type("while :; do :; done\r")
        time.sleep(0.4)
        m.text = ""
        m.type("\x03")
        check(m.prompt(5) is not None, "Ctrl-C ends a busy loop", m.text)


def test_jobs():
    with booted() as m:
        m.run("true")
        shows(m, "sleep 30 &", "")
        shows(m, "jobs", "sleep 30")
        shows(m, "kill %1; wait %1", "", 143)
        m.text = ""
        m.type("sleep 20\r")
        time.sleep(0.4)
        m.type("\x1a")
        check(m.prompt(5) is not None, "Ctrl-Z stops a job", m.text)
        shows(m, "jobs", "Stopped")
        m.text = ""
        m.type("fg\r")
        time.sleep(0.3)
        m.type("\x03")
        check(m.prompt(5) is not None, "fg, and Ctrl-C ends it", m.text)


def test_many_processes_at_once():
    with booted() as m:
        shows(m, "for i in $(seq 20); do sleep 0.2 & done; wait", "",
              limit=20)
        shows(m, "seq 3000 | sort -n | tail -n 1", "3000", limit=20)


def test_vi_writes_a_file():
    with booted() as m:
        m.run("cd /tmp")
        m.type("vi note\r")
        check(m.expect("note", 5) is not None, "vi shows its file", m.text)
        time.sleep(0.3)
        m.type("ifrom vi")
        time.sleep(0.3)
        m.type("\x1b")
        time.sleep(0.4)
        m.text = ""
        m.type(":wq\r")
        check(m.prompt(5) is not None, "vi ends", m.text)
        shows(m, "cat note", "from vi")


def test_the_end_of_a_server_that_is_not_essential():
    image = fresh_image()
    with Machine("--disk", image) as m:
        m.prompt()
        m.run("echo x | cat")
        shown, status = m.run("ps | grep '[p]flocal'")
        words = shown.split()
        number = words[0] if status == 0 and words else None
        if not check(number and number.isdigit(), "pflocal is a process",
                     shown):
            return
        m.run("kill -9 %s" % number)
        time.sleep(0.3)
        shows(m, "echo still here", "still here")
        shows(m, "ls /servers", "exec")
        shows(m, "echo again | cat", "again")
        m.type("halt\r")
        check(m.wait() == 0, "and halts", m.text)
    check_clean(image, "afterwards")


def test_kill_9_of_the_kernel_leaves_nothing():
    m = booted()
    pids = family(m.pid)
    check(len(pids) > 5, "the machine has processes", len(pids))
    os.kill(m.pid, 9)
    check(m.wait(5) == -9, "the kernel is killed")
    left = still_there(pids)
    check(not left, "no task outlives it", left)
    os.close(m.master)
