/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/mount.c: the file system as a whole: from the store to one that
 * can be read and written, and back. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ext2fs/disk.h"
#include "ext2fs/io.h"
#include "ext2fs/pieces.h"
#include "ext2fs/private.h"

ext2_filsys fs;

struct journal *ext2_journal;

boolean_t ext2_has_journal(void)
{
    return ext2_journal != NULL;
}

void ext2_note_inode(ext2_ino_t ino)
{
    if (ext2_journal)
        journal_note_group(ext2_journal, ext2fs_group_of_ino(fs, ino));
}

/* --- opening ------------------------------------------------------------------ */

static const char *what_is_wrong(errcode_t err)
{
    switch (err) {
    case 0:
        return NULL;
    case EXT2_ET_BAD_MAGIC:
        return "not an ext2 file system";
    case EXT2_ET_UNSUPP_FEATURE:
    case EXT2_ET_RO_UNSUPP_FEATURE:
        return "has features that nobody here knows";
    case EXT2_ET_SHORT_READ:
        return "truncated: the device ends before the file system does";
    default:
        return error_message(err);
    }
}

/* libext2fs believes these, and would go beyond its bitmaps. */
static boolean_t is_sane(const struct ext2_super_block *super)
{
    uint64_t bits = 8ull * fs->blocksize;

    return super->s_first_data_block <= (fs->blocksize == 1024) &&
           super->s_inodes_per_group % 8 == 0 &&
           super->s_inodes_per_group <= bits &&
           super->s_clusters_per_group % 8 == 0 &&
           super->s_clusters_per_group <= bits &&
           super->s_inodes_count ==
               (uint64_t)fs->group_desc_count * super->s_inodes_per_group;
}

/* A reason not to serve it, or NULL. */
static const char *look_over(void)
{
    static char reason[80];
    struct ext2_super_block *super = fs->super;
    const char *feature = ext2_why_not_served();

    if (ext2fs_blocks_count(super) > store_size() / fs->blocksize)
        return "truncated: the device ends before the file system does";
    if (!is_sane(super))
        return "its superblock makes no sense: run e2fsck";
    if (!feature)
        return ext2fs_check_desc(fs)
                   ? "its group descriptors make no sense: run e2fsck"
                   : NULL;
    snprintf(reason, sizeof reason, "has features that are not supported (%s)",
             feature);
    return reason;
}

/* For writing even if it will not be written now, as that may change. */
static const char *open_fs(const char *name)
{
    errcode_t err = ext2fs_open2(name, NULL, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0,
                                 0, &io_manager_here, &fs);

    return err ? what_is_wrong(err) : look_over();
}

static const char *replay(void)
{
    struct journal *old;
    const char *wrong = NULL;
    errcode_t err = 0;

    if (!ext2fs_has_feature_journal(fs->super) || !fs->super->s_journal_inum)
        return "its journal, on another device, must be replayed first";
    if (!store_writable())
        return "its journal must be replayed, and the store cannot be written";
    err = journal_open(fs, &old, &wrong);
    if (err)
        return wrong ? wrong : what_is_wrong(err);
    err = journal_replay(old, &wrong);
    journal_close(old);
    return wrong ? wrong : what_is_wrong(err);
}

/* What the journal had may have changed all that was read so far. */
static const char *reopen(const char *name)
{
    ext2fs_free(fs);
    const char *wrong = open_fs(name);
    if (wrong)
        return wrong;
    mach_complain(0, "%s: its journal was replayed", name);
    ext2fs_clear_feature_journal_needs_recovery(fs->super);
    ext2fs_mark_super_dirty(fs);
    return what_is_wrong(ext2fs_flush(fs));
}

const char *ext2_mount(const char *name)
{
    const char *wrong = open_fs(name);

    if (!wrong && ext2fs_has_feature_journal_needs_recovery(fs->super)) {
        wrong = replay();
        if (!wrong)
            wrong = reopen(name);
    }
    if (!wrong)
        wrong = what_is_wrong(ext2fs_read_bitmaps(fs));
    if (!wrong && !ext2fs_test_inode_bitmap2(fs->inode_map, EXT2_ROOT_INO))
        wrong = "has no root directory";
    if (!wrong)
        fs->flags &= ~EXT2_FLAG_RW;
    return wrong;
}

/* --- from read-only to writable and back -------------------------------------------- */

/* Straight to the disk, past any journal. */
static errcode_t put_super(void)
{
    ext2fs_mark_super_dirty(fs);
    return ext2fs_flush(fs);
}

static errcode_t start_journal(const char **wrong)
{
    struct journal *new;
    errcode_t err = journal_open(fs, &new, wrong);

    if (err)
        return err;
    ext2fs_set_feature_journal_needs_recovery(fs->super);
    err = put_super();
    if (!err)
        err = journal_start(new);
    if (err) {
        ext2fs_clear_feature_journal_needs_recovery(fs->super);
        journal_close(new);
        return err;
    }
    ext2_journal = new;
    io_use_journal(ext2_journal);
    return 0;
}

static errcode_t stop_journal(void)
{
    error_t synced = ext2_sync_now();
    errcode_t err =
        synced ? EXT2_ET_CORRUPT_JOURNAL_SB : journal_stop(ext2_journal);

    if (err)
        return err;
    io_use_journal(NULL);
    journal_close(ext2_journal);
    ext2_journal = NULL;
    ext2fs_clear_feature_journal_needs_recovery(fs->super);
    return 0;
}

static error_t make_read_only(void)
{
    error_t synced = ext2_journal ? fs_error(stop_journal()) : ext2_sync_now();

    if (synced)
        return synced;
    errcode_t err;
    fs->super->s_state |= EXT2_VALID_FS;
    err = put_super();
    if (!err)
        fs->flags &= ~EXT2_FLAG_RW;
    return fs_error(err);
}

static error_t refuse(const char *wrong)
{
    mach_complain(0, "%s: %s", diskfs_source, wrong);
    return HURD_EROFS;
}

/* Nothing was written here: what is on the store now is how it is. */
static const char *read_again(void)
{
    ext2fs_free(fs);
    pieces_forget();
    const char *wrong = ext2_mount(diskfs_source);
    if (wrong) {
        mach_printf("ext2fs: %s: %s\n", diskfs_source, wrong);
        exit(1); /* there is no file system any more */
    }
    diskfs_reread_nodes();
    return ext2_why_not_written();
}

/* A file system that is written is not clean until it is not any more, or its
 * journal makes it so.  One that had to be checked may have been. */
static error_t make_writable(void)
{
    const char *wrong =
        diskfs_must_check ? read_again() : ext2_why_not_written();
    errcode_t err;

    diskfs_must_check = !ext2_is_clean();
    if (wrong)
        return refuse(wrong);
    fs->flags |= EXT2_FLAG_RW;
    fs->super->s_mtime = time(NULL);
    if (ext2fs_has_feature_journal(fs->super)) {
        err = start_journal(&wrong);
    } else {
        fs->super->s_state &= ~EXT2_VALID_FS;
        err = put_super();
    }
    if (!err)
        return ext2_journal ? orphans_clean() : 0;
    fs->flags &= ~EXT2_FLAG_RW;
    return wrong ? refuse(wrong) : fs_error(err);
}

error_t ext2_set_read_only(boolean_t read_only)
{
    error_t err = fs_error(disk_commit());

    if (err)
        return err;
    err = HURD_EROFS;
    if (read_only)
        err = make_read_only();
    else if (store_writable())
        err = store_take_writing();
    if (!read_only && !err)
        err = make_writable();
    if (read_only != (err != 0))
        store_let_writing_go();
    return err;
}
