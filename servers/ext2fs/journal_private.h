/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/journal_private.h: between the journal's parts. */
#ifndef EXT2FS_JOURNAL_PRIVATE_H
#define EXT2FS_JOURNAL_PRIVATE_H

#include <endian.h>

#include "ext2fs/blockset.h"
#include "ext2fs/disk.h"
#include "ext2fs/jbd2.h"
#include "ext2fs/journal.h"

struct freed {
    blk64_t first, count;
};

struct journal {
    ext2_filsys fs;
    uint32_t block_size;
    blk64_t *home; /* the disk's block of each of the journal's */
    uint32_t first, end;
    char *super_block; /* a whole one, with the struct jbd2_super in it */
    struct jbd2_super *super;
    uint32_t incompat; /* of this machine's byte order */
    uint32_t seed;     /* where checksums begin */
    bool broken;

    uint32_t head;     /* where the next block of the log goes */
    uint32_t room;     /* blocks from there to the oldest that is needed */
    uint32_t sequence; /* the next that is committed */
    uint32_t limit;    /* blocks that it should not exceed */
    struct block_set running; /* with their contents */
    struct block_set revoked; /* freed in it, and in the log */
    /* The same of one that is being committed, while others change the next. */
    struct block_set committing, committing_revoked;
    struct block_set logged; /* in the log */
    struct block_set groups; /* whose bitmaps have changed */
    struct freed *freed;
    size_t freed_count, freed_room;
    size_t
        freed_committing; /* the first of them: in the one that is committed */
    blk64_t freed_blocks;
    ext2fs_block_bitmap busy; /* in use, or freed in the running transaction */
};

static inline bool journal_has_checksums(const struct journal *j)
{
    return j->incompat & (JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_CSUM_V3);
}

/* --- journal.c --------------------------------------------------------------- */

/* Bytes of a block's tag, and of what stands at the end of a descriptor. */
uint32_t journal_tag_size(const struct journal *j);
uint32_t journal_tail_size(const struct journal *j);
errcode_t journal_write_super(struct journal *j);
uint32_t journal_next(const struct journal *j, uint32_t at);
uint32_t journal_block_checksum(const struct journal *j, uint32_t sequence,
                                const void *block);
/* The checksum of a descriptor, a revoke or a commit block, which stands at
 * FIELD in it. */
uint32_t journal_own_checksum(const struct journal *j, void *block,
                              uint32_t *field);

/* --- commit.c ------------------------------------------------------------------ */

/* Empties the log: everything that is in it comes home. */
errcode_t journal_checkpoint(struct journal *j);

/* --- transaction.c --------------------------------------------------------------- */

/* What was in the running transaction is being committed, and a new one begins;
 * or it could not be, and is in the running one again. */
void journal_begin_commit(struct journal *j);
void journal_undo_commit(struct journal *j);
/* The blocks that the committed one has freed may be given out. */
void journal_release_freed(struct journal *j);

#endif
