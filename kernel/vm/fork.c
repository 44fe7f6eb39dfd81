/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/fork.c: copies of memory: a child's map, and ranges sent in messages. */
#include "core/work.h"
#include "vm/copy.h"
#include "core/account.h"
#include "vm/dma.h"
#include "vm/entry.h"
#include "vm/fault.h"
#include "vm/page.h"
#include "vm/short.h"

#include <mach/memory_object.h>

/* Up to here a range in a message is copied at once: cheaper than taking away
 * write access and giving it back at the next fault. */
#define COPY_AT_ONCE_PAGES 16
/* Of all the parts of one message: so many copied at once, and so many copied
 * as they are some pager's (16 MB). */
#define COPIED_PAGES_MAX 256
/* Regions that a copy, or all parts of one message, may be made of. */
#define COPY_PIECES_MAX 4096
#define TAKEN_PAGES_MAX 4096ul

/* Every anon of a range is now also someone else's: nobody may write it
 * unnoticed.  Where an amap is shared, others than MAP show it too. */
static void vm_entry_write_protect(struct vm_map *map,
                                   const struct vm_map_entry *entry,
                                   vm_offset_t start, vm_offset_t end)
{
    uint64_t first =
        entry->amap_first + ((start - entry->start) >> PAGE_SHIFT_BITS);
    uint64_t count = (end - start) >> PAGE_SHIFT_BITS;
    struct vm_anon *anon;

    pmap_protect(&map->pmap, start, end, entry->prot & ~VM_PROT_WRITE);
    if (!entry->amap || !entry->amap->shared)
        return;
    for (uint64_t i = first;
         (anon = radix_next(&entry->amap->anons, &i)) && i < first + count; i++)
        if (anon->page)
            pmap_page_protect(anon->page, VM_PROT_ALL & ~VM_PROT_WRITE);
}

kern_return_t vm_entry_unshare(struct vm_map_entry *entry)
{
    if (!entry->amap) {
        entry->amap = vm_amap_create();
        entry->amap_first = 0;
        return entry->amap ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
    }
    if (!entry->needs_copy)
        return KERN_SUCCESS;
    if (entry->amap->references > 1) {
        struct vm_amap *copy =
            vm_amap_copy(entry->amap, entry->amap_first, vm_entry_pages(entry));
        if (!copy)
            return KERN_RESOURCE_SHORTAGE;
        vm_amap_release(entry->amap);
        entry->amap = copy;
    }
    entry->needs_copy = false;
    return KERN_SUCCESS;
}

static bool vm_fork_share(struct vm_map_entry *entry,
                          struct vm_map_entry *child)
{
    if (!entry->object || entry->private) {
        if (vm_entry_unshare(entry) != KERN_SUCCESS)
            return false;
        entry->amap->shared = true;
        vm_amap_reference(entry->amap);
    }
    *child = *entry;
    return true;
}

static bool vm_fork_copy(struct vm_map *map, struct vm_map_entry *entry,
                         struct vm_map_entry *child)
{
    *child = *entry;
    if (entry->object && !entry->private) {
        child->private = true;
        child->amap = vm_snapshot_create(entry->object, entry->object_first,
                                         vm_entry_pages(entry));
        child->amap_first = 0;
        return child->amap != NULL;
    }
    if (!entry->amap)
        return true;
    /* A device goes on writing to the frames: they stay the parent's. */
    if ((entry->contiguous ||
         vm_dma_busy(map, entry, entry->start, entry->end)) &&
        !entry->amap->under) {
        child->amap = vm_amap_duplicate(entry->amap, entry->amap_first,
                                        vm_entry_pages(entry));
        child->amap_first = 0;
        child->needs_copy = false;
        return child->amap != NULL;
    }
    vm_entry_write_protect(map, entry, entry->start, entry->end);
    if (entry->amap->shared) {
        child->amap =
            vm_amap_copy(entry->amap, entry->amap_first, vm_entry_pages(entry));
        child->needs_copy = false;
        return child->amap != NULL;
    }
    vm_amap_reference(entry->amap);
    entry->needs_copy = child->needs_copy = true;
    return true;
}

