/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/entry.h: the names of a space; for ipc/ only.
 *
 * An entry is one name in one space.  Its type says what it denotes: a receive
 * right, user references to one send right of the same port, or both; exactly
 * one send-once right; references to a dead name; a port set.  An entry's
 * address stays the same while its name is in use.  Names start at 1; one that
 * was freed is given out again first (the last freed first, of at most
 * IPC_FREE_NAMES that are remembered), then the lowest that is free.
 */
#ifndef IPC_ENTRY_H
#define IPC_ENTRY_H

#include "ipc/object.h"
#include "ipc/space.h"

#define IPC_FREE_NAMES    64
#define IPC_USER_REFS_MAX 65535u
#define IPC_RADIX_BITS    6
#define IPC_RADIX_SLOTS   (1u << IPC_RADIX_BITS)

struct ipc_marequest;

struct ipc_entry {
    void *object; /* port or set; a reference; NULL: dead name or free */
    struct ipc_request *request;     /* dead-name request or NULL */
    struct ipc_marequest *marequest; /* msg-accepted request or NULL */
    mach_port_type_t type;           /* MACH_PORT_TYPE_*; 0: free */
    uint32_t user_refs;
    mach_port_name_t hash_next; /* entries in the same chain of the hash */
};

struct ipc_leaf {
    uint64_t used;
    struct ipc_entry entries[IPC_RADIX_SLOTS];
};

struct ipc_node {
    uint64_t full;  /* slots below which no name is free */
    unsigned freed; /* of a dying space: slots below which all is freed */
    void *slots[IPC_RADIX_SLOTS];
};

struct ipc_space {
    unsigned references;
    bool active;
    struct task *task;
    void *root;      /* ipc_leaf at level 0, else ipc_node */
    unsigned levels; /* above the leaves */
    mach_port_name_t freed[IPC_FREE_NAMES];
    unsigned freed_count;
    unsigned used_count; /* names in use */

    /* Send rights by port: chains of names. */
    mach_port_name_t *hash;
    unsigned hash_size, hash_count;
    /* The hash before it was enlarged: its chains from HASH_MOVED on. */
    mach_port_name_t *old_hash;
    unsigned hash_moved;

    struct list dying_link; /* see ipc/ends.h */
    mach_port_name_t dying_name;
    void (*dead)(void *); /* to be called when it has no rights any more */
    void *dead_context;
};

/* The entry of a name in use, or NULL. */
struct ipc_entry *ipc_entry_lookup(struct ipc_space *space,
                                   mach_port_name_t name);

/* A new entry of type 0, which the caller fills at once; NULL if memory or
 * names are short. */
struct ipc_entry *ipc_entry_alloc(struct ipc_space *space,
                                  mach_port_name_t *name_out);
/* The same with a chosen name, which must be free. */
struct ipc_entry *ipc_entry_alloc_name(struct ipc_space *space,
                                       mach_port_name_t name);
void ipc_entry_free(struct ipc_space *space, mach_port_name_t name,
                    struct ipc_entry *entry);

/* Frees a part of the table of a space that has no names any more; false if
 * there is none left. */
bool ipc_entry_free_table(struct ipc_space *space);

/* The entry of the first name in use from *NAME on, which is replaced by it;
 * NULL if there is none. */
struct ipc_entry *ipc_entry_next(struct ipc_space *space,
                                 mach_port_name_t *name);

/* The reverse way: which name has send rights for PORT.  Insert returns false
 * if memory is short. */
bool ipc_hash_insert(struct ipc_space *space, struct ipc_port *port,
                     mach_port_name_t name, struct ipc_entry *entry);
void ipc_hash_remove(struct ipc_space *space, struct ipc_port *port,
                     mach_port_name_t name, struct ipc_entry *entry);
struct ipc_entry *ipc_hash_lookup(struct ipc_space *space,
                                  struct ipc_port *port,
                                  mach_port_name_t *name_out);

#endif
