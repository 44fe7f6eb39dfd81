/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/entry.h"

#define RADIX_MASK  (IPC_RADIX_SLOTS - 1)
#define LEVELS_MAX  5u
#define ALL_IN_USE  (~(uint64_t)0)
#define HASH_ORDER0 16u

static uint64_t capacity(const struct ipc_space *space)
{
    return (uint64_t)IPC_RADIX_SLOTS << (space->levels * IPC_RADIX_BITS);
}

static unsigned slot_of(mach_port_name_t name, unsigned level)
{
    return (name >> (level * IPC_RADIX_BITS)) & RADIX_MASK;
}

static struct ipc_leaf *find_leaf(const struct ipc_space *space,
                                  mach_port_name_t name)
{
    void *at = space->root;

    if (name >= capacity(space)) {
        return NULL;
    }
    for (unsigned level = space->levels; level > 0 && at != NULL; level--) {
        at = ((struct ipc_node *)at)->slots[slot_of(name, level)];
    }
    return at;
}

struct ipc_entry *ipc_entry_lookup(struct ipc_space *space,
                                   mach_port_name_t name)
{
    struct ipc_leaf *leaf = find_leaf(space, name);
    struct ipc_entry *entry;

    if (leaf == NULL) {
        return NULL;
    }
    entry = &leaf->entries[name & RADIX_MASK];
    return entry->type != 0 ? entry : NULL;
}

/* Puts one more level above the root. */
static bool grow(struct ipc_space *space)
{
    struct ipc_node *node;
    uint64_t all;

    if (space->root == NULL) {
        space->root = kalloc(sizeof(struct ipc_leaf));
        if (space->root == NULL) {
            return false;
        }
        ((struct ipc_leaf *)space->root)->used = 1; /* name 0 */
        return true;
    }
    node = kalloc(sizeof *node);
    if (node == NULL) {
        return false;
    }
    all = space->levels == 0 ? ((struct ipc_leaf *)space->root)->used
                             : ((struct ipc_node *)space->root)->full;
    node->slots[0] = space->root;
    node->full = all == ALL_IN_USE;
    space->root = node;
    space->levels++;
    return true;
}

/* The leaf that holds NAME, made if need be.  PATH gets the nodes from the
 * leaf's parent up. */
static struct ipc_leaf *make_leaf(struct ipc_space *space,
                                  mach_port_name_t name,
                                  struct ipc_node *path[LEVELS_MAX + 1])
{
    void **at = &space->root;

    while (space->root == NULL || name >= capacity(space)) {
        if (!grow(space)) {
            return NULL;
        }
    }
    for (unsigned level = space->levels;; level--) {
        if (*at == NULL) {
            *at = kalloc(level == 0 ? sizeof(struct ipc_leaf)
                                    : sizeof(struct ipc_node));
            if (*at == NULL) {
                return NULL;
            }
        }
        if (level == 0) {
            return *at;
        }
        path[level - 1] = *at;
        at = &path[level - 1]->slots[slot_of(name, level)];
    }
}

static bool is_empty_node(const struct ipc_node *node)
{
    for (unsigned i = 0; i < IPC_RADIX_SLOTS; i++) {
        if (node->slots[i] != NULL) {
            return false;
        }
    }
    return true;
}

/* Frees what on the way to NAME has no name in use below it.  The root stays,
 * and while the space is walked so does everything. */
static void prune(struct ipc_space *space, mach_port_name_t name)
{
    void **path[LEVELS_MAX + 1];
    void **at = &space->root;

    if (name >= capacity(space) || space->walks != 0) {
        return;
    }
    for (unsigned level = space->levels; level > 0 && *at != NULL; level--) {
        path[level - 1] = at =
            &((struct ipc_node *)*at)->slots[slot_of(name, level)];
    }
    for (unsigned level = 0; level < space->levels; level++) {
        if (*path[level] == NULL) {
            continue;
        }
        if (level == 0 ? ((struct ipc_leaf *)*path[0])->used != 0
                       : !is_empty_node(*path[level])) {
            return;
        }
        kfree(*path[level]);
        *path[level] = NULL;
    }
}

