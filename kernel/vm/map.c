/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/map.h"
#include "vm/dma.h"
#include "vm/entry.h"
#include "vm/grave.h"

#include <mach/memory_object.h>

#define CAPACITY_MIN 16u

/* What is done in one piece: pages shown that are changed, or removed, which is
 * dearer, and entries removed. */
#define CALM_PAGES     4096u
#define REMOVE_PAGES   2048u
#define REMOVE_ENTRIES 256u

struct vm_map *vm_map_create(struct platform_task *platform, vm_offset_t min,
                             vm_offset_t max)
{
    struct vm_map *map = kalloc(sizeof *map);

    if (!map)
        return NULL;
    map->references = 1;
    map->min = min;
    map->max = max;
    map->size_limit = map->size_limit_max = ~0ul;
    pmap_init(&map->pmap, platform);
    return map;
}

void vm_map_reference(struct vm_map *map)
{
    map->references++;
}

static void vm_entry_free(struct vm_map_entry *entry)
{
    if (entry->amap)
        vm_amap_release(entry->amap);
    if (entry->object)
        vm_object_release(entry->object);
    kfree(entry);
}

void vm_map_terminate(struct vm_map *map)
{
    map->dead = true;
    pmap_retire(&map->pmap);
    map->dying = map->entries;
    map->dying_count = map->count;
    map->entries = NULL;
    map->count = map->capacity = 0;
    map->size = map->size_none = 0;
    vm_map_reference(map);
    vm_grave_bury_map(map);
}

bool vm_map_dismantle_step(struct vm_map *map)
{
    if (pmap_forget_one(&map->pmap) || vm_dma_forget_step(map))
        return true;
    if (!map->dying_count)
        return false;
    vm_entry_free(map->dying[--map->dying_count]);
    return true;
}

bool vm_map_bury_step(struct vm_map *map)
{
    if (map->buried >= map->dying_count)
        return false;
    struct vm_amap *amap = map->dying[map->buried++]->amap;
    if (amap && amap->references == 1)
        radix_bury(&amap->anons, vm_grave_nodes());
    return true;
}

void vm_map_deallocate(struct vm_map *map)
{
    if (!map || --map->references)
        return;
    if (!map->dead) {
        /* The grave has the last reference. */
        vm_map_terminate(map);
        return;
    }
    kfree(map->dying);
    kfree(map);
}

