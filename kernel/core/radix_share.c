/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/radix_share.c: trees that have nodes in common, and their end. */
#include "core/radix_node.h"
#include "core/work.h"

bool radix_exclusive(const struct radix *radix, uint64_t index)
{
    const struct radix_node *node = radix->root;

    if (!node || !radix_covers(radix->height, index))
        return true;
    for (unsigned level = radix->height; node; level--) {
        if (node->references > 1)
            return false;
        if (level == 1)
            return true;
        node = node->slots[radix_slot(index, level - 1)];
    }
    return true;
}

static void radix_node_hold(void *child, unsigned level, radix_hold_t hold)
{
    if (level)
        ((struct radix_node *)child)->references++;
    else
        hold(child);
}

/* NODE for one of the trees that it is in, which has it alone then. */
static struct radix_node *radix_node_own(struct radix_node *node,
                                         unsigned level, radix_hold_t hold)
{
    struct radix_node *copy = radix_node_alloc();

    if (!copy)
        return NULL;
    work_step(RADIX_SLOTS / 8);
    *copy = *node;
    copy->references = 1;
    for (unsigned i = 0; i < RADIX_SLOTS; i++) {
        if (copy->slots[i])
            radix_node_hold(copy->slots[i], level, hold);
    }
    node->references--;
    return copy;
}

bool radix_own(struct radix *radix, uint64_t index, radix_hold_t hold)
{
    void *top = radix->root, **at = &top;

    if (!top || !radix_covers(radix->height, index))
        return true;
    for (unsigned level = radix->height; level-- > 0 && *at;) {
        struct radix_node *node = *at;
        if (node->references > 1)
            node = radix_node_own(node, level, hold);
        if (!node)
            return false;
        *at = node;
        radix->root = top;
        at = &node->slots[radix_slot(index, level)];
    }
    return true;
}

/* --- a range of a tree ---------------------------------------------------- */

/* What of [first, last), counted from where a node of LEVEL begins, lies in its
 * slot I; both are then counted from where that begins. */
static void radix_narrow(unsigned level, unsigned i, uint64_t *first,
                         uint64_t *last)
{
    uint64_t size = level ? radix_span(level - 1) : 1, start = i * size;

    *first = *first > start ? *first - start : 0;
    *last = min_of(*last - start, size);
}

static unsigned radix_first_slot(unsigned level, uint64_t first)
{
    return (unsigned)(first >> (level * RADIX_BITS));
}

static unsigned radix_last_slot(unsigned level, uint64_t last)
{
    return (unsigned)min_of((last - 1) >> (level * RADIX_BITS),
                            (uint64_t)RADIX_SLOTS - 1);
}

/* Sets *FAILED, and returns what there is, if memory is short. */
static struct radix_node *radix_node_part(struct radix_node *node,
                                          unsigned level, uint64_t first,
                                          uint64_t last, radix_hold_t hold,
                                          bool *failed)
{
    if (!first && last >= radix_span(level)) {
        node->references++;
        return node;
    }
    struct radix_node *part = radix_node_alloc();
    *failed |= !part;
    unsigned end = radix_last_slot(level, last);
    for (unsigned i = radix_first_slot(level, first); part && i <= end; i++) {
        void *child = node->slots[i];
        uint64_t from = first, to = last;
        if (!child || *failed)
            continue;
        radix_narrow(level, i, &from, &to);
        if (level)
            child = radix_node_part(child, level - 1, from, to, hold, failed);
        else
            hold(child);
        part->slots[i] = child;
        part->used += child != NULL;
    }
    if (part && !part->used) {
        kfree(part);
        part = NULL;
    }
    return part;
}

bool radix_copy(const struct radix *from, uint64_t first, uint64_t last,
                struct radix *copy, radix_hold_t hold)
{
    bool failed = false;

    if (!from->root || first >= last || !radix_covers(from->height, first))
        return true;
    copy->root = radix_node_part(from->root, from->height - 1, first, last,
                                 hold, &failed);
    copy->height = copy->root ? from->height : 0;
    return !failed;
}

static void radix_node_release(struct radix_node *node, unsigned level,
                               struct radix_dead *dead)
{
    if (--node->references)
        return;
    node->level = (uint8_t)level;
    node->at = 0;
    node->next = dead->first;
    dead->first = node;
}

struct radix_cut {
    struct radix_node *spare[2]; /* leaves, for what edges lose */
    struct radix_dead *dead;
};

static void radix_leaf_cut(struct radix_node *leaf, uint64_t first,
                           uint64_t last, struct radix_cut *cut)
{
    unsigned which = cut->spare[0] ? 0 : 1;
    struct radix_node *lost = cut->spare[which];

    cut->spare[which] = NULL;
    for (uint64_t i = first; i < last; i++) {
        leaf->used -= leaf->slots[i] != NULL;
        lost->slots[i] = leaf->slots[i];
        leaf->slots[i] = NULL;
    }
    radix_node_release(lost, 0, cut->dead);
}

