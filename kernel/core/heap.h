/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/heap.h: things in order of a number, linked through a member.
 *
 * A leftist heap: putting one in, taking the first out, or any other, costs the
 * logarithm of how many there are, in the worst case too.  Those of the same
 * number stand in the order in which they came.  A node is zeroed before its
 * first use.
 */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    struct heap_node *left, *right, *parent;
    unsigned rank; /* steps to the nearest place without a child; 0: not in */
    uint64_t key, order;
};

struct heap {
    struct heap_node *first; /* NULL: empty */
    uint64_t order;
};

#define heap_entry(node, type, member)                                         \
    ((type *)((char *)(node)-offsetof(type, member)))

static inline bool heap_linked(const struct heap_node *node)
{
    return node->rank != 0;
}

/* NODE must not be in a heap. */
void heap_insert(struct heap *heap, struct heap_node *node, uint64_t key);
void heap_remove(struct heap *heap, struct heap_node *node);

#endif
