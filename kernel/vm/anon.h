/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/anon.h: anonymous memory.
 *
 * An anon is one page of it.  An amap is a sparse array of anons, indexed by
 * page; it may be referred to by several map entries (memory inherited shared)
 * and an anon may be in several amaps (memory copied).  Copies of an amap have
 * parts of the array in common (core/radix.h), so that a copy costs little: an
 * anon that is not exclusive to its amap must not be written, its writer gets a
 * copy of its own.
 *
 * What nobody refers to any more is taken apart bit by bit, in later entries if
 * it is much (vm/grave.h).
 *
 * An amap that is a snapshot stands over a range of an object: where it has no
 * anon the object's page shows through, and before such a page of the object
 * changes it is copied into every snapshot that lacks it.
 */
#ifndef VM_ANON_H
#define VM_ANON_H

#include "core/core.h"
#include "core/list.h"
#include "core/radix.h"

struct vm_page;
struct vm_object;

/* It has a page or a slot. */
struct vm_anon {
    unsigned references;
    uint32_t slot; /* at the default pager (vm/slot.h), owned; or SLOT_NONE */
    union {
        struct vm_page *page; /* owned, or NULL */
        struct vm_anon *next; /* of those kept for the next use */
    };
};

/* Frees those that are kept. */
void vm_anon_module_fini(void);

struct vm_amap {
    unsigned references;
    struct radix anons;            /* with nodes that other amaps have too */
    struct vm_object *under;       /* snapshot of it (a reference), or NULL */
    uint64_t under_first;          /* the object's page that is page 0 here */
    uint64_t under_from, under_to; /* the pages here that it covers */
    bool shared;                   /* several entries mean to see one memory */
    struct list snapshot_link;     /* under->snapshots */
};

/* Takes PAGE over.  NULL if memory is short: PAGE stays the caller's. */
struct vm_anon *vm_anon_create(struct vm_page *page);
/* PAGE becomes that of ANON, which has none; and none any more, so that it is the
 * caller's. */
void vm_anon_adopt(struct vm_anon *anon, struct vm_page *page);
void vm_anon_disown(struct vm_anon *anon);
void vm_anon_reference(struct vm_anon *anon);
/* Drops a reference; the last one removes the page from every pmap. */
void vm_anon_release(struct vm_anon *anon);

struct vm_amap *vm_amap_create(void);
void vm_amap_reference(struct vm_amap *amap);
void vm_amap_release(struct vm_amap *amap);

/* A new amap that has the anons of [first, first + count) of AMAP, with the same
 * indices; a snapshot if AMAP is one.  NULL: no memory. */
struct vm_amap *vm_amap_copy(struct vm_amap *amap, uint64_t first,
                             uint64_t count);
/* A new amap that takes over all from index AT on, with the same indices. */
struct vm_amap *vm_amap_split(struct vm_amap *amap, uint64_t at);

/* Makes AMAP a snapshot of OBJECT: page 0 stands for its page FIRST, and pages
 * FROM to TO - 1 are covered. */
void vm_amap_attach(struct vm_amap *amap, struct vm_object *object,
                    uint64_t first, uint64_t from, uint64_t to);
void vm_amap_detach(struct vm_amap *amap);

static inline struct vm_anon *vm_amap_get(const struct vm_amap *amap,
                                          uint64_t index)
{
    return amap ? radix_get(&amap->anons, index) : NULL;
}

/* Whether the anon at INDEX is nobody else's. */
bool vm_amap_exclusive(const struct vm_amap *amap, uint64_t index);

/* Puts ANON (its reference is consumed on success) at INDEX; releases what was
 * there. */
bool vm_amap_set(struct vm_amap *amap, uint64_t index, struct vm_anon *anon);

/* Releases the anons of a range; false: no memory, and nothing was done. */
bool vm_amap_wipe(struct vm_amap *amap, uint64_t first, uint64_t count);

#endif
