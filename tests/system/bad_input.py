# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input: one clear line, a status, no hang, no process left behind."""
import concurrent.futures
import os
import subprocess
import time

from machine import (Machine, check, debugfs, family, fresh_image, hell, path,
                     still_there)

EXT2FS = ("/hurd/ext2fs.static ext2fs "
          "--multiboot-command-line='${kernel-command-line}' "
          "--host-priv-port='${host-port}' "
          "--device-master-port='${device-port}' "
          "--exec-server-task='${exec-task}' -T typed '${root}' "
          "'$(task-create)' '$(task-resume)'")
EXEC = "/hurd/exec.static exec '$(exec-task=task-create)'"


def config(*modules, line="root=device:hd0 console=com0"):
    name = path("tests", "system", "bad.cfg")
    with open(name, "w") as file:
        file.write("multiboot kernel %s\n" % line)
        for module in modules:
            file.write("module %s\n" % module)
    return name


def tells(what, words, *expected, status=125, limit=20):
    """`hell boot WORDS' ends with STATUS and says EXPECTED on one line."""
    got, out, err = hell("boot", *words, limit=limit)
    lines = [line for line in (out + err).split("\n")
             if all(word in line for word in expected)]
    check(got == status and lines, "%s: %s" % (what, lines[0] if lines
                                               else "no such line"),
          "status %s\n%s%s" % (got, out, err))


def test_modules():
    image = fresh_image()
    tells("a missing module", ["--disk", image, "--config",
                               config("/hurd/none none $(task-resume)")],
          "/hurd/none")
    text = path("tests", "system", "text")
    with open(text, "w") as file:
        file.write("this is no program\n" * 100)
    tells("a module that is no ELF file",
          ["--config", config(text + " t '$(task-create)' '$(task-resume)'")],
          "module 0 (t)", "ELF")
    with open("/bin/busybox", "rb") as whole, open(text, "wb") as half:
        half.write(whole.read(5000))
    tells("a module that is cut off",
          ["--config", config(text + " t '$(task-create)' '$(task-resume)'")],
          "module 0 (t)")
    tells("an empty module", ["--config",
                              config("/dev/null n '$(task-create)' "
                                     "'$(task-resume)'")], "module 0 (n)")


def test_words_of_the_boot_script():
    image = fresh_image()
    for word in ("${no-such-thing}", "$(no-such-function)", "${unclosed"):
        tells("the word " + word,
              ["--disk", image, "--config",
               config("/hurd/exec.static exec '%s' '$(task-create)'" % word)],
              word.strip("${}()"), "exec")


def test_disks():
    image = fresh_image()
    name = config(EXT2FS, EXEC)
    tells("no disk at all", ["--config", name], "")
    tells("a root that is not there",
          ["--disk", image, "--config",
           config(EXT2FS, EXEC, line="root=device:hd7")],
          "ext2fs: ", "hd7", status=1)
    tells("a disk that is not there", ["--disk", "/none/disk.img"],
          "/none/disk.img")
    short = path("tests", "system", "short.img")
    with open(image, "rb") as whole, open(short, "wb") as half:
        half.write(whole.read(1 << 20))
    tells("a truncated image", ["--disk", short], "short.img")
    noise = path("tests", "system", "noise.img")
    with open(noise, "wb") as file:
        file.write(os.urandom(1 << 20))
    tells("an image that is not ext2", ["--disk", noise], "noise.img")
    tells("an image that is a folder", ["--disk", "/tmp"], "/tmp")
    os.unlink(noise)
    os.unlink(short)


def on_host(*modules):
    """A configuration whose modules are read from the host, so that the disk
    need not be readable for the loader."""
    built = path("servers")
    return config(*[m.replace("/hurd/ext2fs.static", built + "/ext2fs")
                    .replace("/hurd/exec.static", built + "/exec")
                    for m in modules])


def ends(what, words, *expected, limit=20):
    """The machine says EXPECTED in one line and ends, or leaves a prompt that
    halts it; no process stays."""
    with Machine(*words) as m:
        pids = set()
        end = time.monotonic() + limit
        while m.wait(0.2) is None and time.monotonic() < end:
            pids |= family(m.pid)
            if all(word in m.text for word in expected) and \
                    m.text.endswith(("# ", "$ ", "> ", "halted.\n")):
                break
        check(all(word in m.text for word in expected),
              "%s: it says %s" % (what, ", ".join(expected)), m.text)
        if m.status is None:
            m.type("halt\r")
            m.wait(5)
        check(m.status is not None, what + ": the machine ends", m.text)
        if m.status is None:
            m.type("\x1dk")
            m.wait(5)
        check(not still_there(pids), what + ": no process stays")


