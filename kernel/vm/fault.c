/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/fault.h"
#include "core/account.h"
#include "core/work.h"
#include "vm/age.h"
#include "vm/copy.h"
#include "vm/count.h"
#include "vm/dma.h"
#include "vm/entry.h"
#include "vm/grave.h"
#include "vm/page.h"
#include "vm/short.h"
#include "vm/swap.h"

/* Memory that is touched once is touched around there soon: this many aligned
 * pages are shown at a fault, and made at once if none of them exists yet. */
#define WINDOW_PAGES 16ul
#define WINDOW_ORDER 4

/* Entries without a look for memory after one that found none. */
#define SETTLE_PAUSE 512

static struct list woken;
static int settle_pause;
static struct list later; /* one of them is woken in each entry for them */

static void vm_fault_run_later(struct work *work)
{
    struct vm_fault_wait *wait =
        list_first_entry(&later, struct vm_fault_wait, link);

    if (wait)
        vm_fault_wait_wake(wait, KERN_SUCCESS);
    if (!list_empty(&later))
        work_later(work);
}

static struct work later_work = {.run = vm_fault_run_later};

void vm_fault_module_init(void)
{
    list_init(&woken);
    settle_pause = 0;
    vm_short_module_init();
    list_init(&later);
    work_cancel(&later_work);
}

kern_return_t vm_fault_wait_later(struct vm_fault_wait *wait)
{
    list_append(&later, &wait->link);
    work_later(&later_work);
    return KERN_WAITING;
}

void vm_fault_wait_cancel(struct vm_fault_wait *wait)
{
    if (list_linked(&wait->link))
        list_remove(&wait->link);
}

void vm_fault_wait_wake(struct vm_fault_wait *wait, kern_return_t result)
{
    vm_fault_wait_cancel(wait);
    wait->result = result;
    list_append(&woken, &wait->link);
}

bool vm_fault_run_woken(void)
{
    struct vm_fault_wait *wait =
        list_first_entry(&woken, struct vm_fault_wait, link);

    if (!wait)
        return false;
    list_remove(&wait->link);
    wait->done(wait, wait->result);
    return true;
}

static struct vm_page *vm_page_want(bool zero)
{
    struct vm_page *page = vm_page_alloc(zero);

    if (page)
        return page;
    vm_object_reclaim(account_pages_kept(account_current) + 64);
    return vm_page_alloc(zero);
}

bool vm_pages_available(uint64_t count)
{
    uint64_t wanted = account_pages_kept(account_current) + count;

    if (vm_page_free_count() < wanted)
        vm_grave_drain(wanted);
    if (vm_page_free_count() < wanted)
        vm_object_reclaim(wanted + 64);
    return vm_page_free_count() >= wanted &&
           account_has_room(account_current, ACCOUNT_PAGES, count);
}

static uint64_t vm_pages_wanted(void)
{
    return account_rank_kept(ACCOUNT_USER) +
           min_of(vm_page_total_count() / 64, 256ul);
}

bool vm_pages_are_short(void)
{
    return vm_page_free_count() < vm_pages_wanted();
}

/* The kernel's heap cannot wait for the caches of pagers' pages to shrink: they
 * leave a little more than what is kept from users.  If that cannot be had it is
 * not tried again at once, as all objects are looked at. */
void vm_pages_settle(void)
{
    uint64_t wanted = vm_pages_wanted();

    vm_short_settle();
    if (vm_short_enough(wanted))
        return;
    if (settle_pause-- <= 0) {
        vm_object_reclaim(wanted);
        settle_pause = vm_page_free_count() < wanted ? SETTLE_PAUSE : 0;
    }
    vm_swap_out(wanted, false);
}

/* A page at *ADDRESS in *ENTRY, being made accessible. */
struct vm_place {
    struct vm_map *map;
    struct vm_map_entry *entry;
    vm_offset_t address;
    uint64_t index; /* of the page in the entry */
    struct vm_page *page;
    vm_prot_t prot; /* what it can be mapped with now */
};

/* Puts PAGE into the entry's amap.  Consumes PAGE in any case. */
static kern_return_t vm_place_set_anon(struct vm_place *place,
                                       struct vm_page *page)
{
    struct vm_map_entry *entry = place->entry;
    struct vm_anon *anon = vm_anon_create(page);

    if (!anon) {
        vm_page_free(page);
        return KERN_RESOURCE_SHORTAGE;
    }
    if (!vm_amap_set(entry->amap, entry->amap_first + place->index, anon)) {
        vm_anon_release(anon);
        return KERN_RESOURCE_SHORTAGE;
    }
    if (entry->wired)
        vm_age_pin(page);
    place->page = page;
    place->prot = entry->prot;
    return KERN_SUCCESS;
}

