/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/pmap.h: what a task's address space shows at present.
 *
 * A pmap remembers every page it has had the platform map, and each page
 * remembers its mappings, so that they can be taken back.  A mapping may be
 * dropped at any time: the next access faults.  Runs of neighbouring pages
 * become one request to the platform.
 *
 * Taking access away reaches a thread before it runs again (platform.h); only
 * threads that are running at this moment may still use it.  pmap_settle waits
 * until they cannot either: it must be called between removing mappings and
 * giving the pages away, and at the end of every kernel entry.  That no thread
 * of a task should be running proves nothing: a hostile one can say that it
 * stopped and run on.
 */
#ifndef VM_PMAP_H
#define VM_PMAP_H

#include "core/core.h"
#include "core/list.h"
#include "core/radix.h"

struct platform_task;
struct vm_page;

#define PMAP_NO_MUST ((vm_offset_t)-1)

struct pmap {
    struct platform_task *platform; /* NULL: nobody runs here */
    struct radix entries;           /* of struct pmap_entry, by page number */
    uint64_t joints;    /* neighbours that are one mapping of the host's */
    uint64_t shed_next; /* where pmap_shed goes on, a page number */
    unsigned running;   /* threads now in user mode */
    bool unsettled;     /* access was taken away since settling */
    uint64_t forgotten; /* once retired: pages below have no entry */
    struct list unsettled_link;
};

struct pmap_entry {
    struct pmap *pmap;
    struct vm_page *page;
    vm_offset_t address;
    vm_prot_t prot;
    struct pmap_entry *next, **link; /* in page->mappings */
};

void pmap_init(struct pmap *pmap, struct platform_task *platform);
/* The address space itself is gone, or never was: nothing is mapped in it or
 * taken away any more.  Its mappings are then to be forgotten, one by one; false
 * if there is none. */
void pmap_retire(struct pmap *pmap);
bool pmap_forget_one(struct pmap *pmap);

/* Maps COUNT pages from ADDRESS on; a NULL in PAGES leaves that place alone.
 * Replaces what was there.  If memory for bookkeeping, or of the host's mappings,
 * is short, others of the task's are dropped for them.  PAGES that are still
 * without room stay unmapped, and will fault, but the one at MUST. */
void pmap_enter(struct pmap *pmap, vm_offset_t address,
                struct vm_page *const *pages, unsigned count, vm_prot_t prot,
                vm_offset_t must);

/* Whether more than LIMIT pages are mapped in the range. */
bool pmap_crowded(struct pmap *pmap, vm_offset_t start, vm_offset_t end,
                  uint64_t limit);
/* Removes mappings of the range as long as this entry may (core/work.h), some in
 * any case. */
void pmap_remove_some(struct pmap *pmap, vm_offset_t start, vm_offset_t end);
void pmap_remove(struct pmap *pmap, vm_offset_t start, vm_offset_t end);
/* Takes away what PROT does not contain; grants nothing. */
void pmap_protect(struct pmap *pmap, vm_offset_t start, vm_offset_t end,
                  vm_prot_t prot);
/* The protection PAGE is mapped with at ADDRESS, 0 if it is not. */
vm_prot_t pmap_lookup(struct pmap *pmap, vm_offset_t address);

/* Whether the task sees another page than PAGE at ADDRESS. */
bool pmap_is_stale(struct pmap *pmap, vm_offset_t address,
                   const struct vm_page *page);

/* The same for every mapping of one page; PROT 0 removes them. */
void pmap_page_protect(struct vm_page *page, vm_prot_t prot);

/* How many mappings of the host's PMAP needs: it merges neighbours whose frames
 * are neighbours, too, and protected alike. */
static inline uint64_t pmap_host_mappings(const struct pmap *pmap)
{
    return pmap->entries.count - pmap->joints;
}

/* --- pmap_shed.c ----------------------------------------------------------- */

void pmap_shed_init(void);
/* How many of the two neighbours of page INDEX are one mapping with it. */
unsigned pmap_joints_at(const struct pmap *pmap, uint64_t index);
/* Makes room: drops some of the mappings, those after the ones dropped last. */
void pmap_shed(struct pmap *pmap);
/* Does so if the host would not take another; whether it did. */
bool pmap_make_room(struct pmap *pmap);
/* Forgets ENTRY; the host's mapping is the caller's concern. */
void pmap_entry_free(struct pmap_entry *entry);
void pmap_unsettle(struct pmap *pmap);

void pmap_settle(void);
void pmap_module_init(void);

#endif
