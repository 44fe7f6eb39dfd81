/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/journal/journal_test.c: files come and go on a file system with a
 * journal; the machine stops after some write; what the journal has is brought
 * home, by us and by e2fsck.  Both must come to the same, which must be one of
 * the states that were committed, and whole in e2fsck's eyes.
 *
 * usage: journal_test FOLDER [CRASHES [SEED]]
 * CRASHES of each kind of file system: after so many writes each, drawn by SEED;
 * 0: after every single one.
 */
#include <endian.h>
#include <et/com_err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext2fs/io.h"
#include "ext2fs/jbd2.h"
#include "tests/journal/files.h"
#include "tests/journal/medium.h"

#define COMMITS 260

static const struct kind {
    const char *name, *options;
    unsigned features; /* of the journal, set by hand */
    bool oldest_sums;
} kinds[] = {
    {"ext3", "-t ext3 -b 1024 -I 128", 0, false},
    {"hurd", "-t ext2 -O has_journal,^dir_index -o hurd -b 1024 -I 128", 0,
     false},
    {"ext4", "-t ext4 -b 1024", 0, false},
    {"ext4, 4k", "-t ext4 -b 4096", 0, false},
    {"no checksums", "-t ext4 -b 1024 -O ^metadata_csum", 0, false},
    {"checksums of version 2", "-t ext4 -b 1024 -O ^metadata_csum",
     JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_REVOKE, false},
    {"version 2, 32 bits", "-t ext4 -b 1024 -O ^metadata_csum,^64bit",
     JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_REVOKE, false},
    {"the oldest sums", "-t ext3 -b 1024", JBD2_INCOMPAT_REVOKE, true},
};

static unsigned passed, failed, refused;
static char folder[256];

static bool check(bool good, const char *what, const char *kind, size_t at)
{
    if (good)
        passed++;
    else
        printf("FAIL %s: %s (after write %zu)\n", kind, what, at);
    failed += !good;
    return good;
}

