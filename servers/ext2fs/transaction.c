/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/transaction.c: what is in the running transaction, and what
 * libext2fs tells of blocks that come and go. */

#include "ext2fs/journal_private.h"

#include <stdlib.h>
#include <string.h>

/* So many blocks are kept for what must not run out of them. */
#define BLOCKS_KEPT 64
#define LIMIT_MIN   16

/* --- blocks ------------------------------------------------------------------------ */

/* How BLOCK is now, if that is not known to the cache. */
static const struct block_entry *find_entry(const struct journal *j,
                                            uint64_t block)
{
    const struct block_entry *entry = block_set_find(&j->running, block);

    return entry ? entry : block_set_find(&j->committing, block);
}

errcode_t journal_read(struct journal *j, uint64_t offset, void *data,
                       uint64_t size)
{
    errcode_t err = 0;
    uint64_t n;

    for (char *to = data; size; to += n, offset += n, size -= n) {
        uint64_t block = offset / j->block_size, skip = offset % j->block_size;
        const struct block_entry *entry = find_entry(j, block);

        n = j->block_size - skip < size ? j->block_size - skip : size;
        errcode_t one = entry ? 0 : disk_read(offset, to, n);
        if (entry)
            memcpy(to, entry->data + skip, n);
        err = err ? err : one;
    }
    return err;
}

static bool is_freed(const struct journal *j, blk64_t block)
{
    return j->freed_count && block >= j->fs->super->s_first_data_block &&
           block < ext2fs_blocks_count(j->fs->super) &&
           ext2fs_test_block_bitmap2(j->busy, block) &&
           !ext2fs_test_block_bitmap2(j->fs->block_map, block);
}

/* What the block ENTRY, which is new, has so far.  A bad sector may be written, and
 * what is written as a whole need not be waited for. */
static errcode_t read_before(struct journal *j, struct block_entry *entry,
                             bool whole, bool *known)
{
    const struct block_entry *before =
        block_set_find(&j->committing, entry->block);
    uint64_t at = entry->block * j->block_size;

    if (before) {
        memcpy(entry->data, before->data, j->block_size);
        *known = true;
        return 0;
    }
    *known = !whole || disk_is_known(at, j->block_size);
    errcode_t err = *known ? disk_read(at, entry->data, j->block_size) : 0;
    if (err)
        *known = false;
    return whole ? 0 : err;
}

/* SIZE bytes of one block.  What changes nothing makes no transaction. */
static errcode_t write_in_block(struct journal *j, uint64_t block,
                                uint32_t skip, const void *data, uint32_t size)
{
    struct block_entry *entry = block_set_find(&j->running, block);
    bool known;

    if (!entry && is_freed(j, block))
        return 0;
    if (!entry) {
        entry = block_set_add(&j->running, block, j->block_size);
        if (!entry)
            return EXT2_ET_NO_MEMORY;
        errcode_t err = read_before(j, entry, size == j->block_size, &known);
        bool same = !err && known && !memcmp(entry->data + skip, data, size) &&
                    !block_set_find(&j->revoked, block);
        if (err || same) {
            block_set_remove(&j->running, block);
            return err;
        }
    }
    block_set_remove(&j->revoked, block);
    memcpy(entry->data + skip, data, size);
    return 0;
}

errcode_t journal_write(struct journal *j, uint64_t offset, const void *data,
                        uint64_t size)
{
    errcode_t err = j->broken ? EXT2_ET_RO_FILSYS : disk_commit();

    while (!err && size) {
        uint32_t skip = offset % j->block_size;
        uint32_t n = j->block_size - skip;
        n = n < size ? n : size;
        err = write_in_block(j, offset / j->block_size, skip, data, n);
        data = (const char *)data + n;
        offset += n;
        size -= n;
    }
    return err;
}

/* --- who has which block ---------------------------------------------------------------- */

static void note_freed(struct journal *j, blk64_t first, blk64_t count)
{
    struct freed *last = j->freed_count > j->freed_committing
                             ? &j->freed[j->freed_count - 1]
                             : NULL;

    j->freed_blocks += count;
    if (last && last->first + last->count == first) {
        last->count += count;
        return;
    }
    if (j->freed_count == j->freed_room) {
        size_t room = j->freed_room ? 2 * j->freed_room : 64;
        struct freed *more = realloc(j->freed, room * sizeof *more);
        if (!more) /* these stay busy until the next start */
            return;
        j->freed = more;
        j->freed_room = room;
    }
    j->freed[j->freed_count++] = (struct freed){first, count};
}

