/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/page.h"
#include "core/account.h"
#include "core/work.h"
#include "vm/age.h"
#include "vm/grave.h"
#include "vm/short.h"

/* A fresh page costs the host, too. */
#define PAGE_STEPS 16u
#define HEAP_PAGES 16u

/* A binary buddy allocator.  Its lists are kept in address order only roughly:
 * split halves go to the front, so that neighbours are handed out in turn. */
static struct {
    struct vm_page *pages;
    uint64_t count, free_count;
    struct list free[VM_RUN_ORDER_MAX + 1];
} memory;

static uint64_t vm_page_number(const struct vm_page *page)
{
    return (uint64_t)(page - memory.pages);
}

uint64_t vm_page_phys(const struct vm_page *page)
{
    return vm_page_number(page) << PAGE_SHIFT_BITS;
}

void *vm_page_data(const struct vm_page *page)
{
    return (char *)platform_memory_base() + vm_page_phys(page);
}

struct vm_page *vm_page_at(uint64_t phys)
{
    uint64_t number = phys >> PAGE_SHIFT_BITS;
    return number < memory.count ? &memory.pages[number] : NULL;
}

uint64_t vm_page_free_count(void)
{
    uint64_t heap =
        (account_machine.used[ACCOUNT_BYTES] + PAGE_SIZE - 1) / PAGE_SIZE;

    /* Before there are any, nothing is short. */
    if (!memory.pages)
        return UINT64_MAX / 2;
    return memory.free_count > heap ? memory.free_count - heap : 0;
}

uint64_t vm_page_unused_count(void)
{
    return memory.free_count;
}

uint64_t vm_page_total_count(void)
{
    return memory.count;
}

static void vm_run_insert(struct vm_page *page, unsigned order, bool zero)
{
    page->free = true;
    page->zero = zero;
    page->order = (uint8_t)order;
    list_prepend(&memory.free[order], &page->link);
}

static void vm_run_take(struct vm_page *page)
{
    list_remove(&page->link);
    page->free = false;
}

/* Frames START..END-1 are memory: in runs as large as they can be, the last
 * first. */
static void vm_page_add(uint64_t start, uint64_t end)
{
    while (end > start) {
        unsigned order = 0;
        while (order < VM_RUN_ORDER_MAX && !(end >> order & 1) &&
               end >= (2ul << order) && end - (2ul << order) >= start)
            order++;
        end -= 1ul << order;
        vm_run_insert(&memory.pages[end], order, true);
        memory.free_count += 1ul << order;
    }
}

void vm_page_module_init(void)
{
    memory.pages = NULL;
    memory.count = platform_memory_size() >> PAGE_SHIFT_BITS;
    memory.pages = kalloc(memory.count * sizeof *memory.pages);
    if (!memory.pages)
        kpanic("no memory for %lu page descriptors", memory.count);
    memory.free_count = 0;
    for (unsigned order = 0; order <= VM_RUN_ORDER_MAX; order++)
        list_init(&memory.free[order]);
    /* Highest first, so that the lowest run heads its list. */
    vm_page_add(MACHINE_HOLE_END >> PAGE_SHIFT_BITS, memory.count);
    vm_page_add(MACHINE_BIOS_END >> PAGE_SHIFT_BITS,
                min_of(memory.count, MACHINE_HOLE_BASE >> PAGE_SHIFT_BITS));
    vm_page_add(1,
                min_of(memory.count, MACHINE_LEGACY_BASE >> PAGE_SHIFT_BITS));
}

void vm_page_module_fini(void)
{
    kfree(memory.pages);
    memory.pages = NULL;
    memory.count = memory.free_count = 0;
}

/* Takes PAGE's run of order FROM apart until the piece at TARGET has ORDER. */
static void vm_run_split(struct vm_page *page, unsigned from, unsigned order,
                         const struct vm_page *target)
{
    while (from > order) {
        from--;
        struct vm_page *upper = page + (1ul << from);
        struct vm_page *spare = target >= upper ? page : upper;
        if (target >= upper)
            page = upper;
        vm_run_insert(spare, from, false);
        spare->zero = target->zero;
    }
}

static void vm_run_prepare(struct vm_page *page, unsigned order, bool zero)
{
    bool was_zero = page->zero;
    memory.free_count -= 1ul << order;
    if (zero && !was_zero)
        memset(vm_page_data(page), 0, PAGE_SIZE << order);
    for (uint64_t i = 0; i < 1ul << order; i++)
        page[i] = (struct vm_page){.used = true, .account = account_current};
}

/* Whether the one whom the kernel works for gets a run of ORDER. */
static bool vm_run_charge(unsigned order)
{
    return vm_page_free_count() >=
               account_pages_kept(account_current) + (1ul << order) &&
           account_charge(account_current, ACCOUNT_PAGES, 1ul << order);
}

