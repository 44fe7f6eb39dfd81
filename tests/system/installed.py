# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks as an installer leaves them: a partition table, the root on a partition,
and the boot configuration that GRUB's own grub-mkconfig writes for it.

The scripts are Debian's, from build/grub (scripts/setup.sh); what they ask the
host about is answered by ours: the disk is not one of the host's.
"""
import os
import re
import shutil
import subprocess

from machine import (Machine, check, check_clean, debugfs, fresh_image, hell,
                     path)

SECTOR = 512
START = 2048
ROOT_SECTORS = (128 << 20) // SECTOR
SWAP_SECTORS = (8 << 20) // SECTOR

PROBE = """#!/bin/sh
for word; do
    case $word in
    --target=*) target=${word#--target=} ;;
    -t) take=1 ;;
    *) [ -z "$take" ] || target=$word; take= ;;
    esac
done
case $target in
device) echo /dev/%(device)s ;;
fs) echo ext2 ;;
fs_uuid) echo %(uuid)s ;;
partmap) echo %(label)s ;;
compatibility_hint) echo hd0,%(label)s%(number)d ;;
hints_string) echo "--hint-bios=hd0,%(label)s%(number)d \
--hint-efi=hd0,%(label)s%(number)d --hint-baremetal=ahci0,%(label)s%(number)d" ;;
esac
"""

# The files that the configuration's scripts look for.
FILES = ("boot/gnumach-1.8-amd64.gz", "hurd/ext2fs.static", "hurd/exec",
         "hurd/pci-arbiter.static", "hurd/acpi.static",
         "hurd/rumpdisk.static", "lib/ld.so.1")


def write(name, text, mode=0o644):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "w") as file:
        file.write(text)
    os.chmod(name, mode)
    return name


def adapted(source, target, *changes):
    with open(source) as file:
        text = file.read()
    for old, new in changes:
        text = text.replace(old, new)
    return write(target, text, 0o755)


def make_scripts(folder, disk):
    """GRUB's scripts, for a host whose root is FOLDER/root."""
    given = path("grub", "root")
    root = folder + "/root"
    for name in FILES:
        write(os.path.join(root, name), "")
    os.mkdir(root + "/boot/grub")
    probe = write(folder + "/probe", PROBE % disk, 0o755)
    relative = write(folder + "/relative",
                     '#!/bin/sh\necho "${1#%s}"\n' % root, 0o755)
    for name in sorted(os.listdir(given + "/etc/grub.d")):
        if "linux" not in name and "README" not in name:
            adapted(given + "/etc/grub.d/" + name, folder + "/grub.d/" + name,
                    ("/usr/share/grub/", folder + "/share/grub/"),
                    ("/boot/grub", root + "/boot/grub"))
    adapted(path("grub", "10_hurd.in"), folder + "/grub.d/10_hurd",
            ("@prefix@", "/usr"), ("@exec_prefix@", "/usr"),
            ("@datarootdir@", "/usr/share"), ("@PACKAGE@", "grub"),
            ("@localedir@", "/usr/share/locale"),
            ("in /boot/gnumach*", "in %s/boot/gnumach*" % root),
            ('test -e "$i"', 'test -e "%s$i"' % root),
            ("test -e '/", "test -e '%s/" % root),
            ("test -e /lib", "test -e %s/lib" % root))
    adapted(given + "/usr/share/grub/grub-mkconfig_lib",
            folder + "/share/grub/grub-mkconfig_lib",
            ('test "x$grub_probe" = x', "true"),
            ('"${sbindir}/grub-probe"', probe),
            ('test "x$grub_mkrelpath" = x', "true"),
            ('"${bindir}/grub-mkrelpath"', relative))
    return adapted(given + "/usr/sbin/grub-mkconfig", folder + "/grub-mkconfig",
                   ('sysconfdir="/etc"', 'sysconfdir="%s/etc"' % folder),
                   ('"${sysconfdir}"/grub.d', folder + "/grub.d"),
                   ('datadir="${datarootdir}"', 'datadir="%s/share"' % folder),
                   ('"${sbindir}/grub-probe"', probe),
                   ('"${bindir}/grub-editenv"', "true"))


