# SPDX-License-Identifier: GPL-2.0-or-later
"""A matrix of what mke2fs can make: each is worked on by load.sh and then whole
in e2fsck's eyes, or was refused in one line and is as it was.

FILES says how many files come and go; SHAPE=part-of-a-name picks formats.
"""
import hashlib
import os
import random
import subprocess

INDEXED = False
# name, size in MiB, mke2fs's options, what is to be expected of a mount.
EXT4 = ["-t", "ext4"]
SHAPES = [
    ("rev 0", 24, ["-r", "0"], "written"),
    ("ext2, 1k", 24, ["-t", "ext2", "-b", "1024"], "written"),
    ("ext2, 2k", 24, ["-t", "ext2", "-b", "2048"], "written"),
    ("ext2, 4k, 128", 24, ["-t", "ext2", "-b", "4096", "-I", "128"],
     "written"),
    ("ext2, 8k", 48, ["-t", "ext2", "-b", "8192"], "written"),
    ("ext2, 64k", 200, ["-t", "ext2", "-b", "65536"], "written"),
    ("hurd", 24, ["-t", "ext2", "-o", "hurd", "-b", "4096", "-I", "128"],
     "written"),
    ("ext2 and extents", 24, ["-t", "ext2", "-O", "extent"], "written"),
    ("ext3", 24, ["-t", "ext3", "-I", "128"], "written"),
    ("ext3, 1k", 24, ["-t", "ext3", "-b", "1024"], "written"),
    ("ext4", 32, EXT4, "written"),
    ("ext4, 1k", 32, EXT4 + ["-b", "1024"], "written"),
    ("ext4, 64k", 400, EXT4 + ["-b", "65536"], "written"),
    ("ext4, no journal", 24, EXT4 + ["-O", "^has_journal"], "written"),
    ("no 64bit", 32, EXT4 + ["-O", "^64bit"], "written"),
    ("uninit_bg", 32, EXT4 + ["-O", "^metadata_csum,uninit_bg"], "written"),
    ("inode 512", 32, EXT4 + ["-I", "512"], "written"),
    ("inode 128", 32, EXT4 + ["-I", "128"], "written"),
    ("csum seed", 32, EXT4 + ["-O", "metadata_csum_seed"], "written"),
    ("bigalloc", 64, EXT4 + ["-O", "bigalloc", "-C", "16384"], "written"),
    ("bigalloc, 1k", 64, EXT4 + ["-O", "bigalloc", "-b", "1024", "-C", "8192"],
     "written"),
    ("large_dir", 32, EXT4 + ["-O", "large_dir"], "written"),
    ("sparse_super2", 32, EXT4 + ["-O", "sparse_super2,^resize_inode"],
     "written"),
    ("meta_bg", 40, EXT4 + ["-b", "1024", "-O", "meta_bg,^resize_inode"],
     "written"),
    ("flex_bg", 40, EXT4 + ["-b", "1024", "-G", "4"], "written"),
    ("project", 32, EXT4 + ["-O", "project"], "written"),
    ("ea_inode", 32, EXT4 + ["-O", "ea_inode"], "written"),
    ("orphan_file", 32, EXT4 + ["-O", "orphan_file"], "written"),
    ("fast_commit", 32, EXT4 + ["-O", "fast_commit"], "written"),
    ("stable_inodes", 32, EXT4 + ["-O", "stable_inodes"], "written"),
    ("quota", 32, EXT4 + ["-O", "quota"], "only read"),
    ("verity", 32, EXT4 + ["-O", "verity"], "only read"),
    ("dirty journal", 32, EXT4, "written"),
    ("dirty journal of ext3", 32, ["-t", "ext3", "-b", "1024"], "written"),
    ("external journal", 32, EXT4 + ["-O", "^has_journal"], "only read"),
    ("external journal, not replayed", 32, EXT4 + ["-O", "^has_journal"],
     "refused"),
    ("damaged journal", 32, EXT4, "refused"),
    ("inline_data", 32, EXT4 + ["-O", "inline_data"], "refused"),
    ("casefold", 32, EXT4 + ["-O", "casefold"], "refused"),
    ("encrypt", 32, EXT4 + ["-O", "encrypt"], "refused"),
    ("mmp", 32, EXT4 + ["-O", "mmp"], "refused"),
]


def given(folder):
    """What each image has in it from the beginning."""
    indexed = os.path.join(folder, "given", "indexed")
    os.makedirs(indexed, exist_ok=True)
    for i in range(300):
        with open(os.path.join(indexed, "f%d" % i), "w") as file:
            file.write("%d\n" % i)
    names = {"small": b"small\n", "attributes1": b"one", "attributes2": b"",
             "large": random.Random(1).randbytes(1500000)}
    for name, data in names.items():
        with open(os.path.join(folder, "given", name), "wb") as file:
            file.write(data)


def debugfs(image, *requests):
    return subprocess.run(["debugfs", "-w", "-f", "-", image], text=True,
                          input="\n".join(requests) + "\n",
                          capture_output=True)


