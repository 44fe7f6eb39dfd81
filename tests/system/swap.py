# SPDX-License-Identifier: GPL-2.0-or-later
"""Anonymous memory on a disk: mach-defpager, swapon, swapoff."""
import os
import struct

from machine import Machine, check, fresh_image, path

PAGE = 4096


def swap_disk(name, megabytes, pages=None, bad=()):
    """A disk as mkswap leaves it; its signature speaks of PAGES pages."""
    image = path("tests", "system", name)
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
        head = struct.pack("<III", 1, (pages or (megabytes << 8)) - 1,
                           len(bad))
        file.seek(1024)
        file.write(head)
        file.seek(1024 + 512)
        file.write(struct.pack("<%dI" % len(bad), *bad))
        file.seek(PAGE - 10)
        file.write(b"SWAPSPACE2")
    return image


def swap_kilobytes(m):
    shown, _ = m.run("grep Swap /proc/meminfo")
    return [int(word) for word in shown.split() if word.isdigit()]


def test_more_memory_is_used_than_there_is():
    image = fresh_image()
    swap = swap_disk("swap.img", 200)
    with Machine("--memory", "64M", "--disk", image, "--disk", swap) as m:
        if not check(m.prompt() is not None, "a prompt", m.text):
            return
        shown, status = m.run("swapon /dev/wd1")
        check(status == 0, "swapon starts the default pager", shown)
        total = swap_kilobytes(m)
        check(total and total[0] == 200 * 1024 - 4,
              "all but the signature's page is used", total)
        shown, status = m.run("/tests/pages 150", 200)
        check(status == 0 and "38400 pages are right" in shown,
              "150 MiB are used in a machine of 64 MiB", shown)
        shown, status = m.run("ls -l / | wc -l; ps | wc -l", 30)
        check(status == 0 and len(shown.split()) == 2,
              "the machine goes on", shown)
        shown, status = m.run("swapon /dev/wd1")
        check(status != 0, "what is used is not added again", shown)
        m.type("exit\r")
        check(m.wait(30) == 0, "it ends in order", m.text)


def test_an_area_is_taken_away():
    image = fresh_image()
    first = swap_disk("swap.img", 64, bad=(1, 7, 8, 16383))
    second = swap_disk("swap2.img", 64)
    with Machine("--memory", "56M", "--disk", image, "--disk", first,
                 "--disk", second) as m:
        if not check(m.prompt() is not None, "a prompt", m.text):
            return
        m.run("swapon /dev/wd1")
        check(swap_kilobytes(m)[:1] == [64 * 1024 - 5 * 4],
              "bad pages are left out")
        shown, status = m.run("/tests/pages 50", 100)
        check(status == 0 and "are right" in shown, "it is used", shown)
        shown, status = m.run("swapon /dev/wd2; swapoff /dev/wd1", 30)
        check(status == 0, "what is in an area moves to another", shown)
        check(swap_kilobytes(m)[:1] == [64 * 1024 - 4], "that is left")
        shown, status = m.run("/tests/pages 50", 100)
        check(status == 0 and "are right" in shown, "it is used, too", shown)
        shown, status = m.run("swapoff /dev/wd1")
        check(status != 0, "what is not used cannot be taken away", shown)


def test_what_is_no_swap_area_is_refused():
    image = fresh_image()
    plain = path("tests", "system", "plain.img")
    with open(plain, "wb") as file:
        file.truncate(8 << 20)
    large = swap_disk("swap.img", 8, pages=4096)
    with Machine("--memory", "64M", "--disk", image, "--disk", plain,
                 "--disk", large) as m:
        if not check(m.prompt() is not None, "a prompt", m.text):
            return
        for device, wanted in (("/dev/wd1", "no swap signature"),
                               ("/dev/wd2", "larger than it is"),
                               ("/etc/passwd", "no device"),
                               ("/dev/null", ""), ("/dev/none", "")):
            shown, status = m.run("swapon " + device)
            check(status == 1 and wanted in shown and
                  shown.strip().count("\n") == 0,
                  "swapon %s says why not" % device, shown)
        shown, status = m.run("swapon -e /dev/none && swapon -n /dev/wd1")
        check(status == 0, "-e and -n", shown)
        check(swap_kilobytes(m)[:1] == [8 * 1024], "all of it is used")
        shown, status = m.run("su nobody -s /bin/sh -c 'swapon /dev/wd2'")
        check(status != 0, "a user may not", shown)
    os.unlink(plain)
