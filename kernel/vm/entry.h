/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/entry.h: the inside of maps, for the files of vm/ that walk them.
 *
 * An entry is one range of addresses.  What stands behind it:
 *   neither amap nor object      zeros, until first touched
 *   amap                         anonymous memory
 *   object, not private          the object's own pages, shared by all who map it
 *   object and private           the object's pages, except where amap has one;
 *                                what is written goes into amap
 * NEEDS_COPY: the amap is also used by another entry that was copied from this
 * one (or the other way); it must be copied before it changes.
 */
#ifndef VM_ENTRY_H
#define VM_ENTRY_H

#include "vm/anon.h"
#include "vm/map.h"
#include "vm/object.h"
#include "vm/pmap.h"

struct vm_map_entry {
    vm_offset_t start, end;
    struct vm_amap *amap;     /* a reference, or NULL */
    uint64_t amap_first;      /* the amap's page that is this entry's first */
    struct vm_object *object; /* a reference, or NULL */
    uint64_t object_first;
    vm_prot_t prot, max_prot;
    vm_inherit_t inheritance;
    bool private;
    bool needs_copy;
    bool wired;
    bool contiguous; /* a device may write it behind everybody's back */
};

#define VM_MAP_HOLE_CLASSES 36

struct vm_map {
    unsigned references;
    bool dead;
    vm_offset_t min, max;
    vm_size_t size;      /* bytes mapped */
    vm_size_t size_none; /* of these, what can have no access: not limited */
    vm_size_t size_limit, size_limit_max;
    struct vm_map_entry **entries; /* by address */
    unsigned count, capacity;
    /* Below FULL[n] there is no hole of 2^n pages: who looks for one begins
     * there.  See vm_map_find_space. */
    vm_offset_t full[VM_MAP_HOLE_CLASSES];
    struct pmap pmap;
    struct vm_dma *dma; /* owned; NULL: no device reaches any of it */
    /* Once it is dead: */
    struct vm_map_entry **dying;
    unsigned dying_count; /* taken apart from the end on */
    unsigned buried;      /* those before it have no anons of their own left */
    struct list grave_link;
};

/* As many regions as Linux lets a process have: more the task's process could
 * not show, and each walk over them ends soon. */
#define VM_MAP_ENTRIES_MAX 65536u

/* Addresses below this one cannot be mapped on the host (vm.mmap_min_addr);
 * entries without access may still stand there. */
#define VM_MAP_LOWEST_FREE 0x10000ul

/* Takes one thing out of a dead map; false if there is nothing left. */
bool vm_map_dismantle_step(struct vm_map *map);
/* Buries the anons of the next entry that nobody else has; false if there is no
 * next one.  Entries, amaps, objects and ports stay. */
bool vm_map_bury_step(struct vm_map *map);

/* The index of the first entry that ends after ADDRESS. */
unsigned vm_map_index(const struct vm_map *map, vm_offset_t address);
/* The entry that contains ADDRESS, or NULL. */
struct vm_map_entry *vm_map_entry_at(const struct vm_map *map,
                                     vm_offset_t address);

/* Splits entries so that one starts at START and one ends at END; returns the
 * index of the first entry at or after START, -1 if memory is short. */
int vm_map_clip(struct vm_map *map, vm_offset_t start, vm_offset_t end);

/* True if [start, end) is mapped without a hole. */
bool vm_map_covered(const struct vm_map *map, vm_offset_t start,
                    vm_offset_t end);

/* The first address from *ADDRESS on with SIZE free bytes. */
kern_return_t vm_map_find_space(struct vm_map *map, vm_offset_t *address,
                                vm_size_t size, vm_offset_t mask);

/* Inserts a copy of *ENTRY, whose place is free and whose references are
 * consumed on success. */
kern_return_t vm_map_insert(struct vm_map *map,
                            const struct vm_map_entry *entry);

/* Gives the entry an amap of its own if it needs one to be written to. */
kern_return_t vm_entry_unshare(struct vm_map_entry *entry);
/* A private amap over OBJECT's pages; NULL: no memory. */
struct vm_amap *vm_snapshot_create(struct vm_object *object, uint64_t first,
                                   uint64_t count);

static inline uint64_t vm_entry_pages(const struct vm_map_entry *entry)
{
    return (entry->end - entry->start) >> PAGE_SHIFT_BITS;
}

#endif
