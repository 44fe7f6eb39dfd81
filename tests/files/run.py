# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the file system: what programs may expect, translators, what is on
the disk after a crash, and disks that are broken.

usage: run.py HELL BUILD
Ends with `files-tests: N passed, N failed'.
"""
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "system"))
import formats  # noqa: E402
import fuzz  # noqa: E402
import tally  # noqa: E402
from tally import check, counts  # noqa: E402

HELL, BUILD = (os.path.abspath(word) for word in sys.argv[1:3])
OUT = os.path.join(BUILD, "tests", "files")


def path(name):
    return os.path.join(OUT, name)


def run(*words, limit=60):
    return tally.run([HELL, *words], limit)


def clean(image, what):
    done = subprocess.run(["e2fsck", "-fn", image], capture_output=True,
                          text=True)
    check(done.returncode == 0, what + ": e2fsck finds nothing", done.stdout)


def make_image(name, size, *options):
    image = path(name)
    with open(image, "wb") as file:
        file.truncate(size)
    subprocess.run(["mke2fs", "-q", "-F", *options, image], check=True,
                   capture_output=True)
    return image


def make_root():
    folder = path("add")
    os.makedirs(os.path.join(folder, "tests"), exist_ok=True)
    subprocess.run(["cp", path("files"), path("exerciser"), path("mapped"), path("pressure"),
                    os.path.join(HERE, "translators.sh"),
                    os.path.join(HERE, "load.sh"),
                    os.path.join(folder, "tests")], check=True)
    status, out = run("mkroot", "--add", folder, path("base.img"))
    check(status == 0, "mkroot", out)
    return status == 0


def fresh_root():
    subprocess.run(["cp", "--sparse=always", path("base.img"),
                    path("root.img")], check=True)
    return path("root.img")


def add_up(what, out):
    """The lines that programs end with."""
    ends = list(re.finditer(r"^files: (\d+) checks, (\d+) failed", out, re.M))
    check(ends, what + " comes to its end", out)
    for found in ends:
        bad = int(found.group(2))
        counts[0] += int(found.group(1)) - bad
        counts[1] += bad
        if bad:
            print("%s:\n%s" % (what, out))


def test_programs():
    root = fresh_root()
    status, out = run("run", "--persist", "--disk", root, "--", "sh", "-c",
                      "mkdir /tmp/w && chmod 755 /tmp/w && "
                      "/tests/files /tmp/w; rmdir /tmp/w")
    add_up("files", out)
    status, out = run("run", "--persist", "--disk", root, "--",
                      "sh", "-c", "/tests/mapped /tmp; "
                      "/tests/mapped large /tmp")
    add_up("mapped", out)
    clean(root, "files")


def test_pressure():
    """Files larger than memory are stored to by several processes: who stores
    waits for the disk, nothing is lost and nobody dies."""
    for seed in tally.seeds("PRESSURE", 1):
        status, out = run("run", "-m", "40M", "--disk", fresh_root(), "--",
                          "/tests/pressure", "/tmp/f", "5000", "1500",
                          str(seed), limit=300)
        add_up("under pressure, seed %d" % seed, out)
        check(status == 0, "under pressure: the system lives", out)


def test_other_formats():
    for name, options in (("ext4", ["-t", "ext4", "-N", "4096"]),
                          ("ext2-1k", ["-t", "ext2", "-b", "1024", "-N",
                                       "4096", "-O", "dir_index"])):
        disk = make_image("other.img", 24 << 20, *options)
        status, out = run("run", "--persist", "--disk", fresh_root(), "--disk",
                          disk, "--", "sh", "-c",
                          "settrans -a /mnt /hurd/ext2fs device:hd1 && "
                          "mkdir /mnt/w && chmod 755 /mnt/w && "
                          "/tests/files /mnt/w; rmdir /mnt/w; "
                          "/tests/mapped /mnt; "
                          "settrans -ag /mnt; cat /mnt/w 2>&1")
        add_up(name, out)
        clean(disk, name)


def test_indexed_directory():
    """A directory with an index of the disk's, which names are put into."""
    add = path("many")
    os.makedirs(os.path.join(add, "d"), exist_ok=True)
    for i in range(1500):
        with open(os.path.join(add, "d", "a-rather-long-name-%d" % i), "w"):
            pass
    for name, options in (("metadata_csum", ["-O", "metadata_csum"]),
                          ("no checksums", ["-O", "^metadata_csum"]),
                          ("1k", ["-b", "1024", "-O", "metadata_csum"])):
        disk = make_image("indexed.img", 24 << 20, "-t", "ext4", "-N", "4096",
                          "-d", add, *options)
        subprocess.run(["e2fsck", "-fyD", disk], capture_output=True)
        shown = subprocess.run(["debugfs", "-R", "htree /d", disk],
                               capture_output=True, text=True).stdout
        check("Hash" in shown, name + ": the disk has an index", shown)
        status, out = run("run", "--persist", "--disk", fresh_root(), "--disk",
                          disk, "--", "sh", "-c",
                          "settrans -a /mnt /hurd/ext2fs device:hd1 && "
                          "cd /mnt/d && ls | wc -l && "
                          "rm a-rather-long-name-7 && "
                          "mv a-rather-long-name-8 other && "
                          "seq 1 500 | sed s/^/new-/ | xargs touch && "
                          "rm a-rather-long-name-1*; mkdir s; ls | wc -l; "
                          "cd /; settrans -ag /mnt")
        check(re.findall(r"^\d+$", out, re.M) == ["1500", "1389"],
              name + ": names come and go", out)
        clean(disk, name)


def test_directory_without_end():
    """One that says it is larger than the disk is not read to its end."""
    add = path("endless")
    os.makedirs(os.path.join(add, "d"), exist_ok=True)
    disk = make_image("endless.img", 8 << 20, "-t", "ext4", "-d", add)
    subprocess.run(["debugfs", "-w", "-R", "sif /d size 0x7ffff000", disk],
                   check=True, capture_output=True)
    status, out = run("run", "--disk", fresh_root(), "--disk", disk, "--", "sh",
                      "-c", "settrans -a /mnt /hurd/ext2fs device:hd1; "
                      "ls /mnt/d; ls /mnt | wc -l; touch /mnt/new && echo made")
    check("Input/output error" in out and "1\nmade" in out,
          "a directory without end is an error, and nobody waits", out)


def test_full_disk():
    for name, kind in (("hurd", ["-o", "hurd"]), ("ext4", ["-t", "ext4"])):
        disk = make_image("full.img", 6 << 20, "-N", "128", *kind)
        status, out = run("run", "--persist", "--disk", fresh_root(), "--disk",
                          disk, "--", "sh", "-c",
                          "settrans -a /mnt /hurd/ext2fs device:hd1 && "
                          "/tests/files full /mnt; /tests/mapped full /mnt; "
                          "settrans -ag /mnt")
        add_up("a full disk, " + name, out)
        clean(disk, "a full disk, " + name)


FULL_DIRECTORY = """
settrans -a /mnt /hurd/ext2fs device:hd1
cd /mnt; mkdir d r; echo x >d/f
for i in $(seq 1 20); do echo x >r/$i; done
dd if=/dev/zero of=fill bs=4k 2>/dev/null
dd if=/dev/zero of=fill bs=1k count=1 oflag=append conv=notrunc 2>/dev/null
for i in $(seq 1 12); do rm r/$i; done
name=d/$(printf %0120d 1)
i=0; while ln d/f $name-$i 2>/tmp/said; do i=$((i+1)); done
grep -c "No space" /tmp/said
[ $(ls d | wc -l) = $((i + 1)) ] && rm r/* && ln d/f $name-$i && echo "all there"
cd /; settrans -ag /mnt
"""


def test_full_directory():
    """A directory that needs a block to map its blocks, and finds but one."""
    for name, options in (("hurd", ["-o", "hurd"]),
                          ("ext2-1k", ["-t", "ext2", "-b", "1024"]),
                          ("ext4", ["-t", "ext4"])):
        disk = make_image("full.img", 2 << 20, "-N", "64", *options)
        status, out = run("run", "--persist", "--disk", fresh_root(), "--disk",
                          disk, "--", "sh", "-c", FULL_DIRECTORY)
        check("1\nall there" in out, name + ": ends where the disk does", out)
        clean(disk, "a full directory, " + name)


def test_translators():
    root = fresh_root()
    status, out = run("run", "--persist", "--disk", root, "--", "sh",
                      "/tests/translators.sh")
    lines = out.split("\n")
    check("end of translators" in lines, "translators come to their end", out)
    for line in lines:
        if line.startswith(("ok ", "FAIL ")):
            check(line.startswith("ok "), line)
    clean(root, "translators")


CLAIMS = """
mkdir /tmp/a /tmp/b /tmp/c
try() {
    want=$1; shift
    sh -c "$*" >/tmp/said 2>&1 && got=ok || got=no
    said=$(head -c 1000 /tmp/said | tr '\\000\\n' '  ')
    case $want-$got-$said in
    ok-ok-*|no-no-*"Translator died"*|no-no-*"resource busy"*) echo "ok $*";;
    *) echo "FAIL $*: $got: $said";;
    esac
}
fs() { at=$1; shift; echo "settrans -a /tmp/$at /hurd/ext2fs $* && ls /tmp/$at/lost+found"; }
try no "$(fs a device:hd0)"
try no "$(fs a device:wd0)"
try no "$(fs a -r device:@/dev/rumpdisk:wd0)"
try no "dd if=/dev/hd0 bs=512 count=1"
try ok "dd if=/dev/wd0 bs=512 count=1 of=/tmp/sector"
try no "dd if=/tmp/sector of=/dev/wd0 bs=512 count=1 conv=notrunc"
try no "dd if=/tmp/sector of=/dev/hd0 bs=512 count=1 conv=notrunc"
try ok "$(fs b device:hd1)"
for name in device:hd1 /dev/hd1 /dev/wd1 device:@/dev/rumpdisk:wd1 \
    "-r /dev/hd1" "-r /dev/wd1" file:/dev/wd1; do
    try no "$(fs c $name)"
done
try ok "settrans -ag /tmp/b"
for name in /dev/wd1 device:hd1 device:@/dev/rumpdisk:wd1 /dev/hd1; do
    try ok "$(fs b $name)"
    try no "$(fs c device:hd1)"
    try ok "settrans -ag /tmp/b"
done
try ok "dd if=/dev/wd1 of=/tmp/sector bs=512 count=1"
try ok "dd if=/tmp/sector of=/dev/wd1 bs=512 count=1 conv=notrunc"
try ok "dd if=/tmp/sector of=/dev/hd1 bs=512 count=1 conv=notrunc"
try no "exec 3<>/dev/hd1; cat /tmp/sector >&3; $(fs b /dev/wd1)"
try no "exec 3<>/dev/hd1; cat /tmp/sector >&3; cat /dev/wd1"
try ok "exec 3</dev/hd1; cat /dev/wd1 >/dev/null"
try ok "$(fs b /dev/wd1)"
pid=$(ps | awk '$3 == "/hurd/ext2fs" && $4 == "/dev/wd1" { print $1 }')
kill -9 $pid; sleep 0.2
try ok "$(fs c device:hd1)"
try ok "settrans -ag /tmp/c"
dd if=/dev/wd1 of=/tmp/file bs=1M 2>/dev/null
try ok "$(fs b /tmp/file)"
try no "$(fs c file:/tmp/file)"
try ok "settrans -ag /tmp/b"
try ok "$(fs c /tmp/file)"
try ok "$(fs b part:1:device:hd2)"
try no "$(fs a part:1:/dev/wd2)"
try no "$(fs a device:hd2s1)"
try no "dd if=/tmp/sector of=/dev/wd2 bs=512 count=1 conv=notrunc"
try ok "$(fs a part:2:device:hd2)"
echo "end of claims"
"""


def test_claims():
    """A disk, or a part of one, has one user who writes, whatever its name."""
    disk = make_image("claimed.img", 4 << 20, "-o", "hurd", "-N", "64")
    parts = path("parts.img")
    with open(disk, "rb") as file:
        data = file.read()
    table = b"".join(struct.pack("<4xB3xII", 0x83, 2048 + i * 8192, 8192)
                     for i in range(2))
    with open(parts, "wb") as file:
        file.write(b"\0" * 446 + table + b"\0" * 32 + b"\x55\xaa")
        for i in range(2):
            file.seek((2048 + i * 8192) * 512)
            file.write(data)
    status, out = run("run", "--disk", fresh_root(), "--disk", disk, "--disk",
                      parts, "--", "sh", "-c", CLAIMS)
    check("end of claims" in out, "claims come to their end", out)
    for line in out.split("\n"):
        if line.startswith(("ok ", "FAIL ")):
            check(line.startswith("ok "), line)


LEAKS = """
cd /tmp; echo x >f; ln -s f l; cat /dev/null; /bin/true; ps >/dev/null
servers="4 5 6 7"
count() { portinfo $servers | sed 's/.*: \\([0-9]*\\) names.*/\\1/'; }
count >before
i=0
while [ $i -lt 150 ]; do
    : <f; : <l; : >>f; : </dev/null; echo x >g; mv g h; ln h k; rm h k
    mkdir d; rmdir d; /bin/true; [ -e none ]; [ -d /proc/1 ]
    i=$((i + 1))
done
count >after
paste before after 2>/dev/null || cat before after
"""


def test_leaks():
    status, out = run("run", "--disk", fresh_root(), "--", "sh", "-c", LEAKS)
    rows = [[int(word) for word in line.split()] for line in out.split("\n")
            if re.fullmatch(r"\d+\s+\d+", line)]
    check(len(rows) >= 3 and all(after <= before + 8 for before, after in rows),
          "servers hold no more rights after 150 rounds", out)


def console(image):
    return subprocess.Popen([HELL, "boot", "--disk", image],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def wait_for(process, word, limit=20):
    out, end = b"", time.time() + limit
    os.set_blocking(process.stdout.fileno(), False)
    while word not in out and time.time() < end:
        time.sleep(0.02)
        out += process.stdout.read() or b""
    return word in out, out.decode(errors="replace")


def test_crash():
    """What was synced is there after a kill -9; what was not breaks nothing."""
    for round in range(3):
        root = fresh_root()
        process = console(root)
        process.stdin.write(
            b"cd /root; i=0; while [ $i -lt 60 ]; do echo content $i >s$i; "
            b"i=$((i+1)); done; mkdir dd; mv s1 dd/moved; sync; "
            b"echo SYN''CED; while :; do cp /bin/busybox b; mv b c; "
            b"mkdir e; touch e/f; rm -r e; cp /etc/motd m; rm c; done\n")
        process.stdin.flush()
        good, out = wait_for(process, b"SYNCED")
        check(good, "the shell syncs", out)
        time.sleep(0.2 + 0.15 * round)
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = subprocess.run(["e2fsck", "-fy", root], capture_output=True,
                              text=True)
        check(done.returncode in (0, 1), "e2fsck repairs", done.stdout)
        clean(root, "after the repair")
        names = ["/root/dd/moved"] + ["/root/s%d" % i for i in range(2, 60)]
        requests = "\n".join("cat " + name for name in names)
        done = subprocess.run(["debugfs", "-f", "-", root], input=requests,
                              capture_output=True, text=True)
        wanted = ["content %d" % i for i in range(1, 60)]
        got = [line for line in done.stdout.split("\n")
               if line.startswith("content")]
        check(got == wanted, "what was synced is there", done.stdout)


def broken(name, how):
    """A translator on a broken disk answers or fails; it does not hang."""
    disk = make_image("broken.img", 4 << 20, "-o", "hurd", "-N", "64")
    subprocess.run(["debugfs", "-w", "-f", "-", disk], text=True,
                   input="mkdir d\nwrite %s f\nsymlink l f\ncd d\n"
                   "write %s g\n" % (__file__, __file__), capture_output=True)
    with open(disk, "r+b") as file:
        how(file)
    status, out = run("run", "--disk", fresh_root(), "--disk", disk, "--", "sh",
                      "-c", "settrans -a /mnt /hurd/ext2fs device:hd1; "
                      "ls -lR /mnt; cat /mnt/f /mnt/l /mnt/d/g | wc -c; "
                      "echo x >/mnt/new; mkdir /mnt/d/e; mv /mnt/f /mnt/d; "
                      "rm -r /mnt/d; settrans -ag /mnt; echo THE END", limit=20)
    check(status == 0 and "THE END" in out, "%s: no hang" % name, out)
    check("Segmentation" not in out and "assert" not in out,
          "%s: no crash" % name, out)
    return out


def test_broken_disks():
    def truncate(file):
        file.truncate(1 << 20)

    def not_ext2(file):
        file.write(b"x" * 65536)

    def feature(file):
        file.seek(1024 + 96)
        file.write(struct.pack("<I", 0x8002))

    def no_root(file):
        file.seek(0, 2)
        size = file.tell()
        for at in range(4096, size, 4096):
            file.seek(at)
            block = file.read(4096)
            if struct.unpack_from("<H", block, 128)[0] == 0o40755:
                file.seek(at + 128)
                file.write(bytes(128))

    out = broken("truncated", truncate)
    check("truncated" in out, "truncated: says so", out)
    out = broken("not ext2", not_ext2)
    check("not an ext2 file system" in out, "not ext2: says so", out)
    out = broken("a feature", feature)
    check("features" in out, "an unknown feature: says so", out)
    broken("no root", no_root)
    for seed in range(8):
        def flip(file, seed=seed):
            chance = random.Random(seed)
            for _ in range(200):
                file.seek(chance.randrange(4096, 200 << 10))
                file.write(bytes([chance.randrange(256)]))
        broken("bytes changed, seed %d" % seed, flip)


# The exerciser's file on several formats: the name, mke2fs's options, and the
# share of the operations.
EXERCISED = [("hurd", ["-o", "hurd"], 3), ("1k", ["-b", "1024"], 2),
             ("ext4", ["-t", "ext4"], 3), ("2k", ["-b", "2048"], 1)]


def sum_of(image):
    """The size of the file and its sum, as the exerciser counts it."""
    out = path("exercised")
    subprocess.run(["debugfs", "-R", "dump /f %s" % out, image],
                   capture_output=True, check=True)
    with open(out, "rb") as file:
        data = file.read()
    total = 0
    for byte in data:
        total = (total * 31 + byte) & (1 << 64) - 1
    return len(data), total


def exercise(name, options, seed, operations):
    what = "exerciser, %s, seed %d" % (name, seed)
    disk = make_image("exercise.img", 8 << 20, *options)
    status, out = run("run", "--persist", "--disk", fresh_root(), "--disk",
                      disk, "--", "sh", "-c",
                      "settrans -a /mnt /hurd/ext2fs device:hd1 && "
                      "/tests/exerciser /mnt/f %d %d; settrans -ag /mnt" %
                      (seed, operations), limit=60 + operations // 50)
    found = re.search(r"size (\d+), sum ([0-9a-f]+)", out)
    check(found, what + " comes to its end", out)
    if found:
        check(sum_of(disk) == (int(found.group(1)), int(found.group(2), 16)),
              what + ": the disk has what the model has")
    clean(disk, what)


def test_exerciser():
    operations = int(os.environ.get("OPERATIONS", "20000"))
    seed = int(os.environ.get("SEED", "0")) or random.randrange(1 << 32)
    shares = sum(share for _, _, share in EXERCISED)
    while operations > 0:
        part = min(operations, 100000)
        for name, options, share in EXERCISED:
            exercise(name, options, seed, part * share // shares)
            seed += 1
        operations -= part


def test_spoilt_disks():
    fuzz.fuzz(sys.modules[__name__])


def test_formats():
    formats.matrix(sys.modules[__name__])


def main():
    os.makedirs(OUT, exist_ok=True)
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    if make_root():
        for name, test in list(globals().items()):
            if name.startswith("test_") and word in name:
                start = time.time()
                test()
                print("%-24s %.1f s" % (name[5:].replace("_", " "),
                                        time.time() - start), flush=True)
    print("files-tests: %d passed, %d failed" % tuple(counts))
    return counts[1] != 0 or not counts[0]


sys.exit(main())
