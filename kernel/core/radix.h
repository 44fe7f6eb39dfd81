/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/radix.h: sparse arrays of pointers, indexed by a page number.
 *
 * A slot that was never set, or was set to NULL, is NULL and costs nothing.
 * Used for the pages of an object, the anons of an amap and the mappings of a
 * pmap.
 */
#ifndef CORE_RADIX_H
#define CORE_RADIX_H

#include <stdbool.h>
#include <stdint.h>

struct radix_node;

struct radix {
    struct radix_node *root;
    unsigned height; /* levels below the root's pointers */
    uint64_t count;  /* slots that are not NULL */
};

void *radix_get(const struct radix *radix, uint64_t index);

/* Sets a slot; VALUE NULL clears it and never fails.  False: no memory. */
bool radix_set(struct radix *radix, uint64_t index, void *value);

/* The first slot at or after *INDEX that is set; its index replaces *INDEX.
 * NULL when there is none. */
void *radix_next(const struct radix *radix, uint64_t *index);

/* Frees the nodes, not what the slots point to. */
void radix_clear(struct radix *radix);

#endif