def test_ext2fs_is_told_of_a_bad_disk():
    name = on_host(EXT2FS, EXEC)
    noise = path("tests", "system", "noise.img")
    with open(noise, "wb") as file:
        file.write(os.urandom(1 << 20))
    ends("noise", ["--config", name, "--disk", noise], "ext2fs", "hd0")
    os.unlink(noise)
    image = fresh_image("short.img")
    os.truncate(image, 8 << 20)
    ends("a truncated image", ["--config", name, "--disk", image], "ext2fs")
    os.unlink(image)
    image = path("tests", "system", "extents.img")
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "encrypt,casefold",
                    image, "16M"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    ends("unsupported features", ["--config", name, "--disk", image],
         "ext2fs", "feature")
    os.unlink(image)


def test_a_root_without_what_it_needs():
    for missing in ("/hurd/startup", "/hurd/proc", "/hurd/auth"):
        image = fresh_image("lame.img")
        debugfs(image, "rm " + missing, write=True)
        ends("no " + missing, ["--disk", image], os.path.basename(missing))
        os.unlink(image)


def test_a_bootstrap_server_that_dies():
    ends("exec that dies",
         ["--disk", fresh_image(), "--config",
          on_host(EXT2FS, "%s exec '$(exec-task=task-create)'"
                  % path("tests/system/dies"))], "exec")


def test_too_little_memory():
    status, out, err = hell("boot", "--disk", fresh_image(), "--memory", "4M",
                            limit=20)
    check(status not in (0, None), "4 MB of memory: status %s" % status,
          out + err)
    check("memory" in out + err and "32M" in out + err,
          "and it says so: " + err.strip(), out + err)
    status, out, err = hell("run", "--disk", fresh_image(), "--memory", "32M",
                            "--", "/bin/sh", "-c", "seq 5 | wc -l")
    check(status == 0 and "5" in out, "32 MB are enough for a command",
          out + err)


def test_a_scribbled_image_never_hangs():
    """Random bytes over the inodes and folders: any answer, but an end."""
    for seed in range(4):
        image = fresh_image("scribbled.img")
        with open(image, "r+b") as file:
            for place in range(40):
                offset = (seed * 7919 + place * 104729) % (6 << 20)
                file.seek(offset)
                file.write(bytes((seed * 31 + place + i) & 255
                                 for i in range(64)))
        status, out, err = hell("run", "--disk", image, "--", "/bin/ls", "-lR",
                                "/", limit=30)
        check(status is not None, "scribbled image %d: status %s"
              % (seed, status), out[-500:] + err)
        os.unlink(image)


def replaced(name, server, program):
    """An image on which SERVER is PROGRAM, a file of this host's."""
    image = fresh_image(name)
    debugfs(image, "rm " + server, write=True)
    debugfs(image, "write %s %s" % (program, server), write=True)
    debugfs(image, "sif %s mode 0100755" % server, write=True)
    return image


def stalls():
    """What is booted, the words that one line must have, and the others."""
    forever = path("tests", "system", "forever")
    dies = path("tests", "system", "dies")
    garbage = path("tests", "system", "garbage")
    with open(garbage, "wb") as file:
        file.write(b"\x7fELF" + bytes(range(256)))
    for server in ("proc", "auth"):
        yield (server + " that waits for ever", "/hurd/" + server, forever,
               "classic", ("startup: waiting for: %s (startup_%sinit)"
                           % (server, server),))
        yield (server + " that dies", "/hurd/" + server, dies, "classic",
               ("startup: /hurd/" + server, "ended before"))
        yield (server + " that is no program", "/hurd/" + server, garbage,
               "classic", ("startup: /hurd/" + server, "Exec format error"))
    yield ("exec that waits for ever", "/hurd/exec.static", forever, "classic",
           ("starting exec", "timed out"))
    yield ("a driver that waits for ever", "/hurd/rumpdisk.static", forever,
           "full", ("Nothing can happen any more", "ext2fs is not resumed"))
    yield ("startup that waits for ever", "/hurd/startup", forever, "classic",
           ("Nothing can happen any more", "/hurd/startup"))


def boot_stalled(number, case):
    what, server, program, entry, words = case
    image = replaced("stall%d.img" % number, server, program)
    start = time.monotonic()
    result = hell("boot", "--disk", image, "--entry", entry, limit=150)
    os.unlink(image)
    return what, words, result, time.monotonic() - start


def test_boots_that_stall():
    """They wait long, but all at once."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        done = list(pool.map(boot_stalled, range(99), stalls()))
    for what, words, (status, out, err), seconds in done:
        lines = [line for line in (out + err).split("\n")
                 if all(word.lower() in line.lower() for word in words)]
        check(status == 1 and lines, "%s: %s" % (what, lines[0] if lines
                                                 else "no such line"),
              "status %s after %d s\n%s%s" % (status, seconds, out, err))
        if "auth that waits" in what:
            check("/hurd/proc waits for /hurd/startup (startup_procinit)"
                  in out, "and who waits for whom", out)