/* Zeros where nothing was: a whole window if all of it is untouched. */
static kern_return_t vm_place_zero(struct vm_place *place)
{
    struct vm_map_entry *entry = place->entry;
    vm_offset_t start = place->address & ~(WINDOW_PAGES * PAGE_SIZE - 1);
    uint64_t first = (start - entry->start) >> PAGE_SHIFT_BITS;
    uint64_t slot = entry->amap_first + first, next = slot;
    struct vm_page *run = NULL;

    if (start >= entry->start &&
        start + WINDOW_PAGES * PAGE_SIZE <= entry->end &&
        (!radix_next(&entry->amap->anons, &next) ||
         next >= slot + WINDOW_PAGES))
        run = vm_page_alloc_run(WINDOW_ORDER, true);
    if (!run) {
        struct vm_page *page = vm_page_want(true);
        vm_count(VM_ZERO_FILLS, page != NULL);
        return page ? vm_place_set_anon(place, page) : KERN_RESOURCE_SHORTAGE;
    }
    vm_count(VM_ZERO_FILLS, WINDOW_PAGES);
    kern_return_t kr = KERN_SUCCESS;
    uint64_t wanted = place->index;
    for (uint64_t i = 0; i < WINDOW_PAGES; i++) {
        place->index = first + i;
        if (kr == KERN_SUCCESS)
            kr = vm_place_set_anon(place, run + i);
        else
            vm_page_free(run + i);
    }
    place->index = wanted;
    if (kr == KERN_SUCCESS)
        place->page = run + (wanted - first);
    return kr;
}

/* Whether PAGE, at INDEX, may be written as it is: nobody else has it, nor does
 * a device of one who had it go on reading it. */
static bool vm_place_owns(const struct vm_map *map,
                          const struct vm_map_entry *entry, uint64_t index,
                          const struct vm_page *page)
{
    return vm_amap_exclusive(entry->amap, entry->amap_first + index) &&
           (!page->holds || entry->amap->shared ||
            vm_dma_allows(map, vm_page_phys(page), true));
}

/* The page of an anon; a copy of it if others have it and it is written. */
static kern_return_t vm_place_anon(struct vm_place *place, struct vm_anon *anon,
                                   vm_prot_t access, struct vm_fault_wait *wait)
{
    struct vm_map_entry *entry = place->entry;
    kern_return_t kr = vm_swap_in(anon, wait);

    if (kr != KERN_SUCCESS)
        return kr;
    vm_age_use(anon->page);
    if (entry->wired)
        vm_age_pin(anon->page);
    vm_page_clean(anon->page);
    place->page = anon->page;
    place->prot = entry->prot;
    if (vm_place_owns(place->map, entry, place->index, anon->page) &&
        !entry->needs_copy) {
        vm_page_give(anon->page, account_current);
        return KERN_SUCCESS;
    }
    place->prot &= ~VM_PROT_WRITE;
    if (!(access & VM_PROT_WRITE))
        return KERN_SUCCESS;
    struct vm_page *page = vm_page_want(false);
    if (!page)
        return KERN_RESOURCE_SHORTAGE;
    vm_count(VM_COW_FAULTS, 1);
    memcpy(vm_page_data(page), vm_page_data(anon->page), PAGE_SIZE);
    if (entry->amap->shared) /* the other sharers must see the new page */
        pmap_page_protect(anon->page, VM_PROT_NONE);
    return vm_place_set_anon(place, page);
}

/* A copy of its own of the object's page at INDEX. */
static kern_return_t vm_place_copy(struct vm_place *place, uint64_t index,
                                   struct vm_fault_wait *wait)
{
    struct vm_page *page = vm_page_want(false);

    if (!page)
        return KERN_RESOURCE_SHORTAGE;
    /* To get one the object's may have gone. */
    kern_return_t kr = vm_object_get(place->entry->object, index, VM_PROT_READ,
                                     wait, &place->page);
    if (kr != KERN_SUCCESS) {
        vm_page_free(page);
        return kr;
    }
    vm_count(VM_COW_FAULTS, 1);
    memcpy(vm_page_data(page), vm_page_data(place->page), PAGE_SIZE);
    return vm_place_set_anon(place, page);
}

static kern_return_t vm_place_object(struct vm_place *place, vm_prot_t access,
                                     struct vm_fault_wait *wait)
{
    struct vm_map_entry *entry = place->entry;
    uint64_t index = entry->object_first + place->index;
    bool copy = entry->private && access & VM_PROT_WRITE;