unsigned vm_map_index(const struct vm_map *map, vm_offset_t address)
{
    unsigned low = 0, high = map->count;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (map->entries[middle]->end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct vm_map_entry *vm_map_entry_at(const struct vm_map *map,
                                     vm_offset_t address)
{
    unsigned i = vm_map_index(map, address);

    return i < map->count && map->entries[i]->start <= address ? map->entries[i]
                                                               : NULL;
}

bool vm_map_covered(const struct vm_map *map, vm_offset_t start,
                    vm_offset_t end)
{
    for (unsigned i = vm_map_index(map, start); start < end; i++) {
        if (i >= map->count || map->entries[i]->start > start)
            return false;
        start = map->entries[i]->end;
    }
    return true;
}

static bool vm_map_open_slot(struct vm_map *map, unsigned index)
{
    if (map->count == VM_MAP_ENTRIES_MAX)
        return false;
    if (map->count == map->capacity) {
        unsigned capacity = map->capacity ? map->capacity * 2 : CAPACITY_MIN;
        struct vm_map_entry **entries = kalloc(capacity * sizeof *entries);
        if (!entries)
            return false;
        if (map->count)
            memcpy(entries, map->entries, map->count * sizeof *entries);
        kfree(map->entries);
        map->entries = entries;
        map->capacity = capacity;
    }
    memmove(map->entries + index + 1, map->entries + index,
            (map->count - index) * sizeof *map->entries);
    map->count++;
    return true;
}

/* Many entries were there once.  If there is no memory for fewer the array stays
 * as it is. */
static void vm_map_shrink(struct vm_map *map)
{
    unsigned capacity = max_of(map->count * 2, CAPACITY_MIN);
    struct vm_map_entry **entries = kalloc(capacity * sizeof *entries);

    if (!entries)
        return;
    memcpy(entries, map->entries, map->count * sizeof *entries);
    kfree(map->entries);
    map->entries = entries;
    map->capacity = capacity;
}

/* There may be holes from START on. */
static void vm_map_note_hole(struct vm_map *map, vm_offset_t start)
{
    for (unsigned n = 0; n < VM_MAP_HOLE_CLASSES; n++)
        map->full[n] = min_of(map->full[n], start);
}

static void vm_map_close_slots(struct vm_map *map, unsigned first,
                               unsigned count)
{
    vm_map_note_hole(map, first ? map->entries[first - 1]->end : map->min);
    memmove(map->entries + first, map->entries + first + count,
            (map->count - first - count) * sizeof *map->entries);
    map->count -= count;
    if (map->capacity > CAPACITY_MIN && map->count < map->capacity / 4)
        vm_map_shrink(map);
}

/* Moves the upper part of an amap that only this entry uses into another. */
static bool vm_entry_split_amap(struct vm_map_entry *upper, uint64_t pages)
{
    struct vm_amap *amap = upper->amap;

    if (!amap)
        return true;
    if (amap->references > 1 || amap->shared) {
        vm_amap_reference(amap);
        upper->amap_first += pages;
        return true;
    }
    upper->amap_first += pages;
    upper->amap = vm_amap_split(amap, upper->amap_first);
    return upper->amap != NULL;
}

static bool vm_map_split(struct vm_map *map, unsigned index, vm_offset_t at)
{
    struct vm_map_entry *lower = map->entries[index];
    struct vm_map_entry *upper = kalloc(sizeof *upper);
    uint64_t pages = (at - lower->start) >> PAGE_SHIFT_BITS;

    if (!upper)
        return false;
    *upper = *lower;
    upper->start = at;
    upper->object_first += pages;
    if (!vm_map_open_slot(map, index + 1)) {
        kfree(upper);
        return false;
    }
    if (!vm_entry_split_amap(upper, pages)) {
        vm_map_close_slots(map, index + 1, 1);
        kfree(upper);
        return false;
    }
    if (upper->object)
        vm_object_reference(upper->object);
    lower->end = at;
    map->entries[index + 1] = upper;
    return true;
}

int vm_map_clip(struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
    unsigned first = vm_map_index(map, start);

    if (first < map->count && map->entries[first]->start < start) {
        if (!vm_map_split(map, first, start))
            return -1;
        first++;
    }
    unsigned last = vm_map_index(map, end - 1);
    if (end > start && last < map->count && map->entries[last]->start < end &&
        map->entries[last]->end > end && !vm_map_split(map, last, end))
        return -1;
    return (int)first;
}

static unsigned vm_hole_class(vm_size_t size)
{
    uint64_t pages = max_of(size >> PAGE_SHIFT_BITS, 1ul);

    return min_of(63u - (unsigned)__builtin_clzl(pages),
                  VM_MAP_HOLE_CLASSES - 1u);
}

/* A map full of small regions is not searched from its beginning each time: what
 * a search from the beginning has seen of holes is kept. */
kern_return_t vm_map_find_space(struct vm_map *map, vm_offset_t *address,
                                vm_size_t size, vm_offset_t mask)
{
    vm_offset_t lowest = max_of(map->min, VM_MAP_LOWEST_FREE), seen;
    vm_offset_t start = max_of(*address, lowest);
    unsigned class = vm_hole_class(size);
    bool from_beginning = start == lowest;
    bool skipped = false;

    if (from_beginning)
        start = max_of(start, map->full[class]);
    for (unsigned i = vm_map_index(map, start);; i++) {
        seen = start;
        if (start > map->max || mask > map->max)
            return KERN_NO_SPACE;
        start = (start + mask) & ~mask;
        if (start > map->max || size > map->max - start)
            return KERN_NO_SPACE;
        if (i >= map->count || start + size <= map->entries[i]->start)
            break;
        /* The first hole that another one of this class might have. */
        if (!skipped && map->entries[i]->start > seen &&
            map->entries[i]->start - seen >= PAGE_SIZE << class) {
            skipped = true;
            if (from_beginning)
                map->full[class] = seen;
        }
        start = max_of(start, map->entries[i]->end);
    }
    if (from_beginning && !skipped)
        map->full[class] = seen;
    *address = start;
    return KERN_SUCCESS;
}

/* Adds SIZE bytes of ENTRY's kind to the map's size; negative: takes away. */
static void vm_map_account(struct vm_map *map, const struct vm_map_entry *entry,
                           int64_t size)
{
    map->size += (vm_size_t)size;
    if (!entry->max_prot)
        map->size_none += (vm_size_t)size;
}

/* Lengthens the entry before *ENTRY instead, if both are plain memory that
 * differs in nothing. */
static bool vm_map_extend(struct vm_map *map, unsigned index,
                          const struct vm_map_entry *entry)
{
    if (!index || entry->object || entry->amap)
        return false;
    struct vm_map_entry *before = map->entries[index - 1];
    if (before->end != entry->start || before->object || before->needs_copy ||
        before->wired || before->contiguous || before->prot != entry->prot ||
        before->max_prot != entry->max_prot ||
        before->inheritance != entry->inheritance)
        return false;
    if (before->amap && (before->amap->references > 1 || before->amap->shared))
        return false;
    before->end = entry->end;
    vm_map_account(map, entry, (int64_t)(entry->end - entry->start));
    return true;
}

kern_return_t vm_map_insert(struct vm_map *map,
                            const struct vm_map_entry *entry)
{
    unsigned index = vm_map_index(map, entry->start);
    vm_size_t size = entry->end - entry->start;

    if (map->dead)
        return KERN_INVALID_ARGUMENT;
    if (entry->max_prot &&
        (size > map->size_limit ||
         map->size - map->size_none > map->size_limit - size))
        return KERN_NO_SPACE;
    if (vm_map_extend(map, index, entry))
        return KERN_SUCCESS;
    struct vm_map_entry *copy = kalloc(sizeof *copy);
    if (!copy || !vm_map_open_slot(map, index)) {
        kfree(copy);
        return KERN_RESOURCE_SHORTAGE;
    }
    *copy = *entry;
    map->entries[index] = copy;
    vm_map_account(map, entry, (int64_t)size);
    return KERN_SUCCESS;
}

struct vm_amap *vm_snapshot_create(struct vm_object *object, uint64_t first,
                                   uint64_t count)
{
    struct vm_amap *amap = vm_amap_create();

    if (!amap || object->copy_strategy == MEMORY_OBJECT_COPY_NONE ||
        object->device)
        return amap;
    vm_amap_attach(amap, object, first, 0, count);
    /* Whoever writes such a page must come by the fault first. */
    for (uint64_t i = first;
         radix_next(&object->pages, &i) && i < first + count; i++)
        pmap_page_protect(vm_object_page(object, i),
                          VM_PROT_ALL & ~VM_PROT_WRITE);
    return amap;
}

static kern_return_t vm_map_place(struct vm_map *map, vm_offset_t *address,
                                  vm_size_t size, vm_offset_t mask,
                                  bool anywhere)
{
    if (map->dead || !size)
        return KERN_INVALID_ARGUMENT;
    if (anywhere) {
        *address = round_page(*address);
        return vm_map_find_space(map, address, size, mask);
    }
    if (*address & mask)
        return KERN_NO_SPACE;
    if (*address < map->min || *address > map->max ||
        size > map->max - *address)
        return KERN_NO_SPACE;
    unsigned i = vm_map_index(map, *address);
    if (i < map->count && map->entries[i]->start < *address + size)
        return KERN_NO_SPACE;
    return KERN_SUCCESS;
}

kern_return_t vm_map_enter(struct vm_map *map, vm_offset_t *address,
                           vm_size_t size, vm_offset_t mask, bool anywhere,
                           struct vm_object *object, vm_offset_t offset,
                           bool copy, vm_prot_t protection, vm_prot_t maximum,
                           vm_inherit_t inheritance)
{
    vm_offset_t start = anywhere ? *address : trunc_page(*address);
    size = round_page(size + (anywhere ? 0 : *address - start));
    kern_return_t kr = vm_map_place(map, &start, size, mask, anywhere);
    if (kr != KERN_SUCCESS)
        return kr;

    struct vm_map_entry entry = {.start = start,
                                 .end = start + size,
                                 .object = object,
                                 .object_first = offset >> PAGE_SHIFT_BITS,
                                 .prot = protection & maximum & VM_PROT_ALL,
                                 .max_prot = maximum & VM_PROT_ALL,
                                 .inheritance = inheritance,
                                 .private = object && copy};
    if (entry.private) {
        entry.amap = vm_snapshot_create(object, entry.object_first,
                                        size >> PAGE_SHIFT_BITS);
        if (!entry.amap)
            return KERN_RESOURCE_SHORTAGE;
    }
    kr = vm_map_insert(map, &entry);
    if (kr != KERN_SUCCESS && entry.amap)
        vm_amap_release(entry.amap);
    if (kr == KERN_SUCCESS)
        *address = start;
    return kr;
}

kern_return_t vm_map_allocate(struct vm_map *map, vm_offset_t *address,
                              vm_size_t size, bool anywhere)
{
    if (size == 0) {
        *address = 0;
        return KERN_SUCCESS;
    }
    if (anywhere)
        *address = map->min;
    else
        *address = trunc_page(*address);
    return vm_map_enter(map, address, size, 0, anywhere, NULL, 0, false,
                        VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_DEFAULT);
}

kern_return_t vm_map_remove(struct vm_map *map, vm_offset_t start,
                            vm_offset_t end)
{
    if (map->dead)
        return KERN_INVALID_ARGUMENT;
    start = max_of(start, map->min);
    end = min_of(end, map->max);
    if (start >= end)
        return KERN_SUCCESS;
    int first = vm_map_clip(map, start, end);
    if (first < 0)
        return KERN_RESOURCE_SHORTAGE;
    pmap_remove(&map->pmap, start, end);
    pmap_settle();
    unsigned i = (unsigned)first;
    while (i < map->count && map->entries[i]->start < end) {
        const struct vm_map_entry *gone = map->entries[i];
        vm_map_account(map, gone, (int64_t)(gone->start - gone->end));
        vm_entry_free(map->entries[i++]);
    }
    vm_map_close_slots(map, (unsigned)first, i - (unsigned)first);
    return KERN_SUCCESS;
}

static bool vm_map_thin(struct vm_map *map, vm_offset_t start, vm_offset_t end,
                        uint64_t pages)
{
    if (!pmap_crowded(&map->pmap, start, end, pages))
        return true;
    pmap_remove_some(&map->pmap, start, end);
    return false;
}

bool vm_map_calm(struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
    return vm_map_thin(map, start, end, CALM_PAGES);
}

kern_return_t vm_map_remove_part(struct vm_map *map, vm_offset_t *start,
                                 vm_offset_t end)
{
    unsigned last = vm_map_index(map, *start) + REMOVE_ENTRIES;
    vm_offset_t stop = end;

    if (last < map->count && map->entries[last]->start < end)
        stop = map->entries[last]->start;
    if (!vm_map_thin(map, *start, stop, REMOVE_PAGES))
        return KERN_LATER;
    kern_return_t kr = vm_map_remove(map, *start, stop);
    *start = stop;
    return kr == KERN_SUCCESS && stop < end ? KERN_LATER : kr;
}

kern_return_t vm_map_protect(struct vm_map *map, vm_offset_t start,
                             vm_offset_t end, vm_prot_t protection,
                             bool set_maximum)
{
    if (map->dead || !vm_map_covered(map, start, end))
        return KERN_INVALID_ADDRESS;
    protection &= VM_PROT_ALL;
    for (unsigned i = vm_map_index(map, start);
         i < map->count && map->entries[i]->start < end; i++) {
        if (protection & ~map->entries[i]->max_prot)
            return KERN_PROTECTION_FAILURE;
    }
    int first = vm_map_clip(map, start, end);
    if (first < 0)
        return KERN_RESOURCE_SHORTAGE;
    for (unsigned i = (unsigned)first;
         i < map->count && map->entries[i]->start < end; i++) {
        struct vm_map_entry *entry = map->entries[i];
        if (set_maximum) {
            int64_t size = (int64_t)(entry->end - entry->start);
            vm_map_account(map, entry, -size);
            entry->max_prot = protection;
            vm_map_account(map, entry, size);
            entry->prot &= protection;
        } else {
            entry->prot = protection;
        }
        pmap_protect(&map->pmap, entry->start, entry->end, entry->prot);
    }
    return KERN_SUCCESS;
}

kern_return_t vm_map_inherit(struct vm_map *map, vm_offset_t start,
                             vm_offset_t end, vm_inherit_t inheritance)
{
    if (inheritance != VM_INHERIT_SHARE && inheritance != VM_INHERIT_COPY &&
        inheritance != VM_INHERIT_NONE)
        return KERN_INVALID_ARGUMENT;
    if (map->dead)
        return KERN_INVALID_ARGUMENT;
    int first = vm_map_clip(map, start, end);
    if (first < 0)
        return KERN_RESOURCE_SHORTAGE;
    for (unsigned i = (unsigned)first;
         i < map->count && map->entries[i]->start < end; i++)
        map->entries[i]->inheritance = inheritance;
    return KERN_SUCCESS;
}