/* What leaves a contiguous region: nobody will look for stale pages there. */
static void vm_clean_anons(const struct vm_amap *amap, uint64_t first,
                           uint64_t count)
{
    struct vm_anon *anon;

    for (uint64_t i = first;
         (anon = radix_next(&amap->anons, &i)) && i < first + count; i++)
        if (anon->page)
            vm_page_clean(anon->page);
}

static bool vm_fork_entry(struct vm_map *map, struct vm_map_entry *entry,
                          struct vm_map *child_map)
{
    struct vm_map_entry child;

    if (entry->inheritance == VM_INHERIT_NONE)
        return true;
    if (entry->contiguous && entry->amap)
        vm_clean_anons(entry->amap, entry->amap_first, vm_entry_pages(entry));
    bool done = entry->inheritance == VM_INHERIT_SHARE
                    ? vm_fork_share(entry, &child)
                    : vm_fork_copy(map, entry, &child);
    if (!done)
        return false;
    child.wired = child.contiguous = false;
    if (child.object)
        vm_object_reference(child.object);
    if (vm_map_insert(child_map, &child) == KERN_SUCCESS)
        return true;
    if (child.object)
        vm_object_release(child.object);
    if (child.amap)
        vm_amap_release(child.amap);
    return false;
}

struct vm_map *vm_map_fork(struct vm_map *map, struct platform_task *platform)
{
    struct vm_map *child = vm_map_create(platform, map->min, map->max);

    for (unsigned i = 0; child && i < map->count; i++) {
        if (!vm_fork_entry(map, map->entries[i], child)) {
            vm_map_deallocate(child);
            child = NULL;
        }
    }
    if (child) {
        child->size_limit = map->size_limit;
        child->size_limit_max = map->size_limit_max;
    }
    return child;
}

/* --- messages ------------------------------------------------------------- */

/* A few anonymous pages, duplicated, or with ALL any number of them.  NULL amap:
 * something is not resident or memory is short; the caller goes the other way. */
static struct vm_amap *vm_copyin_duplicate(const struct vm_map_entry *entry,
                                           uint64_t first, uint64_t count,
                                           bool all,
                                           struct vm_copyin_bound *bound)
{
    uint64_t most = min_of(bound->copied, (uint64_t)COPY_AT_ONCE_PAGES);

    if ((count > most && !all) || entry->object || !entry->amap)
        return NULL;
    bound->copied -= min_of(count, bound->copied);
    return vm_amap_duplicate(entry->amap, first, count);
}

/* Whether all of the entry is to leave the map, and nobody else has its pages:
 * then they need not be counted one by one. */
static bool vm_copyin_moves(const struct vm_map_entry *entry, vm_offset_t start,
                            vm_offset_t end, bool destroy)
{
    return destroy && start == entry->start && end == entry->end &&
           !entry->object && !entry->needs_copy &&
           entry->amap->references == 1 && !entry->amap->shared &&
           !entry->amap->under;
}

/* Page INDEX of ENTRY as an anon of the copy's own: the task's if it has one and
 * no device is at work on it, else a duplicate of that or of the object's, which
 * is resident. */
static struct vm_anon *vm_taken_anon(const struct vm_map_entry *entry,
                                     uint64_t index)
{
    struct vm_anon *anon = vm_amap_get(entry->amap, entry->amap_first + index);

    if (anon && !(anon->page && anon->page->holds)) {
        vm_anon_reference(anon);
        return anon;
    }
    struct vm_page *from =
        anon ? anon->page
             : vm_object_page(entry->object, entry->object_first + index);
    struct vm_page *page = from ? vm_page_duplicate(from) : NULL;
    anon = page ? vm_anon_create(page) : NULL;
    if (page && !anon)
        vm_page_free(page);
    return anon;
}

/* What an entry shows of a pager's object, without the object: nobody who gets
 * it will ever wait for that pager. */
static bool vm_copyin_taken(struct vm_map *map, struct vm_map_entry *entry,
                            vm_offset_t start, vm_offset_t end,
                            struct vm_piece *piece)
{
    uint64_t skip = (start - entry->start) >> PAGE_SHIFT_BITS;