/* What is in a freed block is of no interest any more, and must not come back
 * from the log when somebody else has the block. */
static void forget(struct journal *j, blk64_t first, blk64_t count)
{
    for (blk64_t block = first; block < first + count; block++) {
        block_set_remove(&j->running, block);
        if ((block_set_find(&j->logged, block) ||
             block_set_find(&j->committing, block)) &&
            !block_set_add(&j->revoked, block, 0))
            j->broken = true; /* no memory to say so */
    }
}

void journal_note_group(struct journal *j, uint32_t group)
{
    block_set_add(&j->groups, group, 0);
}

static void note_blocks(ext2_filsys fs, blk64_t first, blk64_t count, int inuse)
{
    struct journal *j = fs->priv_data;
    blk64_t mask = EXT2FS_CLUSTER_MASK(fs);
    blk64_t end = (first + count + mask) & ~mask;

    first &= ~mask;
    if (end > ext2fs_blocks_count(fs->super))
        end = ext2fs_blocks_count(fs->super);
    for (blk64_t at = first; at < end; at += fs->super->s_blocks_per_group)
        journal_note_group(j, ext2fs_group_of_blk2(fs, at));
    journal_note_group(j, ext2fs_group_of_blk2(fs, end - 1));
    if (inuse > 0) {
        ext2fs_mark_block_bitmap_range2(j->busy, first, end - first);
    } else {
        note_freed(j, first, end - first);
        forget(j, first, end - first);
    }
}

static void note_block(ext2_filsys fs, blk64_t block, int inuse)
{
    note_blocks(fs, block, 1, inuse);
}

static void note_range(ext2_filsys fs, blk64_t first, blk_t count, int inuse)
{
    note_blocks(fs, first, count, inuse);
}

static errcode_t find_block(ext2_filsys fs, blk64_t goal, blk64_t *block)
{
    struct journal *j = fs->priv_data;

    return ext2fs_new_block2(fs, goal, j->busy, block);
}

/* --- from one transaction to the next ---------------------------------------------- */

void journal_begin_commit(struct journal *j)
{
    j->committing = j->running;
    j->running = (struct block_set){0};
    j->committing_revoked = j->revoked;
    j->revoked = (struct block_set){0};
    block_set_clear(&j->groups);
    j->freed_committing = j->freed_count;
}

/* What could not be committed is changed by the next transaction, as far as that
 * has not changed it, or freed it. */
static bool give_back(struct journal *j)
{
    struct block_entry **all = block_set_sorted(&j->committing);
    bool good = all != NULL;

    for (struct block_entry **at = all; all && *at; at++) {
        if (block_set_find(&j->running, (*at)->block) ||
            is_freed(j, (*at)->block))
            continue;
        struct block_entry *entry =
            block_set_add(&j->running, (*at)->block, j->block_size);
        good = good && entry;
        if (entry)
            memcpy(entry->data, (*at)->data, j->block_size);
    }
    free(all);
    return good;
}

void journal_undo_commit(struct journal *j)
{
    j->freed_committing = 0;
    if (j->committing.count && !give_back(j))
        j->broken = true; /* it is neither here nor there */
    block_set_clear(&j->committing);
    /* What the next transaction has again is not to be revoked. */
    struct block_entry **all = block_set_sorted(&j->committing_revoked);
    for (struct block_entry **at = all; all && *at; at++)
        if (!block_set_find(&j->running, (*at)->block) &&
            !block_set_add(&j->revoked, (*at)->block, 0))
            j->broken = true;
    free(all);
    block_set_clear(&j->committing_revoked);
}

static void release(struct journal *j, const struct freed *freed)
{
    j->freed_blocks -= freed->count;
    for (blk64_t n = 0; n < freed->count; n++)
        if (!ext2fs_test_block_bitmap2(j->fs->block_map, freed->first + n))
            ext2fs_unmark_block_bitmap2(j->busy, freed->first + n);
}

