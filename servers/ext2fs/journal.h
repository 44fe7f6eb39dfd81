/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/journal.h: the journal of a file system (JBD2, ordered mode).
 *
 * What libext2fs writes while a journal runs stays in the running transaction,
 * a block at a time, away from its home.  A commit brings the data home, puts
 * the transaction in the journal, and then lets its blocks go to the cache,
 * from where they go home when they like; when they have, the journal begins
 * anew (a checkpoint).  So after a crash either all of a transaction is there
 * or nothing.  Who commits sees to it that what is in the transaction is whole.
 *
 * Blocks that were freed are not given out again before the commit: until then
 * they may come back.
 *
 * Under diskfs_lock, but see journal_commit.  An error of the journal's own is for good: it is broken,
 * nothing more is written, and what is in memory can be read.
 */
#ifndef EXT2FS_JOURNAL_H
#define EXT2FS_JOURNAL_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>

struct journal;

/* FS's journal, which must be an inode of FS; *WRONG says what is wrong with
 * it, if that is not the disk. */
errcode_t journal_open(ext2_filsys fs, struct journal **result,
                       const char **wrong);
/* Forgets it, whatever is in it. */
void journal_close(struct journal *journal);

/* --- replay.c: before anything else is read of FS ----------------------------- */

/* Brings home what was committed.  Afterwards the journal is empty; FS's
 * superblock and all that was read of it are out of date. */
errcode_t journal_replay(struct journal *journal, const char **wrong);

/* --- transactions ---------------------------------------------------------------- */

/* From here on there is a running transaction; FS's bitmaps are there. */
errcode_t journal_start(struct journal *journal);
/* Commits, brings everything home, and leaves an empty journal. */
errcode_t journal_stop(struct journal *journal);

/* Bytes of the disk, as the running transaction has them. */
errcode_t journal_read(struct journal *journal, uint64_t offset, void *data,
                       uint64_t size);
errcode_t journal_write(struct journal *journal, uint64_t offset,
                        const void *data, uint64_t size);
/* While it is written the lock may be let go (disk.h), and what is written meanwhile
 * is in the next one; by one thread at a time. */
errcode_t journal_commit(struct journal *journal);
/* Whether the running transaction should be committed when it is whole: it is
 * large, or little is free but what it has freed. */
bool journal_is_full(const struct journal *journal);
/* The same at any price. */
bool journal_is_overfull(const struct journal *journal);
/* Whether a commit would give blocks back. */
bool journal_has_freed(const struct journal *journal);
/* A group's inodes have changed. */
void journal_note_group(struct journal *journal, uint32_t group);
bool journal_is_broken(const struct journal *journal);

#endif
