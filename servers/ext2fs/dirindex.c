/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/dirindex.c: where the names of large directories are.
 *
 * A table of the names' hashes, each with its block.  The hash is ext4's, with
 * the file system's secret, so that nobody makes many names of one.
 */

#include <stdlib.h>
#include <string.h>

#include "ext2fs/directory.h"

#define BLOCKS_WITHOUT 2 /* so many are as quickly read as an index is kept */
#define BYTES_MIN      (1u << 20)
#define BYTES_MAX      (64u << 20)
#define SLOTS_MIN      1024u
#define BUCKETS        512u
#define NONE           UINT32_MAX

struct slot {
    uint32_t hash, block; /* NONE: empty */
};

struct dir_index {
    struct dir_index *newer, *older; /* in order of use */
    struct dir_index *hash_next;
    ino64_t ino;
    boolean_t unusable; /* was tried: too large, or cannot be read */
    struct slot *slots; /* at most three quarters are used */
    uint64_t size, used;
    uint16_t *rooms; /* of each block, in units of 4 bytes */
    uint32_t blocks, rooms_size;
};

static struct {
    struct dir_index *buckets[BUCKETS];
    struct dir_index *newest, *oldest;
    uint64_t bytes, limit;
} indexes;

/* --- what there is ------------------------------------------------------------ */

static void index_unlink(struct dir_index *index)
{
    *(index->newer ? &index->newer->older : &indexes.newest) = index->older;
    *(index->older ? &index->older->newer : &indexes.oldest) = index->newer;
}

static void index_use(struct dir_index *index)
{
    index->older = indexes.newest;
    index->newer = NULL;
    *(indexes.newest ? &indexes.newest->newer : &indexes.oldest) = index;
    indexes.newest = index;
}

static struct dir_index **index_slot(ino64_t ino)
{
    struct dir_index **slot = &indexes.buckets[ino % BUCKETS];

    while (*slot && (*slot)->ino != ino)
        slot = &(*slot)->hash_next;
    return slot;
}

static void index_empty(struct dir_index *index)
{
    indexes.bytes -= index->size * sizeof *index->slots +
                     index->rooms_size * sizeof *index->rooms;
    free(index->slots);
    free(index->rooms);
    index->slots = NULL;
    index->rooms = NULL;
    index->size = index->used = 0;
    index->blocks = index->rooms_size = 0;
}

static void index_drop(struct dir_index *index)
{
    *index_slot(index->ino) = index->hash_next;
    index_unlink(index);
    index_empty(index);
    indexes.bytes -= sizeof *index;
    free(index);
}

static void set_limit(void)
{
    vm_statistics_data_t stats;

    indexes.limit = BYTES_MIN;
    if (vm_statistics(mach_task_self(), &stats))
        return;
    uint64_t bytes = (uint64_t)stats.free_count * stats.pagesize / 16;
    if (bytes > indexes.limit)
        indexes.limit = bytes < BYTES_MAX ? bytes : BYTES_MAX;
}

/* Others than INDEX make room for BYTES more. */
static boolean_t reserve(const struct dir_index *index, uint64_t bytes)
{
    if (!indexes.limit)
        set_limit();
    while (indexes.bytes + bytes > indexes.limit && indexes.oldest &&
           indexes.oldest != index)
        index_drop(indexes.oldest);
    return indexes.bytes + bytes <= indexes.limit;
}

void dir_index_forget(ino64_t ino)
{
    struct dir_index *index = *index_slot(ino);

    if (index)
        index_drop(index);
}

/* --- the table ------------------------------------------------------------------ */

static uint32_t name_hash(const char *name, size_t length)
{
    ext2_dirhash_t hash = 0, minor = 0;

    ext2fs_dirhash(EXT2_HASH_HALF_MD4, name, (int)length,
                   fs->super->s_hash_seed, &hash, &minor);
    return hash ^ minor;
}

static void slot_put(struct slot *slots, uint64_t size, struct slot slot)
{
    uint64_t at = slot.hash & (size - 1);

    while (slots[at].block != NONE)
        at = (at + 1) & (size - 1);
    slots[at] = slot;
}

static boolean_t table_grow(struct dir_index *index)
{
    uint64_t size = index->size ? 2 * index->size : SLOTS_MIN;

    if (!reserve(index, size * sizeof(struct slot)))
        return FALSE;
    struct slot *slots = malloc(size * sizeof *slots);
    if (!slots)
        return FALSE;
    memset(slots, 0xff, size * sizeof *slots);
    for (uint64_t i = 0; i < index->size; i++)
        if (index->slots[i].block != NONE)
            slot_put(slots, size, index->slots[i]);
    free(index->slots);
    indexes.bytes += (size - index->size) * sizeof *slots;
    index->slots = slots;
    index->size = size;
    return TRUE;
}

static boolean_t table_put(struct dir_index *index, uint32_t hash,
                           uint32_t block)
{
    if (4 * (index->used + 1) > 3 * index->size && !table_grow(index))
        return FALSE;
    slot_put(index->slots, index->size, (struct slot){hash, block});
    index->used++;
    return TRUE;
}