    piece->count = (end - start) >> PAGE_SHIFT_BITS;
    piece->amap = vm_amap_create();
    if (entry->amap)
        vm_entry_write_protect(map, entry, start, end);
    for (uint64_t i = 0; piece->amap && i < piece->count; i++) {
        struct vm_anon *anon = vm_taken_anon(entry, skip + i);
        if (anon && vm_amap_set(piece->amap, i, anon))
            continue;
        if (anon)
            vm_anon_release(anon);
        return false;
    }
    return piece->amap != NULL;
}

static bool vm_copyin_piece(struct vm_map *map, struct vm_map_entry *entry,
                            vm_offset_t start, vm_offset_t end, bool destroy,
                            struct vm_copyin_bound *bound,
                            struct vm_piece *piece)
{
    uint64_t skip = (start - entry->start) >> PAGE_SHIFT_BITS;
    uint64_t count = (end - start) >> PAGE_SHIFT_BITS;
    bool busy = vm_dma_busy(map, entry, start, end);

    *piece = (struct vm_piece){.count = count};
    if (entry->contiguous && entry->amap)
        vm_clean_anons(entry->amap, entry->amap_first + skip, count);
    if (entry->object) {
        piece->object = entry->object;
        piece->object_first = entry->object_first + skip;
        if (!entry->private)
            piece->amap =
                vm_snapshot_create(entry->object, piece->object_first, count);
    }
    if (entry->amap && !busy && vm_copyin_moves(entry, start, end, destroy)) {
        vm_amap_reference(entry->amap);
        piece->amap = entry->amap;
        piece->amap_first = entry->amap_first;
    } else if (entry->amap) {
        bool torn = busy || (entry->contiguous && !destroy);
        if (busy || !destroy)
            piece->amap = vm_copyin_duplicate(entry, entry->amap_first + skip,
                                              count, torn, bound);
        if (!piece->amap && torn)
            return false; /* sharing would tear it from its device */
        if (!piece->amap) {
            if (!destroy)
                vm_entry_write_protect(map, entry, start, end);
            piece->amap_first = entry->amap_first + skip;
            piece->amap = vm_amap_copy(entry->amap, piece->amap_first, count);
        }
    }
    if (!piece->amap && (entry->amap || entry->object))
        return false;
    if (piece->object)
        vm_object_reference(piece->object);
    return true;
}

static kern_return_t vm_copyin_check(const struct vm_map *map,
                                     vm_offset_t address, vm_size_t size)
{
    vm_offset_t start = trunc_page(address), end = round_page(address + size);

    if (map->dead || address + size < address || end < start ||
        !vm_map_covered(map, start, end))
        return KERN_INVALID_ADDRESS;
    for (unsigned i = vm_map_index(map, start);
         i < map->count && map->entries[i]->start < end; i++) {
        if (!(map->entries[i]->prot & VM_PROT_READ))
            return KERN_PROTECTION_FAILURE;
    }
    return KERN_SUCCESS;
}

static bool vm_entry_is_paged(const struct vm_map_entry *entry)
{
    return entry->object && !entry->object->device;
}

/* What one message may hold of pagers' objects is all in memory at once, and
 * copied in one piece. */
void vm_copyin_bound_init(struct vm_copyin_bound *bound)
{
    bound->taken = min_of(vm_page_total_count() / 8, TAKEN_PAGES_MAX);
    bound->copied = COPIED_PAGES_MAX;
    bound->pieces = COPY_PIECES_MAX;
}

/* Makes resident what ENTRY shows of its object in the range. */
static kern_return_t vm_entry_fetch(const struct vm_map_entry *entry,
                                    vm_offset_t start, vm_offset_t end,
                                    struct vm_fault_wait *wait)
{
    uint64_t index = (start - entry->start) >> PAGE_SHIFT_BITS;
    kern_return_t kr = KERN_SUCCESS;

    for (; kr == KERN_SUCCESS && start < end; start += PAGE_SIZE, index++) {
        struct vm_page *page;
        if (!vm_amap_get(entry->amap, entry->amap_first + index))
            kr = vm_object_get(entry->object, entry->object_first + index,
                               VM_PROT_READ, wait, &page);
    }
    return kr;
}