static const char *file(const char *name)
{
    static char paths[16][300];
    static unsigned next;
    char *path = paths[next++ % 16];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int run(const char *format, const char *a, const char *b)
{
    char line[1024];

    snprintf(line, sizeof line, format, a, b);
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* --- the work ------------------------------------------------------------------- */

struct commit {
    size_t begun, done; /* events */
    struct model model;
};
static struct commit commits[COMMITS + 1];

static errcode_t open_fs(ext2_filsys *fs)
{
    return ext2fs_open2("disk", NULL, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0,
                        &io_manager_here, fs);
}

static errcode_t set_needs_recovery(ext2_filsys fs, bool on)
{
    if (on)
        ext2fs_set_feature_journal_needs_recovery(fs->super);
    else
        ext2fs_clear_feature_journal_needs_recovery(fs->super);
    ext2fs_mark_super_dirty(fs);
    return ext2fs_flush(fs);
}

/* Others, who change things while a transaction is written. */
static struct {
    ext2_filsys fs;
    struct model *model;
    unsigned *seed;
    errcode_t err;
} others;

static void others_change(void)
{
    if (!others.err && rand_r(others.seed) % 64 == 0)
        others.err = files_change(others.fs, others.model, others.seed);
}

static errcode_t commit(ext2_filsys fs, struct journal *journal,
                        struct commit *note, struct model *model,
                        unsigned *seed)
{
    note->begun = medium_events();
    note->model = *model;
    errcode_t err = ext2fs_flush2(fs, EXT2_FLAG_FLUSH_NO_SYNC);
    others.err = 0;
    others.fs = fs;
    others.model = model;
    others.seed = seed;
    medium_meanwhile(others_change);
    if (!err)
        err = journal_commit(journal);
    medium_meanwhile(NULL);
    note->done = medium_events();
    return err ? err : others.err;
}

/* COMMITS transactions of some changes each. */
static errcode_t work(ext2_filsys fs, struct journal *journal, unsigned *seed)
{
    struct model model = {0};
    errcode_t err = 0;

    commits[0] = (struct commit){medium_events(), medium_events(), model};
    for (unsigned i = 1; !err && i <= COMMITS; i++) {
        for (unsigned n = rand_r(seed) % 4; !err && n < 4; n++)
            err = files_change(fs, &model, seed);
        if (rand_r(seed) % 3 == 0)
            medium_evict(seed);
        if (!err)
            err = commit(fs, journal, &commits[i], &model, seed);
    }
    return err;
}

/* What mke2fs does not make: a journal that says it has other features. */
static void set_features(ext2_filsys fs, const struct kind *kind)
{
    blk64_t home = 0;
    char *block = malloc(fs->blocksize);
    struct jbd2_super *super = (struct jbd2_super *)block;

    if (kind->features &&
        !ext2fs_bmap2(fs, EXT2_JOURNAL_INO, NULL, NULL, 0, 0, NULL, &home)) {
        io_channel_read_blk64(fs->io, home, 1, block);
        super->incompat = htobe32(kind->features);
        if (kind->oldest_sums)
            super->compat = htobe32(JBD2_COMPAT_CHECKSUM);
        if (kind->features & JBD2_INCOMPAT_CSUM_V2)
            super->checksum_type = JBD2_CHECKSUM_CRC32C;
        super->checksum = 0;
        super->checksum = htobe32(
            ext2fs_crc32c_le(~0u, (unsigned char *)super, sizeof *super));
        io_channel_write_blk64(fs->io, home, 1, block);
    }
    free(block);
}

/* A file system that was worked on, with all its events in the medium. */
static bool make(const struct kind *kind, unsigned seed)
{
    struct journal *journal;
    const char *wrong = NULL;
    ext2_filsys fs;
    const char *first = file("first.img");
    char line[600];

    snprintf(line, sizeof line,
             "rm -f %s; truncate -s 16M %s; mke2fs -q -F %s -N 128 -J size=%d "
             "%s >/dev/null 2>&1",
             first, first, kind->options, strstr(kind->options, "4096") ? 4 : 1,
             first);
    if (system(line))
        return check(false, "mke2fs", kind->name, 0);
    medium_load(first);
    errcode_t err = open_fs(&fs);
    if (!err)
        err = ext2fs_read_bitmaps(fs);
    if (!err) {
        set_features(fs, kind);
        err = journal_open(fs, &journal, &wrong);
    }
    if (!err)
        err = set_needs_recovery(fs, true);
    if (!err)
        err = journal_start(journal);
    if (err)
        return check(false, wrong ? wrong : error_message(err), kind->name, 0);
    io_use_journal(journal);
    err = work(fs, journal, &seed);
    io_use_journal(NULL);
    journal_close(journal);
    ext2fs_free(fs);
    return check(!err, err ? error_message(err) : "work", kind->name, 0);
}

/* --- after a crash ----------------------------------------------------------------- */

/* The image in PATH is replayed, and stands in OUT then. */
static bool replay(const char *path, const char *out, const char **wrong)
{
    struct journal *journal;
    ext2_filsys fs;

    medium_load(path);
    errcode_t err = open_fs(&fs);
    if (err)
        return false;
    err = journal_open(fs, &journal, wrong);
    if (!err) {
        err = journal_replay(journal, wrong);
        journal_close(journal);
    }
    ext2fs_free(fs);
    if (err)
        return false;
    err = open_fs(&fs);
    if (!err)
        err = set_needs_recovery(fs, false);
    if (!err)
        ext2fs_free(fs);
    medium_store(out, medium_events(), NULL);
    return !err;
}

/* But for the superblock and the journal itself. */
static bool same_images(const char *a, const char *b)
{
    ext2_filsys fs[2];
    char data[2][4096];
    bool same = true;

    if (ext2fs_open(a, 0, 0, 0, unix_io_manager, &fs[0]) ||
        ext2fs_open(b, 0, 0, 0, unix_io_manager, &fs[1]) ||
        ext2fs_read_block_bitmap(fs[0]))
        return false;
    for (blk64_t i = 0; i < ext2fs_blocks_count(fs[0]->super); i++)
        if (i >= fs[0]->super->s_first_data_block &&
            ext2fs_test_block_bitmap2(fs[0]->block_map, i))
            ext2fs_unmark_block_bitmap2(fs[0]->block_map, i);
    /* The journal's blocks are marked. */
    for (blk64_t i = 0, phys; !ext2fs_bmap2(fs[0], EXT2_JOURNAL_INO, NULL, NULL,
                                            0, i, NULL, &phys) &&
                              phys;
         i++)
        ext2fs_mark_block_bitmap2(fs[0]->block_map, phys);
    for (blk64_t i = 1024 / fs[0]->blocksize + 1;
         i < ext2fs_blocks_count(fs[0]->super); i++) {
        if (ext2fs_test_block_bitmap2(fs[0]->block_map, i))
            continue;
        io_channel_read_blk64(fs[0]->io, i, 1, data[0]);
        io_channel_read_blk64(fs[1]->io, i, 1, data[1]);
        if (memcmp(data[0], data[1], fs[0]->blocksize)) {
            printf("     block %llu differs\n", (unsigned long long)i);
            same = false;
        }
    }
    ext2fs_free(fs[0]);
    ext2fs_free(fs[1]);
    return same;
}

/* Whether it is one of the states that could be there after EVENTS. */
static bool is_a_state(const char *path, size_t events)
{
    ext2_filsys fs;
    unsigned last = 0;
    bool found;

    if (ext2fs_open(path, 0, 0, 0, unix_io_manager, &fs))
        return false;
    while (last < COMMITS && commits[last + 1].done <= events)
        last++;
    found = files_match(fs, &commits[last].model) ||
            (last < COMMITS && files_match(fs, &commits[last + 1].model));
    ext2fs_free(fs);
    return found;
}

/* The medium after so many EVENTS, which stands in crash.img. */
static void look_at(const struct kind *kind, size_t events)
{
    const char *wrong = NULL;
    const char *crash = file("crash.img"), *ours = file("ours.img");

    bool good = replay(crash, ours, &wrong);
    medium_forget();
    if (!check(good, wrong ? wrong : "is replayed", kind->name, events))
        return;
    int status = run("e2fsck -fn %s >%s 2>&1", ours, file("e2fsck"));
    if (!check(status == 0, "is whole", kind->name, events))
        run("cat %s %s", file("e2fsck"), "");
    check(is_a_state(ours, events), "is as it was committed", kind->name,
          events);
    status =
        run("e2fsck -y -E journal_only %s >%s 2>&1", crash, file("e2fsck"));
    check(status <= 1, "e2fsck replays it", kind->name, events);
    check(same_images(crash, ours), "is what e2fsck makes of it", kind->name,
          events);
}

static void crash_at(const struct kind *kind, size_t at, unsigned *seed)
{
    medium_store(file("crash.img"), at, seed);
    medium_swap();
    look_at(kind, at);
    medium_swap();
}

static void crash_often(const struct kind *kind, unsigned count, unsigned *seed)
{
    size_t first = commits[0].done, events = medium_events();
    unsigned crashes = count ? count : events - first;

    for (unsigned i = 0; i < crashes; i++) {
        size_t at = first + (count ? rand_r(seed) % (events - first) : i);
        crash_at(kind, at, rand_r(seed) % 2 ? seed : NULL);
    }
    printf("     %s: %zu writes\n", kind->name, events);
}

/* --- damage ---------------------------------------------------------------------------- */

/* Changes a byte of the journal, near where it begins. */
static void spoil(const char *path, unsigned *seed)
{
    char block[4096];
    blk64_t home = 0;
    ext2_filsys fs;

    if (ext2fs_open(path, EXT2_FLAG_RW, 0, 0, unix_io_manager, &fs))
        return;
    if (ext2fs_bmap2(fs, EXT2_JOURNAL_INO, NULL, NULL, 0, 0, NULL, &home) ||
        io_channel_read_blk64(fs->io, home, 1, block))
        home = 0;
    uint32_t start = be32toh(((struct jbd2_super *)block)->start);
    uint32_t at = rand_r(seed) % 8 ? start + rand_r(seed) % 60 : 0;
    if (!ext2fs_bmap2(fs, EXT2_JOURNAL_INO, NULL, NULL, 0, at % 1024, NULL,
                      &home) &&
        !io_channel_read_blk64(fs->io, home, 1, block)) {
        block[rand_r(seed) % (at ? fs->blocksize : 256)] ^= 1
                                                            << rand_r(seed) % 8;
        io_channel_write_blk64(fs->io, home, 1, block);
    }
    ext2fs_free(fs);
}

/* With checksums, damage is refused in words, or is where nothing was. */
static void damage(const struct kind *kind, unsigned count, unsigned *seed)
{
    size_t first = commits[0].done, events = medium_events();

    for (unsigned i = 0; i < count; i++) {
        const char *wrong = NULL, *ours = file("ours.img");
        size_t at = first + rand_r(seed) % (events - first);
        medium_store(file("crash.img"), at, NULL);
        spoil(file("crash.img"), seed);
        medium_swap();
        bool good = replay(file("crash.img"), ours, &wrong);
        medium_forget();
        medium_swap();
        if (good)
            good = run("e2fsck -fn %s >%s 2>&1", ours, file("e2fsck")) == 0;
        check(good || wrong, "damage is refused or does no harm", kind->name,
              at);
        refused += wrong != NULL;
    }
}

int main(int argc, char **argv)
{
    unsigned count = argc > 2 ? atoi(argv[2]) : 12;
    unsigned seed = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;

    snprintf(folder, sizeof folder, "%s", argc > 1 ? argv[1] : "/tmp");
    initialize_ext2_error_table();
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (make(&kinds[k], rand_r(&seed)))
            crash_often(&kinds[k], count, &seed);
        if (!strcmp(kinds[k].name, "ext4"))
            damage(&kinds[k], count ? 2 * count : 1000, &seed);
        medium_forget();
    }
    check(refused, "some damage was refused", "damage", 0);
    printf("journal-tests: %u passed, %u failed\n", passed, failed);
    return failed != 0 || !passed;
}
