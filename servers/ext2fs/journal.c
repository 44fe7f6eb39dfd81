/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/journal.c: where a journal is, and what it can do. */

#include "ext2fs/journal_private.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MIN 1024
#define KNOWN                                                                  \
    (JBD2_INCOMPAT_REVOKE | JBD2_INCOMPAT_64BIT | JBD2_INCOMPAT_ASYNC |        \
     JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_CSUM_V3 |                           \
     JBD2_INCOMPAT_FAST_COMMIT)

uint32_t journal_next(const struct journal *j, uint32_t at)
{
    return at + 1 < j->end ? at + 1 : j->first;
}

uint32_t journal_tag_size(const struct journal *j)
{
    if (j->incompat & JBD2_INCOMPAT_CSUM_V3)
        return sizeof(struct jbd2_tag3);
    return sizeof(struct jbd2_tag) -
           (j->incompat & JBD2_INCOMPAT_64BIT ? 0 : sizeof(uint32_t)) +
           (j->incompat & JBD2_INCOMPAT_CSUM_V2 ? sizeof(uint16_t) : 0);
}

uint32_t journal_tail_size(const struct journal *j)
{
    return journal_has_checksums(j) ? sizeof(uint32_t) : 0;
}

/* --- checksums ------------------------------------------------------------------ */

uint32_t journal_block_checksum(const struct journal *j, uint32_t sequence,
                                const void *block)
{
    uint32_t number = htobe32(sequence);
    uint32_t sum =
        ext2fs_crc32c_le(j->seed, (unsigned char *)&number, sizeof number);

    return ext2fs_crc32c_le(sum, block, j->block_size);
}

uint32_t journal_own_checksum(const struct journal *j, void *block,
                              uint32_t *field)
{
    uint32_t there = *field;

    *field = 0;
    uint32_t sum = ext2fs_crc32c_le(j->seed, block, j->block_size);
    *field = there;
    return sum;
}

static uint32_t super_checksum(struct jbd2_super *super)
{
    uint32_t there = super->checksum;

    super->checksum = 0;
    uint32_t sum = ext2fs_crc32c_le(~0u, (unsigned char *)super, sizeof *super);
    super->checksum = there;
    return sum;
}

errcode_t journal_write_super(struct journal *j)
{
    if (journal_has_checksums(j))
        j->super->checksum = htobe32(super_checksum(j->super));
    return disk_write_now(j->home[0] * j->block_size, j->super_block,
                          j->block_size);
}

/* --- opening ---------------------------------------------------------------------- */

struct collect {
    blk64_t *home, limit;
    uint32_t count, next;
};

/* The journal's blocks in their order; a hole or an impossible one ends it. */
static int collect_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t where,
                         blk64_t ref, int offset, void *context)
{
    struct collect *collect = context;

    if (where < 0)
        return 0;
    if (where != collect->next || *block < 1 || *block >= collect->limit)
        return BLOCK_ABORT;
    collect->home[collect->next++] = *block;
    return collect->next == collect->count ? BLOCK_ABORT : 0;
}

static errcode_t map_blocks(struct journal *j, uint32_t count,
                            const char **wrong)
{
    struct collect collect = {calloc(count, sizeof *j->home),
                              ext2fs_blocks_count(j->fs->super), count, 0};

    if (!collect.home)
        return EXT2_ET_NO_MEMORY;
    free(j->home);
    j->home = collect.home;
    errcode_t err = ext2fs_block_iterate3(j->fs, j->fs->super->s_journal_inum,
                                          BLOCK_FLAG_READ_ONLY, NULL,
                                          collect_block, &collect);
    if (err || collect.next == count)
        return err;
    *wrong = "its journal is damaged: blocks are missing";
    return EXT2_ET_CORRUPT_JOURNAL_SB;
}

