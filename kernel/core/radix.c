/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/radix_node.h"
#include "core/work.h"

struct radix_node *radix_node_alloc(void)
{
    struct radix_node *node = kalloc(sizeof *node);

    if (node)
        node->references = 1;
    return node;
}

void *radix_get(const struct radix *radix, uint64_t index)
{
    struct radix_node *node = radix->root;
    unsigned level = radix->height;

    if (!node || !radix_covers(level, index))
        return NULL;
    while (--level > 0) {
        node = node->slots[index >> (level * RADIX_BITS) & RADIX_MASK];
        if (!node)
            return NULL;
    }
    return node->slots[index & RADIX_MASK];
}

static bool radix_grow(struct radix *radix, uint64_t index)
{
    if (!radix->root) {
        /* As high as it must be at once: there is nothing to put below. */
        radix->root = radix_node_alloc();
        if (!radix->root)
            return false;
        radix->height = 1;
        while (!radix_covers(radix->height, index))
            radix->height++;
    }
    while (!radix_covers(radix->height, index)) {
        struct radix_node *node = radix_node_alloc();
        if (!node)
            return false;
        node->slots[0] = radix->root;
        node->used = 1;
        radix->root = node;
        radix->height++;
    }
    return true;
}

/* Frees the nodes on the way to INDEX, from LEVEL up, that are empty. */
static void radix_prune(struct radix *radix, uint64_t index,
                        struct radix_node **path, unsigned level)
{
    for (; level < radix->height; level++) {
        if (path[level]->used)
            return;
        kfree(path[level]);
        if (level + 1 == radix->height) {
            radix->root = NULL;
            radix->height = 0;
            return;
        }
        path[level + 1]
            ->slots[index >> ((level + 1) * RADIX_BITS) & RADIX_MASK] = NULL;
        path[level + 1]->used--;
    }
}

static void radix_unset(struct radix *radix, uint64_t index)
{
    struct radix_node *path[64 / RADIX_BITS + 1];
    struct radix_node *node = radix->root;

    if (!node || !radix_covers(radix->height, index))
        return;
    for (unsigned level = radix->height; level-- > 0;) {
        path[level] = node;
        node = node->slots[index >> (level * RADIX_BITS) & RADIX_MASK];
        if (!node)
            return;
    }
    path[0]->slots[index & RADIX_MASK] = NULL;
    path[0]->used--;
    radix->count--;
    radix_prune(radix, index, path, 0);
}

bool radix_set(struct radix *radix, uint64_t index, void *value)
{
    work_step(1);
    if (!value) {
        radix_unset(radix, index);
        return true;
    }
    if (!radix_grow(radix, index))
        return false;
    struct radix_node *path[64 / RADIX_BITS + 1];
    struct radix_node *node = radix->root;
    for (unsigned level = radix->height; --level > 0;) {
        void **slot = &node->slots[index >> (level * RADIX_BITS) & RADIX_MASK];
        path[level] = node;
        if (!*slot) {
            *slot = radix_node_alloc();
            if (!*slot) {
                radix_prune(radix, index, path, level);
                return false;
            }
            node->used++;
        }
        node = *slot;
    }
    void **slot = &node->slots[index & RADIX_MASK];
    if (!*slot) {
        node->used++;
        radix->count++;
    }
    *slot = value;
    return true;
}

static void *radix_node_next(struct radix_node *node, unsigned level,
                             uint64_t *index)
{
    unsigned shift = level * RADIX_BITS;
    for (unsigned i = *index >> shift & RADIX_MASK; i < RADIX_SLOTS; i++) {
        uint64_t here = *index;
        if (node->slots[i]) {
            if (level == 0)
                return node->slots[i];
            void *found = radix_node_next(node->slots[i], level - 1, index);
            if (found)
                return found;
        }
        /* On to the beginning of the next slot. */
        *index = ((here >> shift) + 1) << shift;
        if (i + 1 == RADIX_SLOTS)
            break;
    }
    return NULL;
}

void *radix_next(const struct radix *radix, uint64_t *index)
{
    work_step(1);
    if (!radix->root || !radix_covers(radix->height, *index))
        return NULL;
    return radix_node_next(radix->root, radix->height - 1, index);
}

static void radix_node_free(struct radix_node *node, unsigned level)
{
    for (unsigned i = 0; level > 0 && i < RADIX_SLOTS; i++) {
        if (node->slots[i])
            radix_node_free(node->slots[i], level - 1);
    }
    kfree(node);
}

void radix_clear(struct radix *radix)
{
    if (radix->root)
        radix_node_free(radix->root, radix->height - 1);
    *radix = (struct radix){0};
}