void journal_release_freed(struct journal *j)
{
    for (size_t i = 0; i < j->freed_committing; i++)
        release(j, &j->freed[i]);
    j->freed_count -= j->freed_committing;
    if (j->freed_count)
        memmove(j->freed, j->freed + j->freed_committing,
                j->freed_count * sizeof *j->freed);
    j->freed_committing = 0;
}

bool journal_has_freed(const struct journal *j)
{
    return j->freed_blocks && !j->broken;
}

/* With the bitmaps and descriptors that the commit will add. */
static uint64_t size_estimated(const struct journal *j)
{
    uint64_t groups = j->groups.count, descriptors = j->fs->desc_blocks;

    return j->running.count + 2 * groups +
           (groups < descriptors ? groups : descriptors) + 2;
}

bool journal_is_full(const struct journal *j)
{
    blk64_t free_blocks = ext2fs_free_blocks_count(j->fs->super);

    if (j->broken)
        return false;
    return size_estimated(j) >= j->limit ||
           (j->freed_blocks && free_blocks < j->freed_blocks + BLOCKS_KEPT);
}

bool journal_is_overfull(const struct journal *j)
{
    return !j->broken && size_estimated(j) >= 2 * j->limit;
}

/* --- beginning and end ----------------------------------------------------------------------- */

/* What a journal of today says of itself. */
static void set_features(struct journal *j)
{
    struct jbd2_super *super = j->super;

    if (be32toh(super->header.type) == JBD2_SUPER_V1) {
        super->header.type = htobe32(JBD2_SUPER_V2);
        memset((char *)super + offsetof(struct jbd2_super, compat), 0,
               sizeof *super - offsetof(struct jbd2_super, compat));
        memcpy(super->uuid, j->fs->super->s_journal_uuid, sizeof super->uuid);
        super->user_count = htobe32(1);
    }
    j->incompat |= JBD2_INCOMPAT_REVOKE;
    j->incompat &= ~JBD2_INCOMPAT_ASYNC;
    if (ext2fs_has_feature_64bit(j->fs->super))
        j->incompat |= JBD2_INCOMPAT_64BIT;
    if (ext2fs_has_feature_metadata_csum(j->fs->super) &&
        !journal_has_checksums(j))
        j->incompat |= JBD2_INCOMPAT_CSUM_V3;
    if (journal_has_checksums(j)) {
        super->checksum_type = JBD2_CHECKSUM_CRC32C;
        super->compat &= ~htobe32(JBD2_COMPAT_CHECKSUM);
    }
    super->incompat = htobe32(j->incompat);
    j->seed = ext2fs_crc32c_le(~0u, super->uuid, sizeof super->uuid);
}

errcode_t journal_start(struct journal *j)
{
    ext2_filsys fs = j->fs;
    uint64_t memory = disk_room() / j->block_size;
    errcode_t err = ext2fs_copy_bitmap(fs->block_map, &j->busy);

    if (err)
        return err;
    set_features(j);
    j->room = j->end - j->first;
    j->head = j->first;
    j->limit = j->room / 4 < memory ? j->room / 4 : memory;
    if (j->limit < LIMIT_MIN)
        j->limit = LIMIT_MIN;
    j->sequence = be32toh(j->super->sequence);
    if (!j->sequence)
        j->sequence = 1;
    j->super->sequence = htobe32(j->sequence);
    j->super->start = 0;
    j->super->error = 0;
    err = journal_write_super(j);
    if (!err)
        err = disk_flush();
    if (err)
        return err;
    fs->priv_data = j;
    ext2fs_set_block_alloc_stats_callback(fs, note_block, NULL);
    ext2fs_set_block_alloc_stats_range_callback(fs, note_range, NULL);
    ext2fs_set_alloc_block_callback(fs, find_block, NULL);
    return 0;
}

errcode_t journal_stop(struct journal *j)
{
    errcode_t err = journal_commit(j);

    if (!err)
        err = journal_checkpoint(j);
    if (err)
        return err;
    j->super->start = 0;
    err = journal_write_super(j);
    if (!err)
        err = disk_flush();
    if (err)
        return err;
    ext2fs_set_block_alloc_stats_callback(j->fs, NULL, NULL);
    ext2fs_set_block_alloc_stats_range_callback(j->fs, NULL, NULL);
    ext2fs_set_alloc_block_callback(j->fs, NULL, NULL);
    ext2fs_free_block_bitmap(j->busy);
    j->busy = NULL;
    return 0;
}
