# SPDX-License-Identifier: GPL-2.0-or-later
"""ext2fs on disks that make no sense: bits of metadata are changed, by seed.

It may refuse or answer with errors; it may not end, nor keep anybody waiting.
FUZZ says how many seeds, SEED repeats one.
"""
import random
import subprocess

import tally

SHAPES = [["-o", "hurd"], ["-t", "ext2", "-b", "1024", "-O", "dir_index"],
          ["-t", "ext3", "-b", "1024"], ["-t", "ext4"],
          ["-t", "ext4", "-O", "^metadata_csum"],
          ["-t", "ext4", "-O", "^metadata_csum,bigalloc", "-C", "16384"]]
WORK = """
settrans -a /mnt /hurd/ext2fs device:hd1
case $(fsysopts /mnt) in *hd1*) there=yes ;; *) echo REFUSED ;; esac
timeout 10 ls -lR /mnt >/dev/null; timeout 10 cat /mnt/given/* | wc -c
echo x >/mnt/new; mkdir /mnt/d; ln -s a /mnt/d/l; cp /bin/busybox /mnt/d
mv /mnt/given/small /mnt/d; truncate -s 77777 /mnt/given/large
rm -r /mnt/given; rm -r /mnt/d; sync; statfs=$(df /mnt)
[ -z "$there" ] || case $(fsysopts /mnt) in *hd1*) ;; *) echo GONE ;; esac
settrans -fg /mnt
settrans -a /mnt /hurd/ext2fs device:hd1
timeout 10 ls -R /mnt >/dev/null; settrans -fg /mnt
"""


def places(image):
    """What the file system describes itself with, in bytes."""
    done = subprocess.run(["dumpe2fs", image], capture_output=True, text=True)
    size, found = 1024, [(1024, 1024)]
    for line in done.stdout.split("\n"):
        words = line.replace(",", " ").split()
        if line.startswith("Block size:"):
            size = int(words[-1])
        for name, most in (("bitmap at", 1), ("table at", 20),
                           ("descriptors at", 1)):
            if name in line:
                for part in line.split(name)[1:]:
                    first = int(part.split()[0].split("-")[0].strip("(),+"))
                    found.append((first * size, most * size))
    for folder in ("/", "/given", "/given/indexed", "<8>"):
        done = subprocess.run(["debugfs", "-R", "blocks " + folder, image],
                              capture_output=True, text=True)
        found += [(int(word) * size, size) for word in
                  done.stdout.split()[:20]]
    return found


def spoil(image, draw):
    found = places(image)
    with open(image, "r+b") as file:
        for _ in range(draw.choice((1, 5, 40, 200))):
            start, size = draw.choice(found)
            at = start + draw.randrange(size)
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            if byte:
                file.write(bytes([draw.choice((byte[0] ^ 1 << draw.randrange(8),
                                               draw.randrange(256)))]))


def one_seed(t, folder, seed):
    draw = random.Random(seed)
    size = 12 << 20
    image = t.make_image("fuzz.img", size, "-N", "512", "-d", folder,
                         *draw.choice(SHAPES))
    spoil(image, draw)
    status, out = t.run("run", "--persist", "--disk", t.fresh_root(), "--disk",
                        image, "--", "sh", "-c", WORK + "echo THE END",
                        limit=60)
    lines = [line for line in out.split("\n") if line.startswith("ext2fs:")]
    what = "a spoilt disk, seed %d" % seed
    out = "\n".join(line[:200] for line in out.split("\n"))
    t.check(status == 0 and "THE END" in out, what + ": nobody waits", out)
    t.check("GONE" not in out, what + ": it stays", out)
    t.check("REFUSED" not in out or lines, what + ": a line says why not", out)


def fuzz(t):
    folder = t.path("given")
    t.formats.given(folder)
    for seed in tally.seeds("FUZZ", 8):
        one_seed(t, folder, seed)