    if (entry->object->registers)
        return KERN_DEVICE;
    kern_return_t kr = vm_object_get(
        entry->object, index, copy ? VM_PROT_READ : access, wait, &place->page);

    if (kr != KERN_SUCCESS)
        return kr;
    if (copy)
        return vm_place_copy(place, index, wait);
    place->prot = entry->prot & ~(vm_prot_t)place->page->lock;
    if (access & VM_PROT_WRITE)
        return vm_object_write_page(entry->object, index, wait);
    if (entry->private || !entry->object->device)
        place->prot &= ~VM_PROT_WRITE;
    return KERN_SUCCESS;
}

static kern_return_t vm_place_look(struct vm_place *place, struct vm_map *map,
                                   vm_offset_t address, vm_prot_t access,
                                   struct vm_fault_wait *wait)
{
    struct vm_map_entry *entry = vm_map_entry_at(map, address);
    kern_return_t kr;

    if (!entry)
        return KERN_INVALID_ADDRESS;
    if (access & ~entry->prot)
        return KERN_PROTECTION_FAILURE;
    *place = (struct vm_place){.map = map,
                               .entry = entry,
                               .address = trunc_page(address),
                               .index = (trunc_page(address) - entry->start) >>
                                        PAGE_SHIFT_BITS};
    bool anonymous = !entry->object;
    if (anonymous || (entry->private && access & VM_PROT_WRITE)) {
        if (!entry->amap || access & VM_PROT_WRITE) {
            kr = vm_entry_unshare(entry);
            if (kr != KERN_SUCCESS)
                return kr;
        }
    }
    struct vm_anon *anon =
        vm_amap_get(entry->amap, entry->amap_first + place->index);
    if (anon)
        return vm_place_anon(place, anon, access, wait);
    if (!anonymous)
        return vm_place_object(place, access, wait);
    if (entry->needs_copy) { /* a zero read before the copy was written */
        kr = vm_entry_unshare(entry);
        if (kr != KERN_SUCCESS)
            return kr;
    }
    return vm_place_zero(place);
}

static kern_return_t vm_place_find(struct vm_place *place, struct vm_map *map,
                                   vm_offset_t address, vm_prot_t access,
                                   struct vm_fault_wait *wait)
{
    enum account_urgency before = account_urgency;
    kern_return_t kr;

    account_urgency = ACCOUNT_FAULT;
    kr = vm_place_look(place, map, address, access, wait);
    if (kr == KERN_RESOURCE_SHORTAGE)
        kr = vm_short_wait(wait);
    account_urgency = before;
    return kr;
}

/* What a neighbour of the faulting page could be shown as, without waiting.  What
 * may go soon is not: whether it is used is what is to be seen. */
static struct vm_page *vm_place_neighbour(const struct vm_map *map,
                                          const struct vm_map_entry *entry,
                                          uint64_t index, vm_prot_t *prot)
{
    struct vm_anon *anon = vm_amap_get(entry->amap, entry->amap_first + index);

    *prot = entry->prot;
    if (anon && (!anon->page || anon->page->inactive))
        return NULL;
    if (anon) {
        vm_page_clean(anon->page);
        if (!vm_place_owns(map, entry, index, anon->page) || entry->needs_copy)
            *prot &= ~VM_PROT_WRITE;
        return anon->page;
    }
    if (!entry->object)
        return NULL;
    struct vm_page *page =
        vm_object_page(entry->object, entry->object_first + index);
    if (!page || page->outdated)
        return NULL;
    *prot &= ~(vm_prot_t)page->lock;
    if (entry->private || (!page->dirty && !entry->object->device) ||
        !list_empty(&entry->object->snapshots))
        *prot &= ~VM_PROT_WRITE;
    return page;
}

/* Shows the page and what is resident around it with the same protection. */
static void vm_place_show(const struct vm_place *place)
{
    const struct vm_map_entry *entry = place->entry;
    vm_offset_t start = place->address & ~(WINDOW_PAGES * PAGE_SIZE - 1);
    vm_offset_t end = min_of(start + WINDOW_PAGES * PAGE_SIZE, entry->end);
    struct vm_page *pages[WINDOW_PAGES];
    unsigned count = 0;

    start = max_of(start, entry->start);
    for (vm_offset_t at = start; at < end; at += PAGE_SIZE, count++) {
        vm_prot_t prot;
        pages[count] = place->page;
        if (at == place->address)
            continue;
        pages[count] = vm_place_neighbour(
            place->map, entry, (at - entry->start) >> PAGE_SHIFT_BITS, &prot);
        if (prot != place->prot || pmap_lookup(&place->map->pmap, at))
            pages[count] = NULL;
    }
    pmap_enter(&place->map->pmap, start, pages, count, place->prot,
               place->address);
}