/* The nodes at the range's edges are this tree's own. */
static void radix_node_cut(void **place, unsigned level, uint64_t first,
                           uint64_t last, struct radix_cut *cut)
{
    struct radix_node *node = *place;

    if (!first && last >= radix_span(level)) {
        radix_node_release(node, level, cut->dead);
        *place = NULL;
        return;
    }
    if (!level)
        radix_leaf_cut(node, first, last, cut);
    unsigned end = radix_last_slot(level, last);
    for (unsigned i = radix_first_slot(level, first); level && i <= end; i++) {
        uint64_t from = first, to = last;
        if (!node->slots[i])
            continue;
        radix_narrow(level, i, &from, &to);
        radix_node_cut(&node->slots[i], level - 1, from, to, cut);
        node->used -= !node->slots[i];
    }
    if (!node->used) {
        kfree(node);
        *place = NULL;
    }
}

bool radix_cut(struct radix *radix, uint64_t first, uint64_t last,
               radix_hold_t hold, struct radix_dead *dead)
{
    struct radix_cut cut = {.dead = dead};
    void *root;

    if (!radix->root || first >= last || !radix_covers(radix->height, first))
        return true;
    cut.spare[0] = radix_node_alloc();
    cut.spare[1] = radix_node_alloc();
    bool ready = cut.spare[0] && cut.spare[1] &&
                 radix_own(radix, first, hold) &&
                 radix_own(radix, last - 1, hold);
    root = radix->root;
    if (ready)
        radix_node_cut(&root, radix->height - 1, first, last, &cut);
    radix->root = root;
    radix->height = root ? radix->height : 0;
    kfree(cut.spare[0]);
    kfree(cut.spare[1]);
    return ready;
}

/* --- in two --------------------------------------------------------------- */

#define LEVELS_MAX (64 / RADIX_BITS + 1)

/* The nodes on the way to AT, and as many empty ones; false: no memory. */
static bool radix_split_prepare(struct radix *from, uint64_t at,
                                struct radix_node **path,
                                struct radix_node **fresh)
{
    struct radix_node *node = from->root;

    for (unsigned level = from->height; level-- > 0 && node;) {
        path[level] = node;
        fresh[level] = radix_node_alloc();
        if (!fresh[level])
            return false;
        node = level ? node->slots[radix_slot(at, level)] : NULL;
    }
    return true;
}

/* Moves what of NODE lies behind slot S (or in it) to UPPER. */
static void radix_node_move(struct radix_node *node, struct radix_node *upper,
                            unsigned first)
{
    for (unsigned i = first; i < RADIX_SLOTS; i++) {
        if (!node->slots[i])
            continue;
        upper->slots[i] = node->slots[i];
        node->slots[i] = NULL;
        upper->used++;
        node->used--;
    }
}

/* NODE, which has got its slots, becomes the root or its parent's slot S. */
static void radix_node_place(struct radix *radix, struct radix_node *parent,
                             unsigned s, struct radix_node *node)
{
    struct radix_node *used = node->used ? node : NULL;

    if (!parent) {
        radix->root = used;
    } else {
        parent->used += (used != NULL) - (parent->slots[s] != NULL);
        parent->slots[s] = used;
    }
    if (!used)
        kfree(node);
}

bool radix_split(struct radix *from, uint64_t at, struct radix *upper,
                 radix_hold_t hold)
{
    struct radix_node *path[LEVELS_MAX] = {0}, *fresh[LEVELS_MAX] = {0};
    unsigned height = from->height;

    if (!from->root || !radix_covers(height, at))
        return true;
    if (!radix_own(from, at, hold) ||
        !radix_split_prepare(from, at, path, fresh)) {
        for (unsigned level = 0; level < height; level++)
            kfree(fresh[level]);
        return false;
    }
    for (unsigned level = 0; level < height; level++) {
        struct radix_node *above = level + 1 < height ? path[level + 1] : NULL;
        struct radix_node *upon = level + 1 < height ? fresh[level + 1] : NULL;
        unsigned s = above ? radix_slot(at, level + 1) : 0;
        if (!path[level])
            continue;
        radix_node_move(path[level], fresh[level],
                        radix_slot(at, level) + (level ? 1 : 0));
        radix_node_place(upper, upon, s, fresh[level]);
        radix_node_place(from, above, s, path[level]);
    }
    upper->height = upper->root ? height : 0;
    from->height = from->root ? height : 0;
    return true;
}

/* --- the end -------------------------------------------------------------- */

void radix_bury(struct radix *radix, struct radix_dead *dead)
{
    if (radix->root)
        radix_node_release(radix->root, radix->height - 1, dead);
    *radix = (struct radix){0};
}

bool radix_dead_step(struct radix_dead *dead, void **value_out)
{
    struct radix_node *node = dead->first;

    *value_out = NULL;
    if (!node)
        return false;
    work_step(1);
    while (node->at < RADIX_SLOTS && !node->slots[node->at])
        node->at++;
    if (node->at == RADIX_SLOTS) {
        dead->first = node->next;
        kfree(node);
        return true;
    }
    void *value = node->slots[node->at++];
    if (node->level)
        radix_node_release(value, node->level - 1, dead);
    else
        *value_out = value;
    return true;
}
