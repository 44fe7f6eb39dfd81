# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot: what the console shows, what it uses, how it ends."""
import os
import time

from machine import (Machine, check, check_clean, cpu_ticks, family,
                     fresh_image, hell, path, still_there)


def console_shows(words, *lines):
    with Machine(*words) as m:
        shown = m.prompt()
        took = time.monotonic() - m.started
        if not check(shown is not None, "the boot ends in a prompt", m.text):
            return
        print("     | %.2f s from the command to the prompt" % took)
        at = -1
        for line in lines:
            after = shown.find(line, at + 1)
            check(after > at, "console: %r, in order" % line, shown)
            at = max(at, after)
        first = next((line for line in shown.split("\n")
                      if line.startswith("module 0: ")), "")
        check("${" in first or "$(" in first,
              "the module's line is shown as it was written", first)
        check("--host-priv-port=1" in shown, "and with its words replaced")


def test_the_console_shows_what_the_hurd_shows():
    words = ["--disk", fresh_image()]
    console_shows(words, "module 0: ", "module 3: ", "4 multiboot modules\n",
                  "task loaded: ", "\nstart pci-arbiter: ", "pci-arbiter ",
                  "rumpdisk ", "Hurd server bootstrap: ext2fs", " exec",
                  " proc", " auth", ".\n")
    console_shows(words + ["--entry", "classic"], "module 0: ", "module 1: ",
                  "2 multiboot modules\n", "task loaded: ",
                  "\nstart ext2fs: ", "Hurd server bootstrap: ext2fs",
                  " exec", " proc", " auth", ".\n")


def test_an_idle_prompt_uses_no_processor():
    with Machine("--disk", fresh_image()) as m:
        if m.prompt() is None:
            return check(False, "a prompt", m.text)
        time.sleep(1)
        pids = family(m.pid)
        before = cpu_ticks(pids)
        time.sleep(3)
        used = cpu_ticks(pids) - before
        check(used <= 1, "3 s at the prompt use no processor time",
              "%d ticks by %d processes" % (used, len(pids)))


def test_halt_ends_the_machine_in_order():
    image = fresh_image()
    with Machine("--disk", image) as m:
        m.prompt()
        pids = family(m.pid)
        m.run("echo kept >/root/kept")
        m.type("halt\r")
        status = m.wait()
        check(status == 0, "halt: status 0", "status %s\n%s"
              % (status, m.text))
        check(not still_there(pids), "no process stays behind")
    check_clean(image, "after halt")
    status, out, _ = hell("run", "--disk", image, "--", "/bin/cat",
                          "/root/kept")
    check(status == 0 and "kept" in out, "what was written is there", out)


def test_the_end_of_the_last_shell_is_the_end():
    image = fresh_image()
    with Machine("--disk", image) as m:
        m.prompt()
        m.type("exit\r")
        status = m.wait()
        check(status == 0, "exit: status 0", "status %s\n%s"
              % (status, m.text))
    check_clean(image, "after exit")


def test_the_escape_stops_it():
    image = fresh_image()
    with Machine("--disk", image) as m:
        m.prompt()
        pids = family(m.pid)
        m.type("\x1dk")
        status = m.wait()
        check(status == 130, "Ctrl-] k: status 130", status)
        check(not still_there(pids), "no process stays behind")
    with Machine("--disk", fresh_image()) as m:
        m.prompt()
        m.type("\x1dq")
        status = m.wait(20)
        check(status == 0, "Ctrl-] q: status 0", status)


def test_the_classic_configuration_boots_read_only():
    image = fresh_image()
    config = path("tests", "system", "classic.cfg")
    with open(config, "w") as file:
        file.write(r"""
multiboot  /boot/gnumach root=device:hd0 console=com0
module     /hurd/ext2fs.static ext2fs --readonly \
           --multiboot-command-line='${kernel-command-line}' \
           --host-priv-port='${host-port}' \
           --device-master-port='${device-port}' \
           --exec-server-task='${exec-task}' -T typed '${root}' \
           '$(task-create)' '$(task-resume)'
module     /hurd/exec.static exec /hurd/exec '$(exec-task=task-create)'
""")
    with Machine("--config", config, "--disk", image + ",ro") as m:
        if not check(m.prompt() is not None, "it boots to a prompt", m.text):
            return
        shown, status = m.run("echo x >/new")
        check(status not in (0, None) or "ead-only" in shown,
              "the root cannot be written", shown)
        shown, status = m.run("fsysopts /")
        check(status == 0 and "readonly" in shown, "fsysopts says read-only",
              shown)
    check_clean(image, "after a read-only boot")


def test_a_trace_names_messages():
    trace = path("tests", "system", "trace")
    status, out, _ = hell("run", "--disk", fresh_image(), "--trace", trace,
                          "--", "/bin/true")
    check(status == 0, "a traced run", out)
    with open(trace) as file:
        text = file.read()
    for name in ("dir_lookup", "exec_exec", "proc_", "startup_",
                 "memory_object_data_request", "-> kernel"):
        check(name in text, "the trace names " + name)
    os.unlink(trace)


def test_the_console_may_be_plain_streams():
    status, out, err = hell("boot", "--disk", fresh_image(),
                            given=b"echo $((40 + 2))\nhalt\n")
    check(status == 0 and "42" in out, "commands on standard input",
          "status %s\n%s%s" % (status, out, err))
