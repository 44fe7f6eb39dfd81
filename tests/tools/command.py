# SPDX-License-Identifier: GPL-2.0-or-later
"""The hell command: its complaints, its console, its images.

usage: command.py HELL MODULE
Every machine here is one boot module, tests/tools/module.S.
"""
import gzip
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

HELL, MODULE = (os.path.abspath(word) for word in sys.argv[1:3])
FAILED = 125
WORDS = "m '${host-port}' '$(task-create)' "
failures = []
passed = []


def check(condition, what):
    print("ok  " if condition else "FAIL", what)
    (passed if condition else failures).append(what)


def hell(*words):
    done = subprocess.run([HELL, *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30, text=True)
    return done.returncode, done.stdout, done.stderr


def write(name, text):
    with open(name, "w") as file:
        file.write(text)
    return name


def complains(status, words, *expected):
    """One line on standard error that has the words, and the status."""
    got, _, error = hell(*words)
    check(got == status and error.startswith("hell: ")
          and error.count("\n") == 1 and all(e in error for e in expected),
          "%s: %s" % (" ".join(words), error.strip()))


def test_complaints():
    complains(2, ["boot", "--memory", "much"], "much")
    complains(2, ["boot", "--memory", "1K"], "too small")
    complains(2, ["boot", "more"], "more")
    complains(2, ["run"], "no command")
    complains(FAILED, ["boot"], "--disk")
    complains(FAILED, ["boot", "--disk", "none.img"], "none.img")
    complains(FAILED, ["boot", "--config", "none.cfg"], "none.cfg")
    write("text.img", "this is no disk\n" * 100)
    complains(FAILED, ["boot", "--disk", "text.img"], "no ext2 file system")
    config(" \nfrobnicate x", "config.cfg:3:", "frobnicate")
    config("'${oops", "config.cfg:1:", "quote", "oops")
    write("none.cfg", "multiboot k\nmodule none.elf m\n")
    complains(FAILED, ["boot", "--config", "none.cfg"], "none.cfg:2:",
              "none.elf")
    write("two.cfg", "multiboot k\nmultiboot k\n")
    complains(FAILED, ["boot", "--config", "two.cfg"], "two.cfg:2:")
    write("open.cfg", "menuentry a {\nmultiboot k\n")
    complains(FAILED, ["boot", "--config", "open.cfg"], "open.cfg:")


def config(tail, *expected):
    write("config.cfg", "multiboot k \\\n%s\nmodule %s %s'$(task-resume)'\n"
          % (tail, MODULE, WORDS))
    complains(FAILED, ["boot", "--config", "config.cfg"], *expected)


def boots(name, text, *words):
    write(name, text)
    status, out, _ = hell("boot", "--config", name, *words)
    return status == 0 and "the module is here" in out, out


def test_configurations():
    good, out = boots("plain.cfg", "multiboot k a=b\nmodule %s %s$(task-resume)"
                      "\n" % (MODULE, WORDS), "--append", "c=d")
    check(good, "a module is booted and reboots with status 0")
    check("task loaded: m 1" in out, "its words are expanded")
    good, out = boots("replace.cfg", "multiboot k a=b ab=c\nmodule %s %s "
                      "'${a}' '${ab}' $(task-resume)\n" % (MODULE, WORDS),
                      "--append", "a=z")
    check(good and "task loaded: m 1 z c" in out,
          "a word that is appended replaces the one of its name")
    menu = ("# two entries\nset word=x\nmenuentry 'first one' {\n"
            "  multiboot k\n  module %s %s $word '$(task-resume)'\n}\n"
            "menuentry \"second\" {\n  insmod ext2\n  multiboot k\n"
            "  module %s %s \\\n    '${nothing}' '$(task-resume)'\n}\n"
            % (MODULE, WORDS, MODULE, WORDS))
    good, out = boots("menu.cfg", menu)
    check(good and "task loaded: m 1 x" in out, "the first entry is taken")
    status, out, _ = hell("boot", "-c", "menu.cfg", "--entry", "second")
    check(status == FAILED and "nothing" in out,
          "a chosen entry is taken, and its unknown variable is named")
    complains(FAILED, ["boot", "-c", "menu.cfg", "-e", "third"], "third")


# What stands in a menu entry and boots, by GRUB's rules; %s: the module's line.
LANGUAGE = (
    "if [ a = b -o ! ( -z x ) ]; then\n%s\nfi",
    "if false; then frobnicate; elif [ 10 -gt 9 -a x != y ]; then\n%s\n"
    "else\nfrobnicate\nfi",
    "for i in 1 2 3; do if [ $i = 2 ]; then\n%s\nfi; done",
    "function go {\n if [ \"$1$#\" = here2 ]; then\n%s\n  return\n fi\n"
    " frobnicate\n}\ngo here 'and there'",
    "until [ -n \"${once}\" ]; do once=yes; continue; frobnicate; done\n%s",
    "while true; do while true; do break 2; done; frobnicate; done\n%s",
    "if [ -f $prefix/none ]; then frobnicate; fi; if ! load_env; then\n%s\nfi")


def test_language():
    line = "module %s %s '$(task-resume)'" % (MODULE, WORDS)
    for text in LANGUAGE:
        good, out = boots("language.cfg", "menuentry 'x' --class gnu --id=y {\n"
                          "multiboot k\n" + text % line + "\n}\n")
        check(good, "the language: %r" % text)
    good, out = boots("path.cfg", "default='out>deep'\nsubmenu 'out' {\n"
                      "menuentry other { frobnicate\n}\nmenuentry x --id deep "
                      "{\nmultiboot k\n%s\n}\n}\nfrobnicate\n" % line)
    check(good, "the default's path; commands that nobody has, elsewhere")
    packed = write("module.gz", "")
    with open(MODULE, "rb") as plain, gzip.open(packed, "wb") as file:
        file.write(plain.read())
    good, out = boots("gz.cfg", "multiboot k\n" +
                      line.replace(MODULE, packed))
    check(good, "a module that is compressed")
    with open(packed, "r+b") as file:
        file.truncate(os.path.getsize(packed) // 2)
    complains(FAILED, ["boot", "-c", "gz.cfg"], "gz.cfg:2:", "gzip")


def test_configurations_that_never_end():
    for text, line in (("while true; do true; done", 1),
                       ("function f {\n f; f\n}\nf", 2),
                       ("set a=xxxxxxxx\nwhile true; do set a=$a$a; done", 2),
                       ("{ " * 5000, 1), ("if true; then " * 5000, 1),
                       ("x=" + "$(" * 5000 + "\nf() {", 2)):
        write("endless.cfg", text + "\n")
        complains(FAILED, ["boot", "-c", "endless.cfg"],
                  "endless.cfg:%d:" % line)
    write("deep.cfg", "function f {\n submenu a {\n f\n }\n}\nf\n")
    complains(FAILED, ["boot", "-c", "deep.cfg", "-e", "b"], "deep.cfg:2:")
    write("unknown.cfg", "frobnicate\nmenuentry x {\nmultiboot k\n"
          "module m m\n}\n")
    complains(FAILED, ["boot", "-c", "unknown.cfg"], "unknown.cfg:1:",
              "frobnicate")


def on_terminal(what, act, expected):
    waiting = write("wait.cfg", "multiboot k\nmodule %s %s"
                    "'$(prompt-task-resume)'\n" % (MODULE, WORDS))
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    machine = subprocess.Popen([HELL, "boot", "--config", waiting],
                               stdin=slave, stdout=slave, stderr=slave)
    for _ in range(100):
        time.sleep(0.05)
        if termios.tcgetattr(slave) != before:
            break
    time.sleep(0.2)
    act(machine, master)
    try:
        status = machine.wait(timeout=20)
    except subprocess.TimeoutExpired:
        machine.kill()
        status = "nothing"
    time.sleep(0.1)
    check(status == expected, "%s: status %s" % (what, status))
    check(termios.tcgetattr(slave) == before, what + ": terminal restored")
    os.close(master)
    os.close(slave)


def test_terminal():
    def types(text):
        return lambda machine, master: os.write(master, text)

    def sends(number):
        return lambda machine, master: machine.send_signal(number)

    on_terminal("return key", types(b"\r"), 0)
    on_terminal("Ctrl-] q", types(b"\x1dq"), 0)
    on_terminal("Ctrl-] k", types(b"\x1dk"), 130)
    on_terminal("SIGTERM", sends(signal.SIGTERM), 0)
    on_terminal("SIGSEGV", sends(signal.SIGSEGV), -signal.SIGSEGV)
    on_terminal("SIGKILL", sends(signal.SIGKILL), -signal.SIGKILL)


def fsck(image):
    return subprocess.run(["e2fsck", "-fn", image], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def debugfs(image, command):
    return subprocess.run(["debugfs", "-R", command, image],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout


def test_images():
    add = os.path.join("add", "boot")
    os.makedirs(add)
    shutil.copy(MODULE, os.path.join(add, "module"))
    write(os.path.join(add, "hell.cfg"), "multiboot k root=device:hd0\n"
          "module /boot/module %s'$(task-resume)'\n" % WORDS)
    status, _, error = hell("mkroot", "--size", "40M", "--add", "add",
                            "root.img")
    check(status == 0, "mkroot makes an image " + error)
    check(fsck("root.img"), "e2fsck finds it clean")
    inode = debugfs("root.img", "stat /dev/null")
    check("Translator: " in inode and "Translator: 0" not in inode,
          "/dev/null has a passive translator")
    check("Links: 1" not in debugfs("root.img", "stat /bin/busybox"),
          "busybox has its names")
    status, out, _ = hell("boot", "--disk", "root.img,ro")
    check(status == 0 and "the module is here" in out,
          "configuration and module are read from the disk")
    # The same file system in the second partition of a disk.
    with open("root.img", "rb") as image, open("parts.img", "wb") as disk:
        disk.truncate((64 + 32 * 2048) * 512)
        disk.seek(446)
        disk.write(bytes([0, 0, 0, 0, 0x82, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0]))
        disk.write(bytes([0, 0, 0, 0, 0x83, 0, 0, 0, 64, 0, 0, 0, 0, 0, 1, 0]))
        disk.seek(510)
        disk.write(b"\x55\xaa")
        disk.seek(64 * 512)
        shutil.copyfileobj(image, disk)
    status, out, _ = hell("boot", "-d", "parts.img", "-a", "root=device:hd0s2")
    check(status == 0 and "the module is here" in out,
          "and from a partition of one")
    complains(2, ["mkroot", "--size", "1M", "x.img"], "1M")
    complains(FAILED, ["mkroot", "/nowhere/x.img"], "/nowhere/x.img")


def main():
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    test_complaints()
    test_configurations()
    test_language()
    test_configurations_that_never_end()
    test_terminal()
    test_images()
    shutil.rmtree(folder)
    print("tools-tests: %d passed, %d failed" % (len(passed), len(failures)))
    return 1 if failures else 0


sys.exit(main())
