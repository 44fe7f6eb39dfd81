# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk: what is written, what is torn, what is full."""
import os
import subprocess
import time

from machine import (Machine, check, check_clean, debugfs, fresh_image, fsck,
                     hell, path)


def test_a_tree_is_written_and_read_back():
    image = fresh_image()
    script = ("mkdir -p /root/t/a/b && cd /root/t && cp /bin/busybox a/big && "
              "seq 20000 >a/b/numbers && ln -s a/b/numbers link && "
              "ln a/b/numbers other && chmod 600 other && "
              "for i in $(seq 200); do echo $i >a/f$i; done && rm a/f1??")
    status, out, _ = hell("run", "--persist", "--disk", image, "--", "/bin/sh",
                          "-c", script, limit=60)
    check(status == 0, "a tree is written", out)
    check_clean(image, "after it")
    copy = path("tests", "system", "copy")
    debugfs(image, "dump /root/t/a/big " + copy)
    same = subprocess.run(["cmp", copy, "/bin/busybox"],
                          stdout=subprocess.DEVNULL).returncode == 0
    check(same, "a large file has the bytes that were copied")
    debugfs(image, "dump /root/t/link " + copy)
    status, out, _ = hell("run", "--disk", image, "--", "/bin/sh", "-c",
                          "sha256sum </root/t/other; ls /root/t/a | wc -l; "
                          "tail -n 1 /root/t/link")
    seq = subprocess.run("seq 20000 | sha256sum", shell=True,
                         stdout=subprocess.PIPE).stdout.decode().split()[0]
    check(seq in out and "\n20000\n" in out, "another boot reads it", out)
    os.unlink(copy)


def test_a_full_disk_is_told():
    image = path("tests", "system", "small.img")
    status, _, err = hell("mkroot", "--size", "40M", image)
    if not check(status == 0, "a small image", err):
        return
    status, out, _ = hell("run", "--persist", "--disk", image, "--", "/bin/sh",
                          "-c", "dd if=/dev/zero of=/root/all bs=64k; "
                          "echo status $?; rm /root/all; echo left >/root/x "
                          "&& cat /root/x", limit=60)
    check("o space" in out and "status 1" in out, "dd is told", out)
    check("\nleft\n" in out, "what is freed can be used", out)
    check_clean(image, "after it was full")


def test_what_was_synced_survives_a_kill():
    image = fresh_image()
    with Machine("--disk", image) as m:
        m.prompt()
        m.run("seq 5000 >/root/synced; sync", 15)
        m.type("while :; do echo x >>/root/more; done\r")
        time.sleep(0.5)
        os.kill(m.pid, 9)
        check(m.wait(5) == -9, "kill -9 in the middle of writes")
    done = subprocess.run(["e2fsck", "-fy", image], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    check(done.returncode in (0, 1), "e2fsck repairs what is torn",
          done.stdout.decode())
    check(debugfs(image, "cat /root/synced").endswith("\n5000\n"),
          "what was synced is whole")
    check(fsck(image)[0], "and a second look finds nothing")


def test_one_image_one_machine():
    image = fresh_image()
    with Machine("--disk", image) as m:
        m.prompt()
        status, _, err = hell("boot", "--disk", image)
        check(status == 125 and "in use" in err and err.count("\n") == 1,
              "a second machine is refused", "%s %s" % (status, err))
        shown, status = m.run("echo fine")
        check(status == 0 and "fine" in shown, "the first goes on", shown)
