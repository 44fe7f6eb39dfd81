# SPDX-License-Identifier: GPL-2.0-or-later
"""The order of the boot, from the message trace of each configuration.

The lists below are the bootstrap documents', message by message.  A step is
    SENDER RPC[ reply] RECEIVER [STRING]
where RECEIVER is the task that a kernel call is about, and STRING the path of
the file, or the name, that the message is about.  Steps must come in the order
in which they stand; what else comes in between is not looked at.  Where the
documents leave an order open there are several lists.
"""
import os
import re

from machine import check, fresh_image, hell, path

LINE = re.compile(r"(\S+) (\S+) -> (.+?) (\w+)( reply)? (\d+) @(\d+)(.*)$")


def base(name):
    return name.rsplit("/", 1)[-1] or name


class Trace:
    """A trace's messages as steps, with paths for ports that have one."""

    def __init__(self, file):
        self.steps = []
        self.paths = {}
        self.pending = {}
        for line in file:
            found = LINE.match(line)
            if found:
                self.add(*found.groups())

    def add(self, _time, sender, receiver, rpc, reply, _size, port, rest):
        string = re.search(r'"([^"]*)"', rest)
        string = string.group(1) if string else ""
        answer_to = re.search(r"\^(\d+)", rest)
        right = re.search(r"\+send@(\d+)", rest)
        target = re.search(r"task:(\S+)", rest)
        if rpc == "dir_lookup" and not reply and answer_to:
            self.pending[answer_to.group(1)] = string
        if rpc == "dir_lookup" and reply and right and port in self.pending:
            self.paths[right.group(1)] = self.pending[port]
        if not reply and not string:
            of = right.group(1) if rpc == "exec_exec" and right else port
            string = self.paths.get(of, "")
        if receiver == "kernel" and target:
            receiver = target.group(1)
        words = [base(sender), rpc + (" reply" if reply else ""),
                 base(receiver), string]
        self.steps.append(" ".join(word for word in words if word))

    def check_order(self, wanted, what):
        """WANTED is a subsequence of the steps."""
        at = 0
        for step in wanted:
            try:
                at = self.steps.index(step, at) + 1
            except ValueError:
                early = step in self.steps
                check(False, "%s: %s" % (what, step),
                      "too early" if early else "never")
                return
        check(True, "%s: %d steps in order" % (what, len(wanted)))

    def count(self, prefix):
        return [step for step in self.steps if step.startswith(prefix)]


def traced_boot(entry, config=None):
    trace = path("tests", "system", "order.trace")
    which = ["--config", config] if config else ["--entry", entry]
    status, out, _ = hell("run", "--disk", fresh_image(), "--trace", trace,
                          *which, "--", "/bin/true")
    check(status == 0, "%s: boots with a trace" % entry, out)
    with open(trace, errors="replace") as file:
        result = Trace(file)
    os.unlink(trace)
    return result


# ext2fs and exec (document 2, "libdiskfs bootstrap" to "exec bootstrap").
EXEC = ["ext2fs task_set_special_port exec",
        "ext2fs task_resume exec",
        "exec exec_startup_get_info ext2fs",
        "exec fsys_startup ext2fs",
        "ext2fs dir_lookup ext2fs servers/exec",
        "ext2fs fsys_startup reply exec",
        "exec fsys_getroot reply ext2fs",
        "ext2fs file_set_translator ext2fs servers/exec",
        "ext2fs exec_exec exec hurd/startup",
        "exec task_resume startup"]

# startup, proc and auth, up to ext2fs's fsys_init.
STARTUP = ["startup fsys_getpriv ext2fs",
           "startup file_exec_paths ext2fs /hurd/proc",
           "exec task_resume proc",
           "startup file_exec_paths ext2fs /hurd/auth",
           "exec task_resume auth",
           "startup startup_procinit reply proc",
           "startup proc_child proc",
           "startup file_set_translator ext2fs servers/startup",
           "startup startup_authinit reply auth",
           "startup fsys_init ext2fs",
           "ext2fs fsys_init reply startup",
           "ext2fs exec_init exec",
           "exec startup_essential_task startup exec",
           "exec exec_init reply ext2fs"]

END = ["ext2fs startup_essential_task startup ext2fs",
       "ext2fs startup_request_notification startup ext2fs"]

# Whatever the order, proc and auth are heard before startup answers either.
INIT = [["proc startup_procinit startup", "startup startup_procinit reply proc"],
        ["auth startup_authinit startup", "startup startup_procinit reply proc"],
        ["auth startup_authinit startup", "startup startup_authinit reply auth"],
        ["startup startup_procinit reply proc",
         "proc startup_essential_task startup proc"],
        ["startup startup_authinit reply auth",
         "auth startup_essential_task startup auth"]]


def stage(name, following):
    """A chained server starts the next, and is asked what it passes on."""
    return [name + " task_set_special_port " + following,
            name + " task_resume " + following,
            following + " fsys_getpriv " + name]


def introduced(chain):
    """ext2fs introduces itself up the chain, the last of CHAIN first, before
    it can be told of proc and auth."""
    up = ["ext2fs"] + chain[::-1]
    there = ["%s fsys_startup %s" % pair for pair in zip(up, up[1:])]
    back = ["%s fsys_startup reply %s" % (pair[1], pair[0])
            for pair in zip(up, up[1:])]
    return there + back[::-1] + ["startup fsys_init ext2fs"]


