/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/pmap.h"
#include "core/account.h"
#include "core/work.h"
#include "vm/page.h"

/* Longer runs are dealt with in parts: each is one command to the platform, and
 * one of the host's system calls. */
#define RUN_MAX 512u
/* The host fills a page that is shown first: the dearest thing here. */
#define MAP_STEPS 32u

static struct list unsettled; /* pmaps with accesses taken away */

void pmap_module_init(void)
{
    list_init(&unsettled);
    pmap_shed_init();
}

void pmap_init(struct pmap *pmap, struct platform_task *platform)
{
    *pmap = (struct pmap){.platform = platform};
}

void pmap_unsettle(struct pmap *pmap)
{
    if (!pmap->unsettled && pmap->platform) {
        pmap->unsettled = true;
        list_append(&unsettled, &pmap->unsettled_link);
    }
}

void pmap_settle(void)
{
    struct pmap *pmap;

    while ((pmap = list_first_entry(&unsettled, struct pmap, unsettled_link))) {
        list_remove(&pmap->unsettled_link);
        pmap->unsettled = false;
        platform_task_sync(pmap->platform);
    }
}

static void pmap_entry_unlink(struct pmap_entry *entry)
{
    *entry->link = entry->next;
    if (entry->next)
        entry->next->link = entry->link;
}

static void pmap_entry_link(struct pmap_entry *entry, struct vm_page *page)
{
    entry->page = page;
    entry->next = page->mappings;
    entry->link = &page->mappings;
    if (entry->next)
        entry->next->link = &entry->next;
    page->mappings = entry;
}

void pmap_entry_free(struct pmap_entry *entry)
{
    struct pmap *pmap = entry->pmap;
    uint64_t index = entry->address >> PAGE_SHIFT_BITS;

    pmap->joints -= pmap_joints_at(pmap, index);
    pmap_entry_unlink(entry);
    radix_set(&pmap->entries, index, NULL);
    kfree(entry);
}

static void pmap_entry_protect(struct pmap_entry *entry, vm_prot_t prot)
{
    struct pmap *pmap = entry->pmap;
    uint64_t index = entry->address >> PAGE_SHIFT_BITS;

    pmap->joints -= pmap_joints_at(pmap, index);
    entry->prot = prot;
    pmap->joints += pmap_joints_at(pmap, index);
}

void pmap_retire(struct pmap *pmap)
{
    if (pmap->unsettled)
        list_remove(&pmap->unsettled_link);
    pmap->platform = NULL;
    pmap->unsettled = false;
}

bool pmap_forget_one(struct pmap *pmap)
{
    struct pmap_entry *entry = radix_next(&pmap->entries, &pmap->forgotten);

    if (entry)
        pmap_entry_free(entry);
    return entry != NULL;
}

/* Records that PAGE stands at ADDRESS.  False: no memory to do so. */
static bool pmap_record(struct pmap *pmap, vm_offset_t address,
                        struct vm_page *page, vm_prot_t prot)
{
    uint64_t index = address >> PAGE_SHIFT_BITS;
    struct pmap_entry *entry = radix_get(&pmap->entries, index);

    if (entry) {
        pmap->joints -= pmap_joints_at(pmap, index);
        if (entry->page != page || entry->prot & ~prot)
            pmap_unsettle(pmap);
        pmap_entry_unlink(entry);
    } else {
        entry = kalloc(sizeof *entry);
        if (!entry)
            return false;
        if (!radix_set(&pmap->entries, index, entry)) {
            kfree(entry);
            return false;
        }
    }
    *entry =
        (struct pmap_entry){.pmap = pmap, .address = address, .prot = prot};
    pmap_entry_link(entry, page);
    pmap->joints += pmap_joints_at(pmap, index);
    return true;
}

/* The same for the page at MUST in any case; others of the task's mappings give
 * way to any, so that none may be recorded that is not shown yet. */