static struct vm_page *vm_run_find(unsigned order, bool zero)
{
    if (!vm_run_charge(order))
        return NULL;
    for (unsigned from = order; from <= VM_RUN_ORDER_MAX; from++) {
        struct vm_page *page =
            list_first_entry(&memory.free[from], struct vm_page, link);
        if (!page)
            continue;
        vm_run_take(page);
        vm_run_split(page, from, order, page);
        vm_run_prepare(page, order, zero);
        return page;
    }
    account_discharge(account_current, ACCOUNT_PAGES, 1ul << order);
    return NULL;
}

struct vm_page *vm_page_alloc_run(unsigned order, bool zero)
{
    uint64_t wanted = account_pages_kept(account_current) + (1ul << order);
    struct vm_page *page;

    work_step(PAGE_STEPS << order);
    /* Whatever the page is for takes some of the heap, which cannot ask for what
     * is only not known yet to be free. */
    if (vm_page_free_count() < wanted + HEAP_PAGES)
        vm_grave_drain(wanted + HEAP_PAGES);
    page = vm_run_find(order, zero);
    if (page || account_has_room(account_current, ACCOUNT_PAGES, 1ul << order))
        return page;
    /* The limit of the one who wants it is met: by what is dead, perhaps. */
    vm_grave_drain(UINT64_MAX);
    return vm_run_find(order, zero);
}

/* The first place in the free run at PAGE where a run of ORDER fits. */
static struct vm_page *vm_run_fit(struct vm_page *page, unsigned order,
                                  uint64_t phys_min, uint64_t phys_max,
                                  uint64_t align)
{
    uint64_t size = PAGE_SIZE << order;
    uint64_t start = vm_page_phys(page);
    uint64_t end = start + (PAGE_SIZE << page->order);
    uint64_t phys = max_of(start, phys_min);

    align = max_of(align, size);
    phys = (phys + align - 1) & ~(align - 1);
    if (phys + size > end || phys + size > phys_max || phys < start)
        return NULL;
    return vm_page_at(phys);
}

struct vm_page *vm_page_alloc_below(unsigned order, uint64_t phys_min,
                                    uint64_t phys_max, uint64_t align)
{
    if (!vm_run_charge(order))
        return NULL;
    for (unsigned from = order; from <= VM_RUN_ORDER_MAX; from++) {
        struct vm_page *run;
        list_for_each(&memory.free[from], run, link)
        {
            struct vm_page *page =
                vm_run_fit(run, order, phys_min, phys_max, align);
            if (!page)
                continue;
            bool zero = run->zero;
            page->zero = zero;
            vm_run_take(run);
            vm_run_split(run, from, order, page);
            vm_run_prepare(page, order, false);
            for (uint64_t i = 0; i < 1ul << order; i++)
                page[i].stale = !zero;
            return page;
        }
    }
    account_discharge(account_current, ACCOUNT_PAGES, 1ul << order);
    return NULL;
}

void vm_page_free(struct vm_page *page)
{
    uint64_t number = vm_page_number(page);
    unsigned order = 0;

    work_step(1);
    kassert(!page->mappings && !page->wire_count && page->used &&
            !page->orphan);
    account_discharge(page->account, ACCOUNT_PAGES, 1);
    vm_short_free(page);
    vm_age_remove(page);
    if (page->holds) {
        *page = (struct vm_page){
            .used = true, .orphan = true, .holds = page->holds};
        return;
    }
    *page = (struct vm_page){0};
    memory.free_count++;
    while (order < VM_RUN_ORDER_MAX) {
        uint64_t buddy = number ^ (1ul << order);
        struct vm_page *other = &memory.pages[buddy];
        if (buddy + (1ul << order) > memory.count || !other->free ||
            other->order != order)
            break;
        vm_run_take(other);
        number &= ~(1ul << order);
        order++;
    }
    vm_run_insert(&memory.pages[number], order, false);
}

void vm_pages_forget_sent(void)
{
    for (uint64_t i = 0; i < memory.count; i++)
        memory.pages[i].sent = false;
}

void vm_page_give(struct vm_page *page, struct account *account)
{
    if (page->account == account)
        return;
    account_force(account, ACCOUNT_PAGES, 1);
    account_discharge(page->account, ACCOUNT_PAGES, 1);
    page->account = account;
}

bool vm_page_hold(uint64_t phys)
{
    struct vm_page *page = vm_page_at(phys);

    if (!page || !page->used || page->orphan || page->holds == UINT16_MAX)
        return false;
    page->holds++;
    return true;
}

void vm_page_unhold(uint64_t phys)
{
    struct vm_page *page = vm_page_at(phys);

    page->holds--;
    if (!page->holds && page->orphan) {
        page->orphan = false;
        account_force(page->account, ACCOUNT_PAGES, 1);
        vm_page_free(page);
    }
}