def make(t, folder, size, options):
    """The image, with attributes in inodes and in blocks of their own, and an
    index for its directory where there can be one."""
    image = t.make_image("shape.img", size << 20, "-N", "8192", "-d", folder,
                         *options)
    value = "v" * 300
    debugfs(image, "ea_set /given/attributes1 user.one %s" % value,
            "ea_set /given/attributes1 user.two %s" % value,
            "ea_set /given/attributes2 user.little x",
            "ea_set /given/indexed user.dir %s" % value)
    if "ea_inode" in options[-1]:
        with open(t.path("value"), "w") as file:
            file.write("w" * 20000)
        debugfs(image, "ea_set -f %s /given/attributes2 user.large"
                % t.path("value"))
    if INDEXED:
        subprocess.run(["e2fsck", "-fyD", image], capture_output=True)
    return image


def external_journal(image, *more):
    """Says that its journal is somewhere else."""
    debugfs(image, "feature has_journal", *more,
            "ssv journal_uuid 12345678-1234-1234-1234-123456789abc",
            "ssv journal_dev 0x801")


def block_size(image):
    for line in debugfs(image, "stats").stdout.split("\n"):
        if line.startswith("Block size:"):
            return int(line.split()[-1])
    return 1024


def dirty_journal(t, image):
    """What is in a file's block is in the journal only."""
    block = int(debugfs(image, "blocks /given/small").stdout.split()[-1])
    size = block_size(image)
    with open(t.path("block"), "wb") as file:
        file.write(b"small\n".ljust(size, b"\0"))
    debugfs(image, "jo", "jw -b %d %s" % (block, t.path("block")), "jc")
    with open(image, "r+b") as file:
        file.seek(block * size)
        file.write(b"\xff" * size)


def damaged_journal(t, image):
    """The journal's first block makes no sense, and is needed."""
    dirty_journal(t, image)
    for line in debugfs(image, "blocks <8>").stdout.split("\n"):
        if line[:1].isdigit():
            block = int(line.split()[0])
    with open(image, "r+b") as file:
        file.seek(block * block_size(image))
        file.write(b"\xff" * 1024)


def prepare(t, name, image):
    if name.startswith("dirty journal"):
        dirty_journal(t, image)
    elif name.startswith("damaged journal"):
        damaged_journal(t, image)
    elif name == "external journal":
        external_journal(image)
    elif name.startswith("external journal"):
        external_journal(image, "feature needs_recovery")


def wanted(folder):
    """What load.sh makes of the two files whose sums it shows."""
    with open(os.path.join(folder, "given", "large"), "rb") as file:
        large = file.read()
    grown = large[:12345].ljust(400000, b"\0") + b"tail\n"
    holes = bytes(333000) + large
    holes = holes[:700001]
    return grown, holes


def digest(image):
    with open(image, "rb") as file:
        return hashlib.sha256(file.read()).digest()


def read_back(t, image, name):
    copy = t.path("copy")
    debugfs(image, "dump %s %s" % (name, copy))
    with open(copy, "rb") as file:
        return file.read()


def files_and_room(options):
    """How many files come and go, and the MiB that they take."""
    unit = max([4096] + [int(options[i + 1]) for i, word in enumerate(options)
                         if word in ("-b", "-C")])
    files = min(int(os.environ.get("FILES", "50")),
                2000 if unit == 65536 else 5000)
    return files, (files * unit >> 20) + 1


def one_shape(t, folder, shape):
    name, size, options, expected = shape
    files, room = files_and_room(options)
    try:
        image = make(t, folder, size + room, options)
    except subprocess.CalledProcessError as refused:
        # Newer ones do not make the oldest any more.
        t.check("-r" in options, name + ": mke2fs makes it",
                refused.stderr.decode())
        return
    prepare(t, name, image)
    before = digest(image)
    status, out = t.run(
        "run", "--persist", "--disk", t.fresh_root(), "--disk", image, "--",
        "sh", "-c", "settrans -a /mnt /hurd/ext2fs device:hd1; "
        "sh /tests/load.sh /mnt %d; settrans -fg /mnt; echo THE END"
        % files, limit=600)
    lines = [line for line in out.split("\n") if line.startswith("ext2fs:")]
    t.check("THE END" in out, name + ": comes to the end", out)
    if expected == "written":
        replayed = ["ext2fs: device:hd1: its journal was replayed"]
        t.check("\nwritten\n" in out and
                lines == (replayed if name.startswith("dirty") else []),
                name + ": written", out)
        t.clean(image, name)
        for file, data in zip(("grown", "holes"), wanted(folder)):
            t.check(read_back(t, image, "/keep/" + file) == data,
                    "%s: what is in %s" % (name, file))
    else:
        t.check(len(lines) == 1, name + ": one line says why not", out)
        t.check(digest(image) == before, name + ": nothing is changed")
        t.check(("only read" in out) == (expected == "only read"),
                "%s: %s" % (name, expected), out)


def matrix(t):
    folder = t.path("given")
    given(folder)
    word = os.environ.get("SHAPE", "")
    for shape in SHAPES:
        if word in shape[0]:
            one_shape(t, folder, shape)
