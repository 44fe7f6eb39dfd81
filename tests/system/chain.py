# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot's chain: servers that start one another before there is a root.

`stage' is a stage without hardware; where its device is not asked for, the
kernel's hd0 is reached through it.
"""
import os
import struct
import subprocess

from machine import Machine, check, check_clean, fresh_image, hell, path
from bad_input import tells

PRIVILEGES = ("--host-priv-port='${host-port}' "
              "--device-master-port='${device-port}' ")
FIRST = " '$(task-create)' '$(task-resume)'"
ROOT = ("--multiboot-command-line='${kernel-command-line}' "
        "--exec-server-task='${exec-task}' -T typed '${root}' ")


def stage(name, words, task=None, program="tests/chain/stage"):
    """A module line; the first stage has no TASK name and the privileges."""
    own = (" '$(%s=task-create)'" % task) if task else FIRST
    return "%s %s %s%s%s" % (path(program), name, "" if task else PRIVILEGES,
                             words, own)


def ext2fs(words="", task="fs-task"):
    return "%s ext2fs %s%s'$(%s=task-create)'" % (path("servers", "ext2fs"),
                                                  words, ROOT, task)


def execserver():
    return path("servers", "exec") + " exec '$(exec-task=task-create)'"


def config(*modules, root="device:hd0"):
    name = path("tests", "system", "chain.cfg")
    with open(name, "w") as file:
        file.write("multiboot kernel root=%s console=com0\n" % root)
        for module in modules:
            file.write("module %s\n" % module)
    return name


TWO_STAGES = (stage("first", "--disk-server-task='${disk-task}'"),
              stage("second", "--fs-server-task='${fs-task}'", "disk-task"),
              ext2fs(), execserver())
PCI = (stage("pci-arbiter", "--disk-server-task='${disk-task}'",
             program="servers/pci-arbiter"),
       stage("second", "--fs-server-task='${fs-task}'", "disk-task"),
       ext2fs(), execserver())
ACPI = (stage("acpi", "--next-task='${pci-task}'", program="servers/acpi"),
        stage("pci-arbiter", "--next-task='${disk-task}'", "pci-task",
              program="servers/pci-arbiter"),
        stage("second", "--next-task='${fs-task}'", "disk-task"),
        ext2fs(), execserver())


def boots(what, words, *shown):
    """Boots to a prompt, with SHOWN on the console in that order."""
    m = Machine(*words)
    text = m.prompt(20)
    if not check(text is not None, what + ": it boots to a prompt", m.text):
        return m, False
    at = -1
    for word in shown:
        after = text.find(word, at + 1)
        check(after > at, "%s: console: %r, in order" % (what, word), text)
        at = max(at, after)
    return m, True


def halts(m, what, *shown):
    m.text = ""
    m.type("halt\r")
    status = m.wait(20)
    check(status == 0, what + ": halt: status 0",
          "status %s\n%s" % (status, m.text))
    at = -1
    for word in shown:
        after = m.text.find(word, at + 1)
        check(after > at, "%s: at the end: %r, in order" % (what, word), m.text)
        at = max(at, after)


def test_two_stages_and_a_root():
    image = fresh_image()
    m, up = boots("chain", ["--config", config(*TWO_STAGES), "--disk", image],
                  "start first: ", "first ", "second ",
                  "Hurd server bootstrap: ext2fs[device:hd0] exec", " startup",
                  " proc", " auth", ".\n")
    with m:
        if not up:
            return
        shown, _ = m.run("ps")
        for name in ("first --", "second --", "ext2fs --"):
            check(name in shown, "each stage is a process: " + name, shown)
        shown, status = m.run("ls -l /dev/first /dev/second")
        check(status == 0, "each is attached to its node", shown)
        m.run("touch /tmp/d; settrans -a /tmp/d "
              "/hurd/storeio @/dev/first:hd0")
        shown, status = m.run("dd if=/tmp/d bs=2 skip=540 count=1 2>/dev/null "
                              "| od -An -tx1")
        check("53 ef" in shown,
              "a device nobody in the chain has is the kernel's", shown)
        m.run("touch /tmp/e; settrans -a /tmp/e "
              "/hurd/storeio @/dev/first:wd7")
        shown, status = m.run("cat /tmp/e")
        check(status == 1 and "No such device" in shown,
              "and one that the kernel has not either is refused", shown)
        shown, status = m.run("settrans -g /dev/first")
        check(status not in (0, None), "a stage does not go away", shown)
        halts(m, "chain", "notifying ext2fs", "notifying second",
              "(stage synced)done", "notifying first", "(stage synced)done")
    check_clean(image, "after a chained boot")


def test_exec_by_ld_so():
    image = fresh_image()
    m, up = boots("ld.so.1", ["--entry", "classic, exec by ld.so.1", "--disk",
                              image], "task loaded: exec /hurd/exec", " exec")
    with m:
        if up:
            shown, _ = m.run("ps")
            check("/hurd/exec" in shown, "exec is what it loaded", shown)
            halts(m, "ld.so.1")


AHCI_CONFIG = "/servers/bus/pci/0000/00/02/0/config"


def test_pci_arbiter():
    image = fresh_image()
    second = path("tests", "system", "second.img")
    subprocess.run(["cp", image, second], check=True)
    m, up = boots("pci", ["--config", config(*PCI), "--disk", image, "--disk",
                          second + ",virtio"], "pci-arbiter second ")
    with m:
        if not up:
            return
        shown, status = m.run("/tests/pci list")
        lines = shown.strip().split("\n")
        check(status == 0 and any("class 010601" in line and "region5" in line
                                  for line in lines),
              "a client sees the AHCI controller", shown)
        shown2, _ = m.run("find /servers/bus/pci/0000 -name config | wc -l")
        check(shown2.strip() == str(len(lines)),
              "and as many functions as there are files", shown2)
        ahci = next((line.split(":")[0] for line in lines
                     if "class 010601" in line), "0")
        shown, _ = m.run("/tests/pci map %s 5" % ahci)
        check("first word" in shown and "ffffffff" not in shown,
              "its registers can be mapped", shown)
        m.run("/tests/pci claim %s & sleep 1" % ahci)
        shown, status = m.run("/tests/pci claim " + ahci)
        check(status == 1 and "busy" in shown,
              "a claimed function is refused to another", shown)
        shown, status = m.run("/tests/pci write " + ahci)
        check(status == 1 and "busy" in shown,
              "who may not write its registers either", shown)
        shown, _ = m.run("od -An -tx1 -j4 -N1 " + AHCI_CONFIG)
        check(shown.split() == ["06"], "it is a bus master meanwhile", shown)
        m.run("wait; sleep 1")
        shown, _ = m.run("od -An -tx1 -j4 -N1 " + AHCI_CONFIG)
        check(shown.split() == ["02"],
              "a device that was let go reaches no memory any more", shown)
        shown, status = m.run("/tests/pci write " + ahci)
        check(status == 0, "but when the first has ended it may", shown)
        m.run("touch /tmp/p; settrans -a /tmp/p /hurd/pci-arbiter")
        shown, _ = m.run("find /tmp/p | wc -l")
        shown2, _ = m.run("find /servers/bus/pci | wc -l")
        check(shown.strip() == shown2.strip() and int(shown or 0) > 5,
              "a second arbiter shows what the first has", shown + shown2)
        shown, status = m.run("chmod 777 /servers/bus/pci/0000 || "
                              "mkdir /servers/bus/pci/x")
        check(status == 1, "nothing can be changed there", shown)
        halts(m, "pci", "notifying pci-arbiter")
    os.unlink(second)


def test_acpi():
    image = fresh_image()
    m, up = boots("acpi", ["--config", config(*ACPI), "--disk", image],
                  "acpi pci-arbiter second ")
    with m:
        if not up:
            return
        shown, status = m.run("ls /servers/acpi/tables")
        check("DSDT" in shown and "FACP" in shown, "the tables are files",
              shown)
        shown, status = m.run("head -c 4 /servers/acpi/tables/DSDT")
        check(shown.startswith("DSDT"), "and can be read", shown)
        listed, _ = m.run("/tests/pci list")
        line = next((x for x in listed.split("\n") if "class 010601" in x), "")
        words = line.split()
        if check(len(words) > 6, "there is an AHCI controller", listed):
            slot = words[1].split(":")[2].split(".")[0]
            shown, _ = m.run("/tests/acpi irq 0 %d 0" % int(slot, 16))
            check("irq " + words[6] in shown,
                  "its interrupt is that of its line register", shown + line)
        shown, status = m.run("/tests/acpi irq 0 30 0")
        check(status == 1, "a function that is not there has none", shown)
        shown, status = m.run("su -s /bin/sh nobody -c '/tests/acpi sleep 5' "
                              "2>&1 || setuidgid nobody /tests/acpi sleep 5")
        check(status != 0, "only root puts the machine to sleep", shown)
        m.text = ""
        m.type("/tests/acpi sleep 5\r")
        check(m.wait(10) == 0, "sleep 5 turns it off", m.text)


# --- the image's own configurations ----------------------------------------------


def configuration(entry, *shown):
    """Boots the menuentry, looks at its disk, halts, and looks again."""
    image, second = fresh_image(), fresh_image("second.img")
    m, up = boots(entry, ["--entry", entry, "--disk", image, "--disk", second],
                  *shown, "Hurd server bootstrap: ext2fs[device:wd0] exec",
                  " startup", " proc", " auth", ".\n")
    with m:
        if up:
            look_at_disks(m)
            shown, _ = m.run("ps")
            check("rumpdisk --" in shown, "rumpdisk is a process", shown)
            message_ports(m)
            m.run("echo kept >/root/kept")
            halts(m, entry, "notifying ext2fs", "notifying rumpdisk",
                  "halting", "power off")
    check_clean(image, entry)
    status, out, _ = hell("run", "--disk", image, "--", "/bin/cat",
                          "/root/kept")
    check(status == 0 and "kept" in out,
          entry + ": what was written is there by the kernel's disk", out)
    os.unlink(second)


def message_ports(m):
    m.run("sleep 100 & cat /dev/hd1 >/dev/null; ls /servers/bus/pci >/dev/null")
    shown, status = m.run("PROGRAM=$$ /tests/msgports", 40)
    check(status == 0 and "processes answer" in shown,
          "all processes answer at their message ports", shown)
    m.run("kill %1")


def look_at_disks(m):
    shown, _ = m.run("ls -l /dev/wd0 /dev/wd1")
    check(shown.count("brw") == 2, "the disks are block devices", shown)
    shown, _ = m.run("dd if=/dev/wd1 bs=2 skip=540 count=1 2>/dev/null "
                     "| od -An -tx1")
    check("53 ef" in shown, "the second disk can be read", shown)
    m.run("mkdir /tmp/m; settrans -a /tmp/m /hurd/ext2fs "
          "device:@/dev/disk:wd1")
    shown, status = m.run("ls /tmp/m/hurd")
    check(status == 0 and "ext2fs" in shown, "and mounted", shown)
    m.run("settrans -g /tmp/m; settrans -ga /tmp/m")
    shown, status = m.run("cat /dev/wd5")
    check(status != 0, "a disk that is not there", shown)


def test_rump():
    configuration("rump", "start rumpdisk: rumpdisk ")


def test_full():
    configuration("full", "start pci-arbiter: pci-arbiter rumpdisk ")


def test_acpi_first():
    configuration("acpi", "start acpi: acpi pci-arbiter rumpdisk ")


def test_file_systems_on_files():
    second = fresh_image("second.img")
    with Machine("--disk", fresh_image(), "--disk", second) as m:
        m.prompt()
        m.run("mkdir /tmp/m /tmp/n")
        shown, status = m.run("settrans -a /tmp/m /hurd/ext2fs /dev/nothing")
        check("ext2fs: /dev/nothing: " in shown, "a node that is not there",
              shown)
        shown, status = m.run("settrans -a /tmp/m /hurd/ext2fs "
                              "part:1:file:/dev/wd1")
        check("ext2fs: part:1:" in shown, "a partition that is not there",
              shown)
        m.run("settrans -a /tmp/m /hurd/ext2fs /dev/wd1")
        shown, status = m.run("ls /tmp/m/hurd; fsysopts /tmp/m")
        check("exec" in shown and "/dev/wd1" in shown,
              "ext2fs stands on a block device's node", shown)
        m.run("cp /bin/settrans /tmp/m/root/it; sync; settrans -g /tmp/m")
        m.run("dd if=/dev/zero of=/tmp/img bs=64k count=100 2>/dev/null")
        m.run("mke2fs -F /tmp/img >/dev/null")
        shown, status = m.run("settrans -a /tmp/n /hurd/ext2fs /tmp/img")
        if check(status == 0, "and on a file", shown):
            m.run("echo inside >/tmp/n/x; settrans -g /tmp/n")
            m.run("settrans -a /tmp/n /hurd/ext2fs /tmp/img")
            shown, _ = m.run("cat /tmp/n/x")
            check("inside" in shown, "which keeps what is written", shown)
            m.run("settrans -g /tmp/n")
        halts(m, "file systems on files")
    check_clean(second, "the second disk")
    os.unlink(second)


def test_nobody_gets_at_the_disk():
    with Machine("--entry", "full", "--disk", fresh_image()) as m:
        m.prompt()
        m.run("cd /tmp; chmod 777 .; alias n='su nobody -s /bin/sh -c'")
        m.run("n 'touch a b c'")
        shown, status = m.run("n 'settrans -a a /hurd/storeio "
                              "@/dev/disk:wd0'; n 'cat a'")
        check(status != 0 and "denied" in shown,
              "/dev/disk is root's", shown)
        m.run("chmod 666 /dev/disk")
        shown, _ = m.run("n 'settrans -a b /hurd/storeio @/dev/disk:wd0';"
                         "dd if=b bs=2 skip=540 count=1 2>/dev/null | xxd")
        check("53ef" in shown, "who may write it opens its disks", shown)
        m.run("n 'settrans -a c /hurd/storeio @/dev/disk:hd0'")
        shown, status = m.run("cat c")
        check(status != 0, "and no others", shown)
        shown, status = m.run("n 'cat /servers/bus/pci/0000/00/02/0/region5'")
        check(status != 0 and "denied" in shown,
              "nor the controller's registers", shown)


def test_a_disk_server_that_dies():
    with Machine("--entry", "full", "--disk", fresh_image()) as m:
        m.prompt()
        m.text = ""
        m.type("kill -9 $(pidof rumpdisk)\r")
        status = m.wait(20)
        check(status == 1 and "essential task rumpdisk died" in m.text,
              "the system stops and says why", "status %s\n%s"
              % (status, m.text))


def test_power_off_by_acpi():
    with Machine("--entry", "classic", "--disk", fresh_image()) as m:
        m.prompt()
        halts(m, "classic", "halting", "power off")


# --- stores --------------------------------------------------------------------


def dos_entry(kind, first, count):
    return struct.pack("<B3sB3sII", 0, b"", kind, b"", first, count)


def disk_with_logical(image):
    """IMAGE as the second logical partition of a disk."""
    name = path("tests", "system", "parts.img")
    size = os.path.getsize(image) // 512
    with open(name, "wb") as disk, open(image, "rb") as root:
        disk.truncate((8192 + size) * 512)
        tables = {0: [(0x83, 2048, 1024), (0x05, 4096, 4096 + size)],
                  4096: [(0x83, 64, 1024), (0x05, 2048, 1024 + size)],
                  6144: [(0x83, 512, size)]}
        for sector, entries in tables.items():
            disk.seek(sector * 512 + 446)
            disk.write(b"".join(dos_entry(*e) for e in entries).ljust(64,
                                                                      b"\0"))
            disk.write(b"\x55\xaa")
        disk.seek((6144 + 512) * 512)
        while chunk := root.read(1 << 20):
            if chunk.strip(b"\0"):
                disk.write(chunk)
            else:
                disk.seek(len(chunk), os.SEEK_CUR)
    return name


def test_a_root_on_a_logical_partition():
    disk = disk_with_logical(fresh_image())
    words = ["--config", config(*TWO_STAGES, root="part:6:device:hd0"),
             "--disk", disk]
    m, up = boots("part:6", words, "ext2fs[part:6:device:hd0]")
    with m:
        if up:
            shown, status = m.run("cat /dev/hd0s4")
            check(status == 1 and "No such device" in shown,
                  "a partition that is not there", shown)
            shown, _ = m.run("head -c 1000 /dev/hd0s1 | wc -c")
            check("1000" in shown, "and one that is, as a file", shown)
            halts(m, "part:6")
    tells("a partition that is not there",
          ["--config", config(*TWO_STAGES, root="part:3:device:hd0"),
           "--disk", disk], "ext2fs: ", "part:3:device:hd0", status=1)
    os.unlink(disk)


def test_block_devices_are_files():
    with Machine("--entry", "classic", "--disk", fresh_image(), "--disk",
                 fresh_image("second.img")) as m:
        m.prompt()
        shown, _ = m.run("ls -l /dev/hd1")
        check(shown.startswith("b"), "/dev/hd1 is a block device", shown)
        shown, status = m.run(
            "printf abcdef | dd of=/dev/hd1 bs=1 seek=509 conv=notrunc "
            "2>/dev/null; dd if=/dev/hd1 bs=1 skip=508 count=8 2>/dev/null "
            "| od -An -c | tr -d ' '")
        check("\\0abcdef\\0" in shown, "bytes across sectors", shown)
        shown, status = m.run("cat /dev/wd0")
        check(status == 1 and "No such device" in shown,
              "a disk of a rumpdisk that is not there", shown)
        shown, status = m.run("cat /dev/hd1 | wc -c; "
                              "echo x | dd of=/dev/hd1 bs=1 seek=128M", 90)
        check(str(128 << 20) in shown and "No space" in shown,
              "as many bytes as the disk has", shown)
    os.unlink(path("tests", "system", "second.img"))


def test_the_time_is_a_file():
    with Machine("--entry", "classic", "--disk", fresh_image()) as m:
        m.prompt()
        shown, status = m.run("/tests/maptime")
        check(status == 0 and "the time goes on" in shown,
              "a program maps the clock", shown)
        shown, status = m.run("su nobody -s /bin/sh -c /tests/maptime")
        check(status == 0 and "the time goes on" in shown,
              "and an ordinary user's", shown)
        shown, status = m.run("ls -l /dev/time; wc -c < /dev/time")
        check(shown.startswith("c") and shown.split()[-1] == "0",
              "nothing of it can be read", shown)
        shown, status = m.run("echo x > /dev/time")
        check(status != 0, "or written", shown)


# --- what is wrong --------------------------------------------------------------


def test_chains_that_cannot_boot():
    image = fresh_image()

    def wrong(what, modules, *expected, root="device:hd0"):
        tells(what, ["--config", config(*modules, root=root), "--disk", image],
              *expected, status=1)

    fs, server = ext2fs(), execserver()
    wrong("a next task that is not there",
          (stage("first", "--next-task=99"), fs, server),
          "first: --next-task=99: ")
    wrong("the same by its older name",
          (stage("first", "--disk-server-task=99"), fs, server),
          "first: --disk-server-task=99: ")
    wrong("no next task", (stage("first", ""), fs, server),
          "first: --next-task is missing")
    wrong("an option that is not known",
          (stage("first", "--next-tsk='${fs-task}'"), fs, server),
          "first: ", "--next-tsk")
    wrong("exec where the file system should be",
          (stage("first", "--fs-server-task='${exec-task}'"), fs, server),
          "first: --fs-server-task=", "ended")
    wrong("two roots",
          (stage("first", "--next-task='${fs-task}'"), fs,
           stage("ext2fs", ROOT, program="servers/ext2fs"), server),
          "ext2fs: ", "hd0: in use")
    wrong("a device nobody has",
          (stage("first", "--next-task='${fs-task}'"), fs, server),
          "ext2fs: ", "wd7: ", "no such device", root="device:wd7")
    wrong("two stores", (stage("first", "--next-task='${fs-task}'"),
                         ext2fs("device:hd1 "), server),
          "ext2fs: ", "a second store")
    wrong("an arbiter behind one who has the ports",
          (stage("first", "--next-task='${pci-task}'",
                 program="servers/pci-arbiter"),
           stage("pci-arbiter", "--next-task=9", "pci-task",
                 program="servers/pci-arbiter"), fs, server),
          "pci-arbiter: --next-task=9: ")


def test_a_first_module_that_ends_ends_the_machine():
    name = path("tests", "system", "alone.cfg")
    with open(name, "w") as file:
        file.write("multiboot kernel\nmodule %s rumpdisk '$(task-create)' "
                   "'$(task-resume)'\n" % path("servers", "rumpdisk"))
    tells("a stage without any port", ["--config", name],
          "rumpdisk: --host-priv-port and --device-master-port are missing",
          status=1)
    tells("and nothing is waited for", ["--config", name],
          "No task is left that could run.", status=1)


def test_a_word_of_the_script_names_no_task():
    tells("a task that no module makes",
          ["--config", config(stage("first", "--next-task='${nowhere}'"),
                              ext2fs(), execserver()),
           "--disk", fresh_image()], "first", "nowhere")


def test_run_in_a_chain():
    status, out, err = hell("run", "--disk", fresh_image(), "--config",
                            config(*PCI), "--", "/bin/ls",
                            "/servers/bus/pci")
    check(status == 0 and "0000" in out, "hell run with a chain",
          "status %s\n%s%s" % (status, out, err))
