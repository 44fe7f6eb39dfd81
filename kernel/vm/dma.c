/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/dma.h"
#include "core/radix.h"
#include "vm/entry.h"
#include "vm/page.h"

/* What tells a place in the tree from one that was never set. */
#define TOLD 1ul

struct vm_dma {
    struct radix places; /* by number of frame: the address, and TOLD */
    struct radix_dead dead;
};

bool vm_dma_tell(struct vm_map *map, vm_offset_t address, uint64_t phys)
{
    if (!map->dma)
        map->dma = kalloc(sizeof *map->dma);
    return map->dma && radix_set(&map->dma->places, phys >> PAGE_SHIFT_BITS,
                                 (void *)(trunc_page(address) | TOLD));
}

bool vm_dma_allows(const struct vm_map *map, uint64_t phys, bool write)
{
    uint64_t place = map->dma ? (uint64_t)radix_get(&map->dma->places,
                                                    phys >> PAGE_SHIFT_BITS)
                              : 0;
    const struct vm_map_entry *entry =
        place ? vm_map_entry_at(map, place & ~TOLD) : NULL;

    if (!entry)
        return false;
    uint64_t index = entry->amap_first +
                     (((place & ~TOLD) - entry->start) >> PAGE_SHIFT_BITS);
    const struct vm_anon *anon = vm_amap_get(entry->amap, index);
    if (!anon || anon->page != vm_page_at(phys))
        return false;
    if (!write)
        return entry->prot & VM_PROT_READ;
    return entry->prot & VM_PROT_WRITE &&
           !(entry->needs_copy && entry->amap->references > 1) &&
           vm_amap_exclusive(entry->amap, index);
}

bool vm_dma_busy(const struct vm_map *map, const struct vm_map_entry *entry,
                 vm_offset_t start, vm_offset_t end)
{
    if (!entry->amap || !(map->dma || entry->amap->shared))
        return false;
    uint64_t at =
        entry->amap_first + ((start - entry->start) >> PAGE_SHIFT_BITS);
    uint64_t stop = at + ((end - start) >> PAGE_SHIFT_BITS);
    for (const struct vm_anon *anon;
         (anon = radix_next(&entry->amap->anons, &at)) && at < stop; at++) {
        if (anon->page && anon->page->holds)
            return true;
    }
    return false;
}

bool vm_dma_forget_step(struct vm_map *map)
{
    void *place;

    if (!map->dma)
        return false;
    radix_bury(&map->dma->places, &map->dma->dead);
    if (!radix_dead_step(&map->dma->dead, &place)) {
        kfree(map->dma);
        map->dma = NULL;
    }
    return true;
}