static const char *look_over(struct journal *j)
{
    const struct jbd2_super *super = j->super;
    uint32_t type = be32toh(super->header.type);

    if (be32toh(super->header.magic) != JBD2_MAGIC ||
        (type != JBD2_SUPER_V1 && type != JBD2_SUPER_V2) ||
        be32toh(super->block_size) != j->block_size)
        return "its journal is damaged: it does not begin like one";
    if (type == JBD2_SUPER_V2)
        j->incompat = be32toh(super->incompat);
    if (j->incompat & ~KNOWN || (type == JBD2_SUPER_V2 && super->ro_compat))
        return "its journal has features that are not supported";
    if ((journal_has_checksums(j) &&
         super->checksum_type != JBD2_CHECKSUM_CRC32C) ||
        (~j->incompat & (JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_CSUM_V3)) == 0)
        return "its journal has checksums of an unknown kind";
    if (journal_has_checksums(j) &&
        be32toh(super->checksum) != super_checksum(j->super))
        return "its journal is damaged: its first block has another checksum";
    j->seed = ext2fs_crc32c_le(~0u, super->uuid, sizeof super->uuid);
    return NULL;
}

/* The log's part of the journal: behind it is room for fast commits. */
static const char *find_log(struct journal *j)
{
    uint32_t count = be32toh(j->super->block_count);
    uint32_t fast = j->incompat & JBD2_INCOMPAT_FAST_COMMIT
                        ? be32toh(j->super->fast_commit_blocks)
                        : 0;

    if (j->incompat & JBD2_INCOMPAT_FAST_COMMIT && !fast)
        fast = 256;
    j->first = be32toh(j->super->first);
    if (count < BLOCKS_MIN || fast >= count ||
        count > ext2fs_blocks_count(j->fs->super))
        return "its journal is damaged: it has an impossible size";
    j->end = count - fast;
    if (j->first < 1 || j->first >= j->end ||
        be32toh(j->super->start) >= j->end ||
        (j->super->start && be32toh(j->super->start) < j->first))
        return "its journal is damaged: it begins outside of itself";
    return NULL;
}

static errcode_t read_super(struct journal *j, const char **wrong)
{
    struct ext2_inode inode;
    errcode_t err =
        ext2fs_read_inode(j->fs, j->fs->super->s_journal_inum, &inode);

    if (!err)
        err = map_blocks(j, 1, wrong);
    if (!err)
        err = disk_read(j->home[0] * j->block_size, j->super_block,
                        j->block_size);
    if (err)
        return err;
    *wrong = look_over(j);
    if (!*wrong)
        *wrong = find_log(j);
    if (!*wrong &&
        (!LINUX_S_ISREG(inode.i_mode) || !inode.i_links_count ||
         EXT2_I_SIZE(&inode) / j->block_size < be32toh(j->super->block_count)))
        *wrong = "its journal is damaged: its inode is not one of a journal";
    return *wrong ? EXT2_ET_CORRUPT_JOURNAL_SB
                  : map_blocks(j, be32toh(j->super->block_count), wrong);
}

errcode_t journal_open(ext2_filsys fs, struct journal **result,
                       const char **wrong)
{
    struct journal *j = calloc(1, sizeof *j);

    if (!j)
        return EXT2_ET_NO_MEMORY;
    j->fs = fs;
    j->block_size = fs->blocksize;
    j->super_block = calloc(1, j->block_size);
    j->super = (struct jbd2_super *)j->super_block;
    errcode_t err = j->super_block ? read_super(j, wrong) : EXT2_ET_NO_MEMORY;
    if (err)
        journal_close(j);
    else
        *result = j;
    return err;
}

void journal_close(struct journal *j)
{
    block_set_clear(&j->running);
    block_set_clear(&j->revoked);
    block_set_clear(&j->committing);
    block_set_clear(&j->committing_revoked);
    block_set_clear(&j->logged);
    block_set_clear(&j->groups);
    if (j->busy)
        ext2fs_free_block_bitmap(j->busy);
    free(j->freed);
    free(j->home);
    free(j->super_block);
    free(j);
}

bool journal_is_broken(const struct journal *j)
{
    return j->broken;
}