/* Pages of the range that are mapped from pagers' objects. */
static uint64_t vm_paged_pages(const struct vm_map *map, vm_offset_t start,
                               vm_offset_t end)
{
    uint64_t count = 0;

    for (unsigned i = vm_map_index(map, start);
         i < map->count && map->entries[i]->start < end; i++) {
        const struct vm_map_entry *entry = map->entries[i];
        if (vm_entry_is_paged(entry))
            count += (min_of(end, entry->end) - max_of(start, entry->start)) >>
                     PAGE_SHIFT_BITS;
    }
    return count;
}

static uint64_t vm_range_pieces(const struct vm_map *map, vm_offset_t start,
                                vm_offset_t end)
{
    return end > start
               ? vm_map_index(map, end - 1) - vm_map_index(map, start) + 1
               : 0;
}

kern_return_t vm_map_copyin_fetch(struct vm_map *map, vm_offset_t address,
                                  vm_size_t size, struct vm_copyin_bound *bound,
                                  struct vm_fault_wait *wait)
{
    kern_return_t kr = vm_copyin_check(map, address, size);
    vm_offset_t at = trunc_page(address), end = round_page(address + size);

    if (kr != KERN_SUCCESS)
        return kr;
    if (!vm_map_calm(map, at, end))
        return vm_fault_wait_later(wait);
    uint64_t pieces = vm_range_pieces(map, at, end);
    if (pieces > bound->pieces)
        return KERN_RESOURCE_SHORTAGE;
    bound->pieces -= pieces;
    uint64_t count = vm_paged_pages(map, at, end);
    if (count > bound->taken || (count && !vm_pages_available(count)))
        return KERN_RESOURCE_SHORTAGE;
    bound->taken -= count;
    while (count && kr == KERN_SUCCESS && at < end) {
        const struct vm_map_entry *entry = vm_map_entry_at(map, at);
        vm_offset_t stop = min_of(end, entry->end);
        if (vm_entry_is_paged(entry))
            kr = vm_entry_fetch(entry, at, stop, wait);
        at = stop;
    }
    return kr;
}

static kern_return_t vm_copyin(struct vm_map *map, vm_offset_t address,
                               vm_size_t size, bool destroy, bool take,
                               struct vm_copyin_bound *bound,
                               struct vm_map_copy **copy_out)
{
    vm_offset_t start = trunc_page(address), end = round_page(address + size);
    kern_return_t kr = vm_copyin_check(map, address, size);

    if (kr != KERN_SUCCESS)
        return kr;
    if (vm_range_pieces(map, start, end) > COPY_PIECES_MAX)
        return KERN_RESOURCE_SHORTAGE;
    struct vm_map_copy *copy = vm_copy_create(address - start, size);
    if (!copy)
        return KERN_RESOURCE_SHORTAGE;
    for (vm_offset_t at = start; at < end;) {
        struct vm_map_entry *entry = vm_map_entry_at(map, at);
        vm_offset_t stop = min_of(end, entry->end);
        struct vm_piece piece = {0};
        bool got =
            take && vm_entry_is_paged(entry)
                ? vm_copyin_taken(map, entry, at, stop, &piece)
                : vm_copyin_piece(map, entry, at, stop, destroy, bound, &piece);
        if (!got || !vm_copy_append(copy, &piece)) {
            if (piece.amap)
                vm_amap_release(piece.amap);
            vm_map_copy_discard(copy);
            return KERN_RESOURCE_SHORTAGE;
        }
        at = stop;
    }
    if (destroy)
        vm_map_remove(map, start, end);
    *copy_out = copy;
    return KERN_SUCCESS;
}

kern_return_t vm_map_copyin(struct vm_map *map, vm_offset_t address,
                            vm_size_t size, bool destroy,
                            struct vm_map_copy **copy_out)
{
    struct vm_copyin_bound bound;

    vm_copyin_bound_init(&bound);
    return vm_copyin(map, address, size, destroy, false, &bound, copy_out);
}

kern_return_t vm_map_copyin_take(struct vm_map *map, vm_offset_t address,
                                 vm_size_t size, bool destroy,
                                 struct vm_copyin_bound *bound,
                                 struct vm_map_copy **copy_out)
{
    return vm_copyin(map, address, size, destroy, true, bound, copy_out);
}