static bool pmap_record_shedding(struct pmap *pmap, vm_offset_t address,
                                 struct vm_page *page, vm_prot_t prot,
                                 vm_offset_t must)
{
    bool recorded = pmap_record(pmap, address, page, prot);

    if (recorded)
        return true;
    pmap_shed(pmap);
    account_insists += address == must;
    recorded = pmap_record(pmap, address, page, prot);
    account_insists -= address == must;
    return recorded;
}

/* How many of PAGES are recorded and physically consecutive. */
static unsigned pmap_record_run(struct pmap *pmap, vm_offset_t address,
                                struct vm_page *const *pages, unsigned count,
                                vm_prot_t prot, vm_offset_t must)
{
    unsigned run = 1;

    if (!pmap_record_shedding(pmap, address, pages[0], prot, must))
        return 0;
    while (run < count && pages[run] == pages[0] + run &&
           pmap_record(pmap, address + run * PAGE_SIZE, pages[run], prot))
        run++;
    return run;
}

void pmap_enter(struct pmap *pmap, vm_offset_t address,
                struct vm_page *const *pages, unsigned count, vm_prot_t prot,
                vm_offset_t must)
{
    enum account_urgency before = account_urgency;

    if (!pmap->platform)
        return;
    account_urgency = ACCOUNT_FAULT;
    for (unsigned i = 0; i < count;) {
        unsigned run = 0;
        if (pages[i]) {
            pmap_make_room(pmap);
            run = pmap_record_run(pmap, address + i * PAGE_SIZE, pages + i,
                                  count - i, prot, must);
        }
        if (run) {
            work_step(run * MAP_STEPS);
            platform_task_map(pmap->platform, address + i * PAGE_SIZE,
                              vm_page_phys(pages[i]), run * PAGE_SIZE,
                              (int)prot);
        }
        i += run ? run : 1;
    }
    account_urgency = before;
}

/* The run of mapped pages at or after *INDEX and before END: its first index
 * replaces *INDEX, its length is returned, 0 if there is none.  Only entries
 * whose protection has a bit outside KEEP count. */
static uint64_t pmap_next_run(struct pmap *pmap, uint64_t *index, uint64_t end,
                              vm_prot_t keep)
{
    uint64_t run = 0;
    struct pmap_entry *entry;

    while ((entry = radix_next(&pmap->entries, index)) && *index < end) {
        if (entry->prot & ~keep)
            break;
        ++*index;
    }
    if (!entry || *index >= end)
        return 0;
    while (*index + run < end && run < RUN_MAX) {
        entry = radix_get(&pmap->entries, *index + run);
        if (!entry || !(entry->prot & ~keep))
            break;
        run++;
    }
    return run;
}

/* Removes the next run of mappings from *INDEX on; false if there is none. */
static bool pmap_remove_run(struct pmap *pmap, uint64_t *index, uint64_t last)
{
    uint64_t run;

    pmap_make_room(pmap);
    run = pmap_next_run(pmap, index, last, 0);
    if (!run)
        return false;
    platform_task_unmap(pmap->platform, *index << PAGE_SHIFT_BITS,
                        run << PAGE_SHIFT_BITS);
    for (; run; run--, ++*index)
        pmap_entry_free(radix_get(&pmap->entries, *index));
    pmap_unsettle(pmap);
    return true;
}

void pmap_remove(struct pmap *pmap, vm_offset_t start, vm_offset_t end)
{
    uint64_t index = start >> PAGE_SHIFT_BITS;

    while (pmap_remove_run(pmap, &index, end >> PAGE_SHIFT_BITS))
        continue;
}

bool pmap_crowded(struct pmap *pmap, vm_offset_t start, vm_offset_t end,
                  uint64_t limit)
{
    uint64_t index = start >> PAGE_SHIFT_BITS, last = end >> PAGE_SHIFT_BITS;
    uint64_t count = 0;

    if (pmap->entries.count <= limit || last - index <= limit)
        return false;
    while (count <= limit && radix_next(&pmap->entries, &index) &&
           index < last) {
        index++;
        count++;
    }
    return count > limit;
}

