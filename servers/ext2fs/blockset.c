/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ext2fs/blockset.h"

#include <stdlib.h>

#define BUCKETS_MIN 256

static struct block_entry **slot_of(const struct block_set *set, uint64_t block)
{
    /* Neighbours in different buckets. */
    struct block_entry **slot = &set->buckets[block & (set->bucket_count - 1)];

    while (*slot && (*slot)->block != block)
        slot = &(*slot)->next;
    return slot;
}

struct block_entry *block_set_find(const struct block_set *set, uint64_t block)
{
    return set->count ? *slot_of(set, block) : NULL;
}

/* Twice as many buckets; that there is no memory for them does no harm but to
 * the first. */
static void grow(struct block_set *set)
{
    size_t count = set->buckets ? 2 * set->bucket_count : BUCKETS_MIN;
    struct block_set larger = {calloc(count, sizeof(void *)), count, 0};

    if (!larger.buckets)
        return;
    for (size_t i = 0; i < set->bucket_count; i++) {
        struct block_entry *entry = set->buckets[i], *next;
        for (; entry; entry = next) {
            struct block_entry **slot = slot_of(&larger, entry->block);
            next = entry->next;
            entry->next = NULL;
            *slot = entry;
        }
    }
    free(set->buckets);
    set->buckets = larger.buckets;
    set->bucket_count = count;
}

struct block_entry *block_set_add(struct block_set *set, uint64_t block,
                                  size_t data_size)
{
    struct block_entry *entry = block_set_find(set, block);

    if (entry)
        return entry;
    if (set->count >= set->bucket_count)
        grow(set);
    entry = set->buckets ? calloc(1, sizeof *entry + data_size) : NULL;
    if (!entry)
        return NULL;
    entry->block = block;
    *slot_of(set, block) = entry;
    set->count++;
    return entry;
}

void block_set_remove(struct block_set *set, uint64_t block)
{
    struct block_entry **slot = set->count ? slot_of(set, block) : NULL;
    struct block_entry *entry = slot ? *slot : NULL;

    if (!entry)
        return;
    *slot = entry->next;
    free(entry);
    set->count--;
}

void block_set_clear(struct block_set *set)
{
    for (size_t i = 0; i < set->bucket_count; i++) {
        struct block_entry *entry = set->buckets[i], *next;
        for (; entry; entry = next) {
            next = entry->next;
            free(entry);
        }
    }
    free(set->buckets);
    *set = (struct block_set){0};
}

static int by_block(const void *a, const void *b)
{
    uint64_t first = (*(struct block_entry *const *)a)->block;
    uint64_t second = (*(struct block_entry *const *)b)->block;

    return (first > second) - (first < second);
}

struct block_entry **block_set_sorted(const struct block_set *set)
{
    struct block_entry **all = malloc((set->count + 1) * sizeof *all);
    size_t count = 0;

    if (!all)
        return NULL;
    for (size_t i = 0; i < set->bucket_count; i++)
        for (struct block_entry *e = set->buckets[i]; e; e = e->next)
            all[count++] = e;
    all[count] = NULL;
    qsort(all, count, sizeof *all, by_block);
    return all;
}