static struct ipc_entry *take(struct ipc_space *space, mach_port_name_t name)
{
    struct ipc_node *path[LEVELS_MAX + 1];
    struct ipc_leaf *leaf = make_leaf(space, name, path);
    bool full;

    if (leaf == NULL) {
        prune(space, name);
        return NULL;
    }
    leaf->used |= 1ul << (name & RADIX_MASK);
    full = leaf->used == ALL_IN_USE;
    for (unsigned level = 1; full && level <= space->levels; level++) {
        path[level - 1]->full |= 1ul << slot_of(name, level);
        full = path[level - 1]->full == ALL_IN_USE;
    }
    return &leaf->entries[name & RADIX_MASK];
}

/* The lowest name that no entry has, by way of the summaries. */
static mach_port_name_t lowest_free(const struct ipc_space *space)
{
    const void *at = space->root;
    uint64_t name = 0, busy;

    if (at == NULL) {
        return 1;
    }
    for (unsigned level = space->levels;; level--) {
        busy = level == 0 ? ((const struct ipc_leaf *)at)->used
                          : ((const struct ipc_node *)at)->full;
        if (busy == ALL_IN_USE) {
            return capacity(space); /* only at the root */
        }
        name = name << IPC_RADIX_BITS | __builtin_ctzll(~busy);
        if (level == 0) {
            return name;
        }
        at = ((const struct ipc_node *)at)->slots[name & RADIX_MASK];
        if (at == NULL) {
            return name << (level * IPC_RADIX_BITS);
        }
    }
}

struct ipc_entry *ipc_entry_alloc(struct ipc_space *space,
                                  mach_port_name_t *name_out)
{
    mach_port_name_t name;
    struct ipc_entry *entry;

    name = space->freed_count != 0 ? space->freed[space->freed_count - 1]
                                   : lowest_free(space);
    entry = take(space, name);
    if (entry != NULL) {
        if (space->freed_count != 0) {
            space->freed_count--;
        }
        *name_out = name;
    }
    return entry;
}

struct ipc_entry *ipc_entry_alloc_name(struct ipc_space *space,
                                       mach_port_name_t name)
{
    struct ipc_entry *entry = take(space, name);
    unsigned i;

    for (i = 0; entry != NULL && i < space->freed_count; i++) {
        if (space->freed[i] == name) {
            space->freed_count--;
            memmove(&space->freed[i], &space->freed[i + 1],
                    (space->freed_count - i) * sizeof space->freed[0]);
            break;
        }
    }
    return entry;
}

void ipc_entry_free(struct ipc_space *space, mach_port_name_t name,
                    struct ipc_entry *entry)
{
    struct ipc_leaf *leaf = find_leaf(space, name);
    void *at = space->root;

    memset(entry, 0, sizeof *entry);
    leaf->used &= ~(1ul << (name & RADIX_MASK));
    for (unsigned level = space->levels; level > 0; level--) {
        struct ipc_node *node = at;

        node->full &= ~(1ul << slot_of(name, level));
        at = node->slots[slot_of(name, level)];
    }
    if (space->freed_count < IPC_FREE_NAMES) {
        space->freed[space->freed_count++] = name;
    }
    if (leaf->used == 0) {
        prune(space, name);
    }
}

struct walk {
    struct ipc_space *space;
    void (*visit)(struct ipc_space *, mach_port_name_t, struct ipc_entry *,
                  void *);
    void *context;
};

static void walk(const struct walk *w, void *at, unsigned level,
                 mach_port_name_t first)
{
    for (unsigned i = 0; at != NULL && i < IPC_RADIX_SLOTS; i++) {
        mach_port_name_t name = first + (i << (level * IPC_RADIX_BITS));

        if (level > 0) {
            walk(w, ((struct ipc_node *)at)->slots[i], level - 1, name);
        } else if (((struct ipc_leaf *)at)->entries[i].type != 0) {
            w->visit(w->space, name, &((struct ipc_leaf *)at)->entries[i],
                     w->context);
        }
    }
}

void ipc_entry_for_each(struct ipc_space *space,
                        void (*visit)(struct ipc_space *, mach_port_name_t,
                                      struct ipc_entry *, void *),
                        void *context)
{
    struct walk w = {space, visit, context};

    space->walks++;
    walk(&w, space->root, space->levels, 0);
    space->walks--;
}