/* What follows an emptied slot must still be found from where it belongs. */
static void table_close_gap(struct dir_index *index, uint64_t gap)
{
    uint64_t mask = index->size - 1;

    for (uint64_t at = (gap + 1) & mask; index->slots[at].block != NONE;
         at = (at + 1) & mask) {
        uint64_t home = index->slots[at].hash & mask;
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        index->slots[gap] = index->slots[at];
        gap = at;
    }
    index->slots[gap].block = NONE;
    index->used--;
}

static boolean_t room_set(struct dir_index *index, uint32_t block,
                          uint32_t bytes)
{
    if (block >= index->rooms_size) {
        uint32_t size = index->rooms_size ? 2 * index->rooms_size : 64;
        if (block >= size)
            size = block + 1;
        uint64_t more = (size - index->rooms_size) * sizeof *index->rooms;
        uint16_t *rooms =
            reserve(index, more)
                ? realloc(index->rooms, size * sizeof *index->rooms)
                : NULL;
        if (!rooms)
            return FALSE;
        memset(rooms + index->rooms_size, 0, more);
        index->rooms = rooms;
        index->rooms_size = size;
        indexes.bytes += more;
    }
    index->rooms[block] = bytes / 4;
    if (block >= index->blocks)
        index->blocks = block + 1;
    return TRUE;
}

/* --- building ------------------------------------------------------------------- */

static boolean_t add_block(struct dir_index *index,
                           const struct dir_block *block)
{
    const struct ext2_dir_entry *entry;
    uint32_t offset = 0;

    while ((entry = dir_block_next(block, &offset))) {
        if (entry->inode &&
            !table_put(index,
                       name_hash(entry->name, ext2fs_dirent_name_len(entry)),
                       block->number))
            return FALSE;
    }
    return room_set(index, block->number, dir_block_room(block));
}

static boolean_t build(struct dir_index *index, struct node *dir)
{
    struct dir_block block;

    for (uint32_t i = 0; i < dir_block_count(dir); i++)
        if (dir_block_read(dir, i, &block) || !add_block(index, &block))
            return FALSE;
    return TRUE;
}

static struct dir_index *index_make(struct node *dir)
{
    struct dir_index *index = NULL;

    if (reserve(NULL, sizeof *index))
        index = calloc(1, sizeof *index);
    if (!index)
        return NULL;
    index->ino = dir->ino;
    *index_slot(dir->ino) = index;
    index_use(index);
    indexes.bytes += sizeof *index;
    index->unusable = !(table_grow(index) && build(index, dir));
    if (index->unusable)
        index_empty(index);
    return index;
}

error_t dir_index_get(struct node *dir, struct dir_index **result)
{
    *result = NULL;
    if (dir_block_count(dir) <= BLOCKS_WITHOUT)
        return 0;
    struct dir_index *index = *index_slot(dir->ino);
    if (index) {
        index_unlink(index);
        index_use(index);
    } else {
        error_t err = dir_blocks_probe(dir, 0, dir_block_count(dir));
        if (err)
            return err;
        index = index_make(dir);
    }
    *result = index && !index->unusable ? index : NULL;
    return 0;
}

/* --- using ------------------------------------------------------------------------ */

boolean_t dir_index_next(const struct dir_index *index, const char *name,
                         uint64_t *cursor, uint32_t *block)
{
    uint32_t hash = name_hash(name, strlen(name));
    uint64_t mask = index->size - 1;

    for (;; ++*cursor) {
        const struct slot *slot = &index->slots[(hash + *cursor) & mask];
        if (slot->block == NONE)
            return FALSE;
        if (slot->hash != hash)
            continue;
        *block = slot->block;
        ++*cursor;
        return TRUE;
    }
}

boolean_t dir_index_with_room(const struct dir_index *index, uint32_t size,
                              uint32_t *block)
{
    for (*block = 0; *block < index->blocks; ++*block)
        if (index->rooms[*block] >= size / 4)
            return TRUE;
    return FALSE;
}

/* It will be tried again when the directory is next used after others were. */
static void index_give_up(struct dir_index *index)
{
    index_empty(index);
    index->unusable = TRUE;
}

void dir_index_entered(struct dir_index *index, const char *name,
                       const struct dir_block *block)
{
    if (index &&
        !(table_put(index, name_hash(name, strlen(name)), block->number) &&
          room_set(index, block->number, dir_block_room(block))))
        index_give_up(index);
}

void dir_index_removed(struct dir_index *index, const char *name,
                       const struct dir_block *block)
{
    if (!index)
        return;
    uint32_t hash = name_hash(name, strlen(name));
    uint64_t mask = index->size - 1, at = hash & mask;
    while (index->slots[at].block != NONE &&
           (index->slots[at].hash != hash ||
            index->slots[at].block != block->number))
        at = (at + 1) & mask;
    if (index->slots[at].block != NONE)
        table_close_gap(index, at);
    if (!room_set(index, block->number, dir_block_room(block)))
        index_give_up(index);
}
