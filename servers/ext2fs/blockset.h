/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/blockset.h: a set of block numbers, each with something of its
 * own: what is in the block, or a number. */
#ifndef EXT2FS_BLOCKSET_H
#define EXT2FS_BLOCKSET_H

#include <stddef.h>
#include <stdint.h>

struct block_entry {
    struct block_entry *next;
    uint64_t block;
    uint32_t value;
    char data[]; /* as much as was asked for */
};

/* All zeros: an empty one. */
struct block_set {
    struct block_entry **buckets;
    size_t bucket_count, count;
};

struct block_entry *block_set_find(const struct block_set *set, uint64_t block);
/* The entry that is there, or a new one of zeros; NULL: no memory. */
struct block_entry *block_set_add(struct block_set *set, uint64_t block,
                                  size_t data_size);
void block_set_remove(struct block_set *set, uint64_t block);
void block_set_clear(struct block_set *set);
/* Malloced, by block number, with a NULL behind the last; NULL: no memory. */
struct block_entry **block_set_sorted(const struct block_set *set);

#endif
