/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/heap.h"
#include "core/core.h"
#include "core/work.h"

static unsigned heap_rank(const struct heap_node *node)
{
    return node ? node->rank : 0;
}

static bool heap_before(const struct heap_node *a, const struct heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

/* Puts the child of higher rank to the left: the way down on the right, which
 * is the one that is walked, is short then.  False: the rank is as it was. */
static bool heap_lean(struct heap_node *node)
{
    unsigned rank = node->rank;

    if (heap_rank(node->left) < heap_rank(node->right)) {
        struct heap_node *left = node->left;
        node->left = node->right;
        node->right = left;
    }
    node->rank = heap_rank(node->right) + 1;
    return node->rank != rank;
}

/* As deep as the logarithm of their number. */
static struct heap_node *heap_merge(struct heap_node *a, struct heap_node *b)
{
    if (!a || !b)
        return a ? a : b;
    if (heap_before(b, a)) {
        struct heap_node *other = a;
        a = b;
        b = other;
    }
    work_step(1);
    a->right = heap_merge(a->right, b);
    a->right->parent = a;
    heap_lean(a);
    return a;
}

void heap_insert(struct heap *heap, struct heap_node *node, uint64_t key)
{
    *node = (struct heap_node){.rank = 1, .key = key, .order = heap->order++};
    heap->first = heap_merge(heap->first, node);
    heap->first->parent = NULL;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    struct heap_node *parent = node->parent;
    struct heap_node *rest = heap_merge(node->left, node->right);

    if (rest)
        rest->parent = parent;
    if (!parent)
        heap->first = rest;
    else if (parent->left == node)
        parent->left = rest;
    else
        parent->right = rest;
    while (parent && heap_lean(parent))
        parent = parent->parent;
    *node = (struct heap_node){0};
}