void pmap_remove_some(struct pmap *pmap, vm_offset_t start, vm_offset_t end)
{
    uint64_t index = start >> PAGE_SHIFT_BITS;
    bool more = true;

    do
        more = pmap_remove_run(pmap, &index, end >> PAGE_SHIFT_BITS);
    while (more && !work_spent());
}

/* Pages INDEX to STOP, of one protection, get NOW, which is less.  What has no
 * access left is no mapping any more: only with some is one found again. */
static void pmap_protect_run(struct pmap *pmap, uint64_t index, uint64_t stop,
                             vm_prot_t now)
{
    vm_offset_t start = index << PAGE_SHIFT_BITS;
    vm_size_t size = (stop - index) << PAGE_SHIFT_BITS;

    if (now == VM_PROT_NONE)
        platform_task_unmap(pmap->platform, start, size);
    for (; index < stop; index++) {
        struct pmap_entry *entry = radix_get(&pmap->entries, index);
        if (now == VM_PROT_NONE)
            pmap_entry_free(entry);
        else
            pmap_entry_protect(entry, now);
    }
    if (now != VM_PROT_NONE)
        platform_task_protect(pmap->platform, start, size, (int)now);
    pmap_unsettle(pmap);
}

void pmap_protect(struct pmap *pmap, vm_offset_t start, vm_offset_t end,
                  vm_prot_t prot)
{
    uint64_t index = start >> PAGE_SHIFT_BITS;
    uint64_t last = end >> PAGE_SHIFT_BITS, run;

    prot &= VM_PROT_ALL;
    if (prot == VM_PROT_NONE) {
        pmap_remove(pmap, start, end);
        return;
    }
    while (pmap_make_room(pmap),
           (run = pmap_next_run(pmap, &index, last, prot))) {
        /* One request changes pages of one former protection, as the rest of
         * a run may have had less than PROT. */
        const struct pmap_entry *entry = radix_get(&pmap->entries, index);
        vm_prot_t old = entry->prot;
        uint64_t n = 1;
        while (n < run &&
               (entry = radix_get(&pmap->entries, index + n))->prot == old)
            n++;
        pmap_protect_run(pmap, index, index + n, old & prot);
        index += n;
    }
}

vm_prot_t pmap_lookup(struct pmap *pmap, vm_offset_t address)
{
    struct pmap_entry *entry =
        radix_get(&pmap->entries, address >> PAGE_SHIFT_BITS);
    return entry ? entry->prot : VM_PROT_NONE;
}

bool pmap_is_stale(struct pmap *pmap, vm_offset_t address,
                   const struct vm_page *page)
{
    struct pmap_entry *entry =
        radix_get(&pmap->entries, address >> PAGE_SHIFT_BITS);
    return entry && entry->page != page;
}

void pmap_page_protect(struct vm_page *page, vm_prot_t prot)
{
    struct pmap_entry *entry, *next;

    for (entry = page->mappings; entry; entry = next) {
        next = entry->next;
        if (!(entry->prot & ~prot))
            continue;
        struct pmap *pmap = entry->pmap;
        if (!pmap->platform) {
            pmap_entry_free(entry);
            continue;
        }
        if (pmap_make_room(pmap)) {
            next = page->mappings; /* any of them may be gone */
            continue;
        }
        if (entry->prot & prot) {
            pmap_entry_protect(entry, entry->prot & prot);
            platform_task_protect(pmap->platform, entry->address, PAGE_SIZE,
                                  (int)entry->prot);
        } else {
            platform_task_unmap(pmap->platform, entry->address, PAGE_SIZE);
            pmap_entry_free(entry);
        }
        pmap_unsettle(pmap);
    }
}