/* Shows the receiver at once what it will read next anyway. */
static void vm_copyout_show(struct vm_map *map, vm_offset_t start,
                            const struct vm_piece *piece)
{
    for (uint64_t i = 0; piece->amap && i < piece->count; i++) {
        uint64_t slot = piece->amap_first + i;
        struct vm_anon *anon = vm_amap_get(piece->amap, slot);
        if (!anon || !anon->page)
            continue;
        vm_prot_t prot = vm_amap_exclusive(piece->amap, slot) ? VM_PROT_DEFAULT
                                                              : VM_PROT_READ;
        pmap_enter(&map->pmap, start + i * PAGE_SIZE, &anon->page, 1, prot,
                   PMAP_NO_MUST);
    }
}

#define COPYOUT_SHOW_PAGES 16

/* What somebody gets he pays for: at once up to so many pages of a piece, the
 * others as he touches them (vm_place_anon). */
#define COPYOUT_GIVE_PAGES 1024

static void vm_copyout_give(const struct vm_piece *piece)
{
    uint64_t end = piece->amap_first + min_of(piece->count, COPYOUT_GIVE_PAGES);
    struct vm_anon *anon;

    if (!piece->amap || piece->amap->references > 1)
        return;
    for (uint64_t i = piece->amap_first;
         (anon = radix_next(&piece->amap->anons, &i)) && i < end; i++) {
        if (anon->page && vm_amap_exclusive(piece->amap, i))
            vm_page_give(anon->page, account_current);
    }
}

kern_return_t vm_map_copyout(struct vm_map *map, vm_offset_t *address,
                             struct vm_map_copy *copy)
{
    vm_size_t size = round_page(copy->offset + copy->size);
    vm_offset_t start = map->min;
    kern_return_t kr;

    if (map->dead)
        return KERN_INVALID_ARGUMENT;
    kr = vm_map_find_space(map, &start, size, 0);
    if (kr != KERN_SUCCESS)
        return kr;
    vm_offset_t at = start;
    for (unsigned i = 0; i < copy->piece_count; i++) {
        struct vm_piece *piece = &copy->pieces[i];
        struct vm_map_entry entry = {.start = at,
                                     .end =
                                         at + (piece->count << PAGE_SHIFT_BITS),
                                     .amap = piece->amap,
                                     .amap_first = piece->amap_first,
                                     .object = piece->object,
                                     .object_first = piece->object_first,
                                     .private = piece->object != NULL,
                                     .prot = VM_PROT_DEFAULT,
                                     .max_prot = VM_PROT_ALL,
                                     .inheritance = VM_INHERIT_DEFAULT};
        kr = vm_map_insert(map, &entry);
        if (kr != KERN_SUCCESS) {
            /* What stands already took its references along. */
            vm_map_remove(map, start, at);
            return kr;
        }
        vm_copyout_give(piece);
        if (size <= COPYOUT_SHOW_PAGES * PAGE_SIZE && !copy->hidden)
            vm_copyout_show(map, at, piece);
        at = entry.end;
        *piece = (struct vm_piece){0};
    }
    *address = start + copy->offset;
    kfree(copy->pieces);
    kfree(copy);
    return KERN_SUCCESS;
}

/* --- overwriting ------------------------------------------------------------ */

static kern_return_t vm_overwrite_check(struct vm_map *map, vm_offset_t address,
                                        const struct vm_map_copy *copy)
{
    vm_offset_t end = address + copy->size;

    if (address & (PAGE_SIZE - 1) || copy->offset ||
        copy->size & (PAGE_SIZE - 1))
        return KERN_INVALID_ARGUMENT;
    if (map->dead || end < address || !vm_map_covered(map, address, end))
        return KERN_INVALID_ADDRESS;
    for (unsigned i = vm_map_index(map, address);
         i < map->count && map->entries[i]->start < end; i++) {
        if (!(map->entries[i]->prot & VM_PROT_WRITE))
            return KERN_PROTECTION_FAILURE;
    }
    return KERN_SUCCESS;
}

/* PAGE (consumed) becomes the entry's at INDEX; what was there need not have
 * been resident. */
