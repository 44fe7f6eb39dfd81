/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/page.h: physical memory, a page at a time or in runs.
 *
 * Every frame has a struct vm_page.  A page is free, or belongs to exactly one
 * owner: an anon, an object, or the kernel.  Free memory is kept in runs of
 * 2^order frames, aligned to their size, lowest address first, so that what is
 * allocated together is contiguous and costs the host few mappings.
 */
#ifndef VM_PAGE_H
#define VM_PAGE_H

#include "core/core.h"
#include "core/list.h"

#include "machine/machine.h"

struct account;
struct vm_object;
struct vm_anon;
struct pmap_entry;

#define VM_RUN_ORDER_MAX 18

/* Frames that are no memory to hand out: the first, which nobody should take
 * for one, and what firmware and devices have on a PC (machine/machine.h). */
static inline bool vm_phys_is_ram(uint64_t phys)
{
    return phys >= PAGE_SIZE &&
           (phys < MACHINE_LEGACY_BASE || phys >= MACHINE_BIOS_END) &&
           (phys < MACHINE_HOLE_BASE || phys >= MACHINE_HOLE_END);
}

struct vm_page {
    struct list link; /* free list, object.pages, or an anon's: vm/age.h's */
    struct vm_object *object;
    struct vm_anon *anon;
    vm_offset_t offset;          /* in the object, bytes */
    struct pmap_entry *mappings; /* who maps this frame */
    struct account *account;     /* it is charged to; NULL: the machine's */
    uint32_t wire_count;
    uint8_t order;     /* of a free run, in its first page */
    bool free : 1;     /* first page of a free run */
    bool zero : 1;     /* free memory known to read as zeros */
    bool dirty : 1;    /* differs from what the pager has */
    bool precious : 1; /* the pager wants it back even if clean */
    bool used : 1;     /* not free */
    bool orphan : 1;   /* freed while a device held it */
    bool stale : 1;    /* has what others left: see vm_page_clean */
    bool sent : 1;     /* on its way to its pager: vm/short.h's */
    /* Wired, and the pager made the object forget it: its contents have to be
     * asked for again. */
    bool outdated : 1;
    bool inactive : 1; /* vm/age.h's */
    bool pinned : 1;   /* the same: it is not to go away */
    bool passed : 1;   /* brought back, not fetched, and looked at once */
    bool wanted : 1;   /* brought back for somebody who waits */
    uint16_t holds;    /* devices' transfers under way */
    uint8_t lock;      /* access the pager forbids, VM_PROT_* */
};

void vm_page_module_init(void);
void vm_page_module_fini(void);

/* Frames that can still be had: not in use, and not needed for the kernel's
 * heap, which is of the same memory. */
uint64_t vm_page_free_count(void);
/* Frames not in use, whatever they are needed for. */
uint64_t vm_page_unused_count(void);
uint64_t vm_page_total_count(void);

uint64_t vm_page_phys(const struct vm_page *page);
void *vm_page_data(const struct vm_page *page);
struct vm_page *vm_page_at(uint64_t phys);

/* A run of 2^ORDER frames, charged to account_current, or NULL: memory is short,
 * or that one may have no more.  With ZERO its contents are zeros. */
struct vm_page *vm_page_alloc_run(unsigned order, bool zero);
/* The same below PHYS_MAX and aligned to ALIGN (a power of two, bytes).  Its
 * pages are stale if they are not zeros. */
struct vm_page *vm_page_alloc_below(unsigned order, uint64_t phys_min,
                                    uint64_t phys_max, uint64_t align);
static inline struct vm_page *vm_page_alloc(bool zero)
{
    return vm_page_alloc_run(0, zero);
}

/* Memory that is likely to be filled by a device before anybody looks at it is
 * handed out as it is.  Before it is looked at, or leaves the region it was
 * allocated for, what is still stale becomes zeros. */
static inline void vm_page_clean(struct vm_page *page)
{
    if (page->stale) {
        memset(vm_page_data(page), 0, PAGE_SIZE);
        page->stale = false;
    }
}

/* Frees one page, which nobody maps, waits for or owns any longer.  If a device
 * still holds it, that waits for the device. */
void vm_page_free(struct vm_page *page);

/* No page is on its way to its pager. */
void vm_pages_forget_sent(void);

/* Charges PAGE to ACCOUNT, whether that may have it or not. */
void vm_page_give(struct vm_page *page, struct account *account);

/* While a device's transfer is under way the frame is not used anew.  False: it
 * is no page in use, or held too often. */
bool vm_page_hold(uint64_t phys);
void vm_page_unhold(uint64_t phys);

#endif