def make_config(folder, disk, defaults=""):
    """What grub-mkconfig writes, as a text."""
    shutil.rmtree(folder, ignore_errors=True)
    write(folder + "/etc/default/grub", "GRUB_DISTRIBUTOR=Debian\n" + defaults)
    script = make_scripts(folder, disk)
    done = subprocess.run(["sh", script], env=dict(os.environ, EUID="0",
                                                   LANG="C"),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    text = done.stdout.decode()
    check(done.returncode == 0 and "multiboot" in text and "submenu" in text,
          "grub-mkconfig writes a configuration with entries for the Hurd",
          text + done.stderr.decode())
    return text


def uuid_of(image):
    shown = subprocess.run(["dumpe2fs", "-h", image], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL).stdout.decode()
    return re.search(r"UUID:\s+(\S+)", shown).group(1)


def put(image, name, text):
    """A file with TEXT on the IMAGE, in place of any."""
    here = write(path("tests", "system", "put"), text)
    debugfs(image, "rm " + name, write=True)
    debugfs(image, "write %s %s" % (here, name), write=True)


def copy_at(source, target, sector):
    subprocess.run(["dd", "if=" + source, "of=" + target, "bs=1M",
                    "seek=%d" % (sector * SECTOR), "oflag=seek_bytes",
                    "conv=sparse,notrunc", "status=none"], check=True)


def make_disk(name, label, number, defaults="", env=""):
    """A disk with the root in partition NUMBER and swap space in the other.
    Returns its path, and the configuration's text."""
    root = fresh_image("installed-root.img")
    disk = {"label": {"dos": "msdos"}.get(label, label), "number": number,
            "device": "wd0s%d" % number, "uuid": uuid_of(root)}
    config = make_config(path("tests", "system", "installed"), disk, defaults)
    debugfs(root, "rm /boot/hell.cfg", write=True)
    debugfs(root, "mkdir /boot/grub", write=True)
    put(root, "/boot/grub/grub.cfg", config)
    if env:
        put(root, "/boot/grub/grubenv", env)
    put(root, "/etc/fstab", "# <file system> <mount point> <type> <options>\n"
        "/dev/%s / ext2 defaults 0 1\n/dev/wd0s%d none swap sw 0 0\n"
        % (disk["device"], 3 - number))
    sizes = {number: (ROOT_SECTORS, "L"), 3 - number: (SWAP_SECTORS, "S")}
    table = "label: %s\n" % label
    at = START
    for part in (1, 2):
        size, kind = sizes[part]
        table += "start=%d, size=%d, type=%s\n" % (at, size, kind)
        if part == number:
            start = at
        at += size
    image = path("tests", "system", name)
    with open(image, "wb") as file:
        file.truncate((at + START) * SECTOR)
    subprocess.run(["/sbin/sfdisk", "-q", image], input=table.encode(),
                   check=True)
    copy_at(root, image, start)
    os.unlink(root)
    return image, config


def boots(what, image, *words):
    """Boots IMAGE, and looks at what the system says of its disk."""
    with Machine("--disk", image, *words) as m:
        said = m.prompt()
        if not check(said is not None, what + ": a prompt", m.text):
            return m.text
        shown, status = m.run("echo written >/root/new && cat /root/new")
        check(status == 0 and "written" in shown, what + ": it can be written",
              shown)
        m.type("halt\r")
        check(m.wait(20) == 0, what + ": and halts", m.text)
        return said


def has_scripts():
    """A mirror need not have sources."""
    here = os.path.exists(path("grub", "done"))
    if not here:
        print("     | build/grub is not there: not tried")
    return here


def test_an_installed_disk():
    if not has_scripts():
        return
    image, config = make_disk("installed.img", "dos", 1)
    said = boots("root on the first partition of an MBR", image)
    check("part:1:device:wd0" in said and "gnumach" not in said,
          "the root is the one that the configuration names", said)
    status, out, err = hell("boot", "--disk", image, "--list")
    check(status == 0 and "0\tDebian GNU/Hurd\tgnuhurd-simple-" in out and
          re.search(r"^1>1\t.*recovery mode", out, re.M),
          "the entries are listed", out + err)
    advanced = re.search(r"(gnuhurd-advanced-\S+?)'", config).group(1)
    for entry in ("1>0", "Advanced options for Debian GNU/Hurd>0",
                  advanced + ">Debian GNU/Hurd, with Hurd "
                  "gnumach-1.8-amd64.gz"):
        status, out, err = hell("run", "--disk", image, "--entry", entry, "--",
                                "/bin/echo", "here")
        check(status == 0 and out == "here\n", "the entry " + entry, out + err)
    for entry in ("1>7", "2", "nothing>0", ">"):
        status, out, err = hell("boot", "--disk", image, "--entry", entry)
        check(status == 125 and err.count("\n") == 1 and entry in err,
              "no entry %s: %s" % (entry, err.strip()), out + err)
    os.unlink(image)


def test_an_installed_disk_with_a_saved_entry():
    if not has_scripts():
        return
    env = ("# GRUB Environment Block\nsaved_entry=1>1\n").ljust(1024, "#")
    image, _ = make_disk("installed.img", "gpt", 2,
                         "GRUB_DEFAULT=saved\nGRUB_SAVEDEFAULT=true\n"
                         "GRUB_CMDLINE_GNUMACH=word=here\n", env)
    said = boots("root on the second partition of a GPT", image)
    check("root=part:2:device:wd0 -s word=here" in said,
          "the saved entry, which is in the submenu", said)
    os.unlink(image)


def test_reboot():
    image = fresh_image("reboot.img")
    with Machine("--disk", image) as m:
        m.prompt()
        m.run("echo first >/root/boots")
        m.type("reboot\r")
        check(m.expect("The system is rebooting", 20) is not None and
              m.prompt(20) is not None, "reboot: another prompt", m.text)
        shown, _ = m.run("cat /root/boots")
        check("first" in shown, "and what was written before is there", shown)
        m.type("halt\r")
        check(m.wait(20) == 0, "and halt ends it", m.text)
    with Machine("--disk", image, "--no-reboot") as m:
        m.prompt()
        m.type("reboot\r")
        check(m.wait(20) == 0, "--no-reboot: it ends", m.text)
    check_clean(image, "after reboots")
    os.unlink(image)