static kern_return_t vm_overwrite_anon(struct vm_map *map,
                                       struct vm_map_entry *entry,
                                       uint64_t index, struct vm_page *page)
{
    vm_offset_t address = entry->start + (index << PAGE_SHIFT_BITS);
    kern_return_t kr = vm_entry_unshare(entry);
    struct vm_anon *anon = kr == KERN_SUCCESS ? vm_anon_create(page) : NULL;

    if (!anon) {
        vm_page_free(page);
        return KERN_RESOURCE_SHORTAGE;
    }
    struct vm_anon *old = vm_amap_get(entry->amap, entry->amap_first + index);
    if (old && old->page && entry->amap->shared)
        pmap_page_protect(old->page, VM_PROT_NONE);
    pmap_remove(&map->pmap, address, address + PAGE_SIZE);
    pmap_settle();
    if (!vm_amap_set(entry->amap, entry->amap_first + index, anon)) {
        vm_anon_release(anon);
        return KERN_RESOURCE_SHORTAGE;
    }
    return KERN_SUCCESS;
}

/* Page INDEX of the copy becomes what everybody sees at INDEX of the object:
 * its pager is asked, as by any other write. */
static kern_return_t vm_overwrite_object(struct vm_object *object,
                                         uint64_t index,
                                         struct vm_map_copy *copy,
                                         uint64_t from,
                                         struct vm_fault_wait *wait)
{
    struct vm_page *there, *page;

    if (object->registers)
        return KERN_INVALID_ADDRESS;
    kern_return_t kr =
        vm_object_get(object, index, VM_PROT_WRITE, wait, &there);
    if (kr == KERN_SUCCESS)
        kr = vm_copy_page(copy, from, wait, &page);
    if (kr == KERN_SUCCESS)
        kr = vm_object_write_page(object, index, wait);
    if (kr != KERN_SUCCESS)
        return kr;
    if (page)
        memcpy(vm_page_data(there), vm_page_data(page), PAGE_SIZE);
    else
        memset(vm_page_data(there), 0, PAGE_SIZE);
    return KERN_SUCCESS;
}

/* Zeros in the place of zeros. */
static bool vm_overwrite_is_nothing(const struct vm_map_entry *entry,
                                    uint64_t index, struct vm_map_copy *copy,
                                    uint64_t from)
{
    const struct vm_amap *amap = entry->amap;

    work_step(1);
    return !entry->object && !(amap && amap->under) &&
           !vm_amap_get(amap, entry->amap_first + index) &&
           vm_copy_is_empty(copy, from);
}

/* Page FROM of the copy becomes the entry's at INDEX. */
static kern_return_t vm_overwrite_page(struct vm_map *map,
                                       struct vm_map_entry *entry,
                                       uint64_t index, struct vm_map_copy *copy,
                                       uint64_t from,
                                       struct vm_fault_wait *wait)
{
    struct vm_page *page;

    if (entry->object && !entry->private)
        return vm_overwrite_object(entry->object, entry->object_first + index,
                                   copy, from, wait);
    if (vm_overwrite_is_nothing(entry, index, copy, from))
        return KERN_SUCCESS;
    kern_return_t kr = vm_copy_take_page(copy, from, wait, &page);
    if (kr == KERN_RESOURCE_SHORTAGE)
        kr = vm_short_wait(wait);
    return kr == KERN_SUCCESS ? vm_overwrite_anon(map, entry, index, page) : kr;
}

kern_return_t vm_map_copy_overwrite(struct vm_map *map, vm_offset_t address,
                                    struct vm_map_copy *copy, vm_size_t *done,
                                    struct vm_fault_wait *wait)
{
    kern_return_t kr = vm_overwrite_check(map, address, copy);

    if (kr == KERN_SUCCESS && *done < copy->size &&
        !vm_map_calm(map, address + *done, address + copy->size))
        return vm_fault_wait_later(wait);
    while (kr == KERN_SUCCESS && *done < copy->size) {
        vm_offset_t at = address + *done;
        struct vm_map_entry *entry = vm_map_entry_at(map, at);
        uint64_t index = (at - entry->start) >> PAGE_SHIFT_BITS;
        kr = vm_overwrite_page(map, entry, index, copy,
                               *done >> PAGE_SHIFT_BITS, wait);
        if (kr == KERN_SUCCESS)
            *done += PAGE_SIZE;
        if (kr == KERN_SUCCESS && *done < copy->size && work_spent())
            return vm_fault_wait_later(wait);
    }
    if (kr == KERN_SUCCESS)
        vm_map_copy_discard(copy);
    return kr;
}