static void free_tree(void *at, unsigned level)
{
    for (unsigned i = 0; at != NULL && level > 0 && i < IPC_RADIX_SLOTS; i++) {
        free_tree(((struct ipc_node *)at)->slots[i], level - 1);
    }
    kfree(at);
}

/* --- from a port to its name ---------------------------------------------- */

static mach_port_name_t *chain(struct ipc_space *space, struct ipc_port *port)
{
    uint64_t key = (uint64_t)port >> 4;

    key *= 0x9e3779b97f4a7c15ul;
    return &space->hash[(key >> 32) & (space->hash_size - 1)];
}

static void link_entry(struct ipc_space *space, mach_port_name_t name,
                       struct ipc_entry *entry)
{
    mach_port_name_t *head = chain(space, entry->object);

    entry->hash_next = *head;
    *head = name;
}

static bool grow_hash(struct ipc_space *space)
{
    unsigned old_size = space->hash_size;
    unsigned size = old_size == 0 ? HASH_ORDER0 : old_size * 2;
    mach_port_name_t *old = space->hash;
    mach_port_name_t *hash = kalloc(size * sizeof *hash);

    if (hash == NULL) {
        return old_size != 0; /* longer chains will do */
    }
    space->hash = hash;
    space->hash_size = size;
    for (unsigned i = 0; i < old_size; i++) {
        for (mach_port_name_t name = old[i]; name != 0;) {
            struct ipc_entry *entry = ipc_entry_lookup(space, name);
            mach_port_name_t next = entry->hash_next;

            link_entry(space, name, entry);
            name = next;
        }
    }
    kfree(old);
    return true;
}

bool ipc_hash_insert(struct ipc_space *space, struct ipc_port *port,
                     mach_port_name_t name, struct ipc_entry *entry)
{
    if (space->hash_count >= space->hash_size && !grow_hash(space)) {
        return false;
    }
    entry->object = port;
    link_entry(space, name, entry);
    space->hash_count++;
    return true;
}

void ipc_hash_remove(struct ipc_space *space, struct ipc_port *port,
                     mach_port_name_t name, struct ipc_entry *entry)
{
    mach_port_name_t *at = chain(space, port);

    while (*at != name) {
        at = &ipc_entry_lookup(space, *at)->hash_next;
    }
    *at = entry->hash_next;
    entry->hash_next = 0;
    space->hash_count--;
    if (space->hash_count == 0 && space->hash_size > HASH_ORDER0) {
        kfree(space->hash);
        space->hash = NULL;
        space->hash_size = 0;
    }
}

struct ipc_entry *ipc_hash_lookup(struct ipc_space *space,
                                  struct ipc_port *port,
                                  mach_port_name_t *name_out)
{
    mach_port_name_t name = space->hash_size == 0 ? 0 : *chain(space, port);

    while (name != 0) {
        struct ipc_entry *entry = ipc_entry_lookup(space, name);

        if (entry->object == port) {
            *name_out = name;
            return entry;
        }
        name = entry->hash_next;
    }
    return NULL;
}

/* --- spaces --------------------------------------------------------------- */

struct ipc_space *ipc_space_create(struct task *task)
{
    struct ipc_space *space = kalloc(sizeof *space);

    if (space != NULL) {
        space->references = 1;
        space->active = true;
        space->task = task;
        if (!grow(space)) {
            kfree(space);
            return NULL;
        }
    }
    return space;
}

void ipc_entry_free_all(struct ipc_space *space)
{
    free_tree(space->root, space->levels);
    kfree(space->hash);
    space->root = NULL;
    space->levels = 0;
    space->hash = NULL;
    space->hash_size = space->hash_count = 0;
}

void ipc_space_reference(struct ipc_space *space)
{
    space->references++;
}

void ipc_space_release(struct ipc_space *space)
{
    if (--space->references == 0) {
        ipc_entry_free_all(space);
        kfree(space);
    }
}

struct task *ipc_space_task(struct ipc_space *space)
{
    return space->task;
}