def initialised(chain, nodes):
    """fsys_init goes up the chain; on its way back each server installs
    itself, becomes essential, and asks to hear of the end."""
    up = ["ext2fs"] + chain[::-1]
    steps = ["exec exec_init reply ext2fs"]
    steps += ["%s fsys_init %s" % pair for pair in zip(up, up[1:])]
    for name, before in zip(chain, chain[1:] + ["ext2fs"]):
        steps.append("ext2fs fsys_getroot reply " + name)
        steps += ["%s file_set_translator ext2fs %s" % (name, node)
                  for node in nodes.get(name, [])]
        steps += ["%s startup_essential_task startup %s" % (name, name),
                  "%s startup_request_notification startup %s" % (name, name),
                  "%s fsys_init reply %s" % (name, before)]
    return steps + END


def check_essential(trace, names, what):
    """Each essential server has said so, once."""
    said = sorted(step.rsplit(" ", 1)[-1] for step in trace.steps
                  if " startup_essential_task startup " in step)
    check(said == sorted(names), what + ": the essential ones: " +
          " ".join(names), said)


def check_end(trace, names, what):
    """They are told of the end in the order NAMES: the file system first, the
    ground that it stands on afterwards."""
    told = [step.split()[-1] for step in trace.steps
            if step.startswith("startup startup_dosync ")]
    check(told == names, what + ": told of the end: " + " ".join(names), told)


def check_common(trace, what):
    trace.check_order(EXEC + STARTUP, what + ": ext2fs to exec_init")
    for i, order in enumerate(INIT):
        trace.check_order(order, "%s: proc and auth, %d" % (what, i + 1))
    trace.check_order(["ext2fs startup_essential_task startup ext2fs",
                       "exec task_resume console-run"],
                      what + ": the first program after the servers")


def check_chain(entry, chain, nodes, config=None):
    trace = traced_boot(entry, config)
    check_common(trace, entry)
    for name, following in zip(chain, chain[1:] + ["ext2fs"]):
        trace.check_order(stage(name, following),
                          "%s: %s starts %s" % (entry, name, following))
    trace.check_order(introduced(chain), entry + ": ext2fs introduces itself")
    trace.check_order(initialised(chain, nodes), entry + ": fsys_init and back")
    names = ["exec", "ext2fs", "proc", "auth"] + chain
    check_essential(trace, names, entry)
    check_end(trace, ["ext2fs"] + chain[::-1], entry)


def check_classic(entry):
    trace = traced_boot(entry)
    check_common(trace, entry)
    trace.check_order(["exec exec_init reply ext2fs"] + END, entry + ": the end")
    check_essential(trace, ["exec", "ext2fs", "proc", "auth"], entry)
    check_end(trace, ["ext2fs"], entry)


ACPI_SECOND = """multiboot /boot/gnumach root=device:wd0
module /hurd/pci-arbiter.static pci-arbiter --next-task='${acpi-task}' \\
    --host-priv-port='${host-port}' --device-master-port='${device-port}' \\
    '$(task-create)' '$(task-resume)'
module /hurd/acpi.static acpi --next-task='${disk-task}' \\
    '$(acpi-task=task-create)'
module /hurd/rumpdisk.static rumpdisk --next-task='${fs-task}' \\
    '$(disk-task=task-create)'
module /hurd/ext2fs.static ext2fs -T typed '${root}' \\
    --multiboot-command-line='${kernel-command-line}' \\
    --exec-server-task='${exec-task}' '$(fs-task=task-create)'
module /hurd/exec.static exec '$(exec-task=task-create)'
"""

PCI = {"pci-arbiter": ["servers/bus/pci"]}
DISK = {"rumpdisk": ["dev/disk"]}


def test_the_classic_boot_order():
    check_classic("classic")
    check_classic("classic, exec by ld.so.1")


def test_the_boot_order_with_rumpdisk():
    check_chain("rump", ["rumpdisk"], DISK)


def test_the_boot_order_with_pci_arbiter():
    check_chain("full", ["pci-arbiter", "rumpdisk"], {**PCI, **DISK})


def test_the_boot_order_with_acpi():
    check_chain("acpi", ["acpi", "pci-arbiter", "rumpdisk"], {**PCI, **DISK})


def test_the_boot_order_with_acpi_behind_pci_arbiter():
    name = path("tests", "system", "acpi-second.cfg")
    with open(name, "w") as file:
        file.write(ACPI_SECOND)
    check_chain("acpi second", ["pci-arbiter", "acpi", "rumpdisk"],
                {**PCI, **DISK}, name)


def test_the_sequence_is_drawn():
    trace = path("tests", "system", "order.trace")
    hell("run", "--disk", fresh_image(), "--trace", trace, "--entry", "full",
         "--", "/bin/true")
    status, out, _ = hell("trace", "--sequence", trace)
    lines = out.split("\n")
    check(status == 0 and "pci-arbiter" in lines[0] and "auth" in lines[0],
          "the chart names who takes part", lines[0])
    check("file_set_translator /servers/bus/pci" in out and
          "startup_essential_task rumpdisk" in out,
          "the chart tells what about", out)
    check(any("<--" in line and "fsys_init" in line for line in lines),
          "the chart has arrows", out)
    status, out, _ = hell("trace", trace)
    check(status == 0 and "dir_lookup" in out, "the table counts RPCs", out)
    os.unlink(trace)
    status, _, err = hell("trace", "--sequence", __file__)
    check(status != 0 and "order.py:1: no line" in err,
          "a file that is no trace is refused", err)
