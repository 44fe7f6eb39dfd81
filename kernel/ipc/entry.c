/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/entry.h"
#include "core/work.h"

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

/* Frees what on the way to NAME has no name in use below it.  The root stays. */
static void prune(struct ipc_space *space, mach_port_name_t name)
{
    void **path[LEVELS_MAX + 1] = {NULL};
    void **at = &space->root;

    if (name >= capacity(space)) {
        return;
    }
    for (unsigned level = space->levels; level > 0 && *at != NULL; level--) {
        path[level - 1] = at =
            &((struct ipc_node *)*at)->slots[slot_of(name, level)];
    }
    for (unsigned level = 0; level < space->levels; level++) {
        if (path[level] == NULL || *path[level] == NULL) {
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
    space->used_count++;
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
    space->used_count--;
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

/* The same below AT, whose names begin with *NAME's, cut off above LEVEL. */
static struct ipc_entry *next_below(void *at, unsigned level, uint64_t *name)
{
    unsigned shift = level * IPC_RADIX_BITS;

    for (unsigned i = slot_of(*name, level); at != NULL && i < IPC_RADIX_SLOTS;
         i++) {
        struct ipc_entry *entry = NULL;

        if (level > 0) {
            entry =
                next_below(((struct ipc_node *)at)->slots[i], level - 1, name);
        } else if (((struct ipc_leaf *)at)->entries[i].type != 0) {
            entry = &((struct ipc_leaf *)at)->entries[i];
        }
        if (entry != NULL) {
            return entry;
        }
        if (i + 1 < IPC_RADIX_SLOTS) {
            *name = ((*name >> shift) + 1) << shift;
        }
    }
    return NULL;
}

struct ipc_entry *ipc_entry_next(struct ipc_space *space,
                                 mach_port_name_t *name)
{
    uint64_t at = *name;
    struct ipc_entry *entry = NULL;

    work_step(1);
    if (at < capacity(space)) {
        entry = next_below(space->root, space->levels, &at);
    }
    /* Behind the last name is one that nothing has. */
    *name = min_of(at, (uint64_t)MACH_PORT_NAME_DEAD);
    return entry;
}

bool ipc_entry_free_table(struct ipc_space *space)
{
    void **at = &space->root;

    for (unsigned level = space->levels; level > 0 && *at != NULL; level--) {
        struct ipc_node *node = *at;

        while (node->freed < IPC_RADIX_SLOTS &&
               node->slots[node->freed] == NULL) {
            node->freed++;
        }
        if (node->freed == IPC_RADIX_SLOTS) {
            break;
        }
        at = &node->slots[node->freed];
    }
    if (*at == NULL) {
        return false;
    }
    kfree(*at);
    *at = NULL;
    return true;
}

/* --- from a port to its name ---------------------------------------------- */

#define MOVED_AT_ONCE 4u

static uint64_t hash_of(const struct ipc_port *port)
{
    return ((uint64_t)port >> 4) * 0x9e3779b97f4a7c15ul >> 32;
}

/* Where the names of a port are: in the old table if it has not come to their
 * chain yet. */
static mach_port_name_t *chain(struct ipc_space *space,
                               const struct ipc_port *port)
{
    uint64_t hash = hash_of(port);
    uint64_t old = hash & (space->hash_size / 2 - 1);

    if (space->old_hash != NULL && old >= space->hash_moved) {
        return &space->old_hash[old];
    }
    return &space->hash[hash & (space->hash_size - 1)];
}

static void link_entry(struct ipc_space *space, mach_port_name_t name,
                       struct ipc_entry *entry)
{
    mach_port_name_t *head = chain(space, entry->object);

    entry->hash_next = *head;
    *head = name;
}

/* Moves some chains of the old table, which is left when it has none. */
static void move_chains(struct ipc_space *space)
{
    for (unsigned n = 0; n < MOVED_AT_ONCE && space->old_hash != NULL; n++) {
        mach_port_name_t name = space->old_hash[space->hash_moved++];

        while (name != 0) {
            struct ipc_entry *entry = ipc_entry_lookup(space, name);
            mach_port_name_t next = entry->hash_next;

            link_entry(space, name, entry);
            name = next;
        }
        if (space->hash_moved == space->hash_size / 2) {
            kfree(space->old_hash);
            space->old_hash = NULL;
        }
    }
}

static bool grow_hash(struct ipc_space *space)
{
    unsigned size = space->hash_size == 0 ? HASH_ORDER0 : space->hash_size * 2;
    mach_port_name_t *hash = kalloc(size * sizeof *hash);

    if (hash == NULL) {
        return space->hash_size != 0; /* longer chains will do */
    }
    space->old_hash = space->hash;
    space->hash_moved = 0;
    space->hash = hash;
    space->hash_size = size;
    return true;
}

bool ipc_hash_insert(struct ipc_space *space, struct ipc_port *port,
                     mach_port_name_t name, struct ipc_entry *entry)
{
    move_chains(space);
    if (space->old_hash == NULL && space->hash_count >= space->hash_size &&
        !grow_hash(space)) {
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
        kfree(space->old_hash);
        space->hash = space->old_hash = NULL;
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

void ipc_space_reference(struct ipc_space *space)
{
    space->references++;
}

void ipc_space_release(struct ipc_space *space)
{
    if (--space->references == 0) {
        while (ipc_entry_free_table(space)) {
            continue;
        }
        kfree(space->hash);
        kfree(space->old_hash);
        kfree(space);
    }
}

struct task *ipc_space_task(struct ipc_space *space)
{
    return space->task;
}
