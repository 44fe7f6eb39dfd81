/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/radix_node.h: the inside of trees, for radix.c and radix_share.c. */
#ifndef CORE_RADIX_NODE_H
#define CORE_RADIX_NODE_H

#include "core/core.h"
#include "core/radix.h"

#define RADIX_BITS  6
#define RADIX_SLOTS (1u << RADIX_BITS)
#define RADIX_MASK  (RADIX_SLOTS - 1)

struct radix_node {
    unsigned used;
    unsigned references; /* trees whose root it is, and nodes that it is in */
    /* Of one that is being taken apart: */
    struct radix_node *next;
    uint8_t level, at; /* its height above the leaves; the next slot */
    void *slots[RADIX_SLOTS];
};

struct radix_node *radix_node_alloc(void);

/* Whether a tree of this height has a slot INDEX. */
static inline bool radix_covers(unsigned height, uint64_t index)
{
    unsigned bits = height * RADIX_BITS;
    return bits >= 64 || index >> bits == 0;
}

static inline unsigned radix_slot(uint64_t index, unsigned level)
{
    return index >> (level * RADIX_BITS) & RADIX_MASK;
}

/* How many slots a node of LEVEL covers, but no more than can be counted. */
static inline uint64_t radix_span(unsigned level)
{
    unsigned bits = (level + 1) * RADIX_BITS;
    return bits >= 64 ? UINT64_MAX : 1ul << bits;
}

#endif
