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

/* --- trees that have nodes in common ---------------------------------------
 *
 * A copy of a tree costs a few nodes, however large it is: the others are in
 * both.  A node that is in several trees must not change: before a slot is set
 * its way is made the tree's own (radix_own).  What a slot points to is counted
 * by its users: HOLD is called for each that has got into one node more, and
 * what radix_dead_step hands out has left one.  COUNT means nothing for such
 * trees.  Functions that return false lack memory and have changed nothing that
 * can be seen. */
typedef void (*radix_hold_t)(void *value);

/* Nodes on their way out, freed a few at a time. */
struct radix_dead {
    struct radix_node *first;
};

/* Whether no other tree shows this slot. */
bool radix_exclusive(const struct radix *radix, uint64_t index);
bool radix_own(struct radix *radix, uint64_t index, radix_hold_t hold);

/* COPY, empty so far, gets what FROM has in [first, last), in the same slots.
 * If memory is short COPY has a part, for radix_bury. */
bool radix_copy(const struct radix *from, uint64_t first, uint64_t last,
                struct radix *copy, radix_hold_t hold);
/* UPPER, empty so far, takes over what FROM has from AT on. */
bool radix_split(struct radix *from, uint64_t at, struct radix *upper,
                 radix_hold_t hold);
/* Empties the slots of [first, last). */
bool radix_cut(struct radix *radix, uint64_t first, uint64_t last,
               radix_hold_t hold, struct radix_dead *dead);
/* Empties all. */
void radix_bury(struct radix *radix, struct radix_dead *dead);
/* A step in taking DEAD apart; false if nothing is left.  *VALUE_OUT is what a
 * slot of a node pointed to that is in no tree any more, or NULL. */
bool radix_dead_step(struct radix_dead *dead, void **value_out);

#endif
