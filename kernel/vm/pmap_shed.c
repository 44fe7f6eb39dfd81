/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host lets a process have some 65,000 mappings, and an account so much of
 * the kernel's memory.  What a pmap shows is only a copy of what the map knows:
 * some of it is dropped when there is no room for more, and faults in again. */
#include "vm/page.h"
#include "vm/pmap.h"

/* At a time, so that an entry into the kernel stays short. */
#define SHED_ENTRIES 2048
/* Of all that the host has room for. */
#define SHED_PART 16

static uint64_t host_mappings_max;

void pmap_shed_init(void)
{
    struct platform_limits limits;

    platform_host_limits(&limits);
    host_mappings_max = limits.mappings;
}

static bool pmap_is_joint(const struct pmap_entry *lower,
                          const struct pmap_entry *upper)
{
    return lower && upper && lower->prot == upper->prot &&
           upper->page == lower->page + 1;
}

unsigned pmap_joints_at(const struct pmap *pmap, uint64_t index)
{
    struct pmap_entry *entry = radix_get(&pmap->entries, index);

    if (!entry)
        return 0;
    return (index &&
            pmap_is_joint(radix_get(&pmap->entries, index - 1), entry)) +
           pmap_is_joint(entry, radix_get(&pmap->entries, index + 1));
}

/* The next mapping in turn: those that were dropped last come last. */
static struct pmap_entry *pmap_next_victim(struct pmap *pmap)
{
    struct pmap_entry *entry = radix_next(&pmap->entries, &pmap->shed_next);

    if (entry)
        return entry;
    pmap->shed_next = 0;
    return radix_next(&pmap->entries, &pmap->shed_next);
}

void pmap_shed(struct pmap *pmap)
{
    uint64_t wanted = pmap_host_mappings(pmap);
    uint64_t first = 0, end = 0;
    struct pmap_entry *entry;

    wanted -= wanted / SHED_PART;
    for (unsigned n = 0; n < SHED_ENTRIES && pmap_host_mappings(pmap) >= wanted;
         n++) {
        uint64_t before = pmap->shed_next;
        entry = pmap_next_victim(pmap);
        if (!entry || (n && pmap->shed_next < before))
            break; /* all of them, or all to the end */
        if (!n)
            first = pmap->shed_next;
        end = pmap->shed_next + 1;
        pmap_entry_free(entry);
    }
    if (first == end)
        return;
    platform_task_unmap(pmap->platform, first << PAGE_SHIFT_BITS,
                        (end - first) << PAGE_SHIFT_BITS);
    pmap_unsettle(pmap);
}

bool pmap_make_room(struct pmap *pmap)
{
    /* A page in the midst of another mapping makes two more. */
    if (!pmap->platform || pmap_host_mappings(pmap) + 2 <= host_mappings_max)
        return false;
    pmap_shed(pmap);
    return true;
}