kern_return_t vm_fault(struct vm_map *map, vm_offset_t address,
                       vm_prot_t access, struct vm_fault_wait *wait)
{
    struct vm_place place;
    kern_return_t kr = vm_place_find(&place, map, address, access, wait);

    if (kr == KERN_SUCCESS)
        vm_place_show(&place);
    return kr;
}

kern_return_t vm_device_address(struct vm_map *map, vm_offset_t address,
                                size_t size_bytes, vm_prot_t access,
                                uint64_t *phys_out)
{
    struct vm_map_entry *entry = vm_map_entry_at(map, address);

    if (!entry || !entry->object || !entry->object->registers ||
        size_bytes > entry->end - address)
        return KERN_INVALID_ADDRESS;
    if (access & ~entry->prot)
        return KERN_PROTECTION_FAILURE;
    *phys_out = entry->object->first_register +
                (entry->object_first << PAGE_SHIFT_BITS) +
                (address - entry->start);
    return KERN_SUCCESS;
}

/* The kernel's own access: the page, without showing it to the task; but a
 * page that the task sees and that was replaced must be replaced there too. */
static kern_return_t vm_kernel_access(struct vm_map *map, vm_offset_t address,
                                      vm_prot_t access,
                                      struct vm_fault_wait *wait, char **data)
{
    struct vm_place place;
    kern_return_t kr = vm_place_find(&place, map, address, access, wait);

    if (kr == KERN_DEVICE)
        return KERN_INVALID_ADDRESS;
    if (kr != KERN_SUCCESS)
        return kr;
    if (access & VM_PROT_WRITE &&
        pmap_is_stale(&map->pmap, place.address, place.page))
        pmap_enter(&map->pmap, place.address, &place.page, 1, place.prot,
                   place.address);
    *data = (char *)vm_page_data(place.page) + (address & (PAGE_SIZE - 1));
    return KERN_SUCCESS;
}

kern_return_t copyin(struct vm_map *map, vm_offset_t from, void *to,
                     size_t size, struct vm_fault_wait *wait)
{
    while (size) {
        size_t n = min_of(size, PAGE_SIZE - (from & (PAGE_SIZE - 1)));
        char *data;
        kern_return_t kr =
            vm_kernel_access(map, from, VM_PROT_READ, wait, &data);
        if (kr != KERN_SUCCESS)
            return kr;
        memcpy(to, data, n);
        to = (char *)to + n;
        from += n;
        size -= n;
    }
    return KERN_SUCCESS;
}

static kern_return_t vm_kernel_write(struct vm_map *map, const void *from,
                                     vm_offset_t to, size_t size,
                                     struct vm_fault_wait *wait)
{
    while (size) {
        size_t n = min_of(size, PAGE_SIZE - (to & (PAGE_SIZE - 1)));
        char *data;
        kern_return_t kr =
            vm_kernel_access(map, to, VM_PROT_WRITE, wait, &data);
        if (kr != KERN_SUCCESS)
            return kr;
        if (from) {
            memcpy(data, from, n);
            from = (const char *)from + n;
        } else {
            memset(data, 0, n);
        }
        to += n;
        size -= n;
    }
    return KERN_SUCCESS;
}

kern_return_t copyout(struct vm_map *map, const void *from, vm_offset_t to,
                      size_t size, struct vm_fault_wait *wait)
{
    return vm_kernel_write(map, from, to, size, wait);
}

kern_return_t copyout_zero(struct vm_map *map, vm_offset_t to, size_t size,
                           struct vm_fault_wait *wait)
{
    return vm_kernel_write(map, NULL, to, size, wait);
}

kern_return_t copyin_string(struct vm_map *map, vm_offset_t from, char *to,
                            size_t size, struct vm_fault_wait *wait)
{
    while (size) {
        size_t n = min_of(size, PAGE_SIZE - (from & (PAGE_SIZE - 1)));
        char *data, *end;
        kern_return_t kr =
            vm_kernel_access(map, from, VM_PROT_READ, wait, &data);
        if (kr != KERN_SUCCESS)
            return kr;
        memcpy(to, data, n);
        end = memchr(to, 0, n);
        if (end)
            return KERN_SUCCESS;
        to += n;
        from += n;
        size -= n;
    }
    to[-1] = 0; /* cut off: the caller's buffer is the limit */
    return KERN_SUCCESS;
}
