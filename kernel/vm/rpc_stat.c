/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/rpc_stat.c: how much memory is in use for what, and what has happened. */
#include "vm/count.h"
#include "core/account.h"
#include "mig/kobject.h"
#include "vm/age.h"
#include "vm/object.h"
#include "vm/page.h"
#include "vm/rpc.h"
#include "vm/short.h"

#include <mach/vm_cache_statistics.h>
#include <mach/vm_statistics.h>

/* What no task can have: the kernel's heap. */
static uint64_t heap_pages(void)
{
    return vm_page_unused_count() - vm_page_free_count();
}

/* The parts add up to all of the memory.  Inactive is what is kept only as it
 * may be wanted again. */
kern_return_t rpc_vm_statistics(vm_map_t map, vm_statistics_data_t *stats)
{
    uint64_t total = vm_page_total_count(), free = vm_page_free_count();
    uint64_t used = total - free;
    uint64_t wired = min_of(heap_pages() + vm_age_pinned_count(), used);
    uint64_t inactive = min_of(
        vm_object_resident_count() + vm_age_inactive_count(), used - wired);

    if (!map)
        return KERN_INVALID_ARGUMENT;
    *stats = (vm_statistics_data_t){
        .pagesize = PAGE_SIZE,
        .free_count = (integer_t)free,
        .active_count = (integer_t)(used - inactive - wired),
        .inactive_count = (integer_t)inactive,
        .wire_count = (integer_t)wired,
        .zero_fill_count = (integer_t)vm_events[VM_ZERO_FILLS],
        .reactivations = (integer_t)vm_events[VM_REACTIVATIONS],
        .pageins = (integer_t)vm_events[VM_PAGEINS],
        .pageouts = (integer_t)vm_events[VM_PAGEOUTS],
        .faults = (integer_t)vm_events[VM_FAULTS],
        .cow_faults = (integer_t)vm_events[VM_COW_FAULTS],
        .lookups = (integer_t)vm_events[VM_LOOKUPS],
        .hits = (integer_t)vm_events[VM_HITS]};
    return KERN_SUCCESS;
}

kern_return_t rpc_vm_cache_statistics(vm_map_t map,
                                      vm_cache_statistics_data_t *stats)
{
    if (!map)
        return KERN_INVALID_ARGUMENT;
    *stats = (vm_cache_statistics_data_t){
        .cache_object_count = (integer_t)vm_object_cached_count(),
        .cache_count = (integer_t)vm_object_resident_count(),
        .active_tmp_count = (integer_t)vm_age_active_count(),
        .inactive_tmp_count = (integer_t)vm_age_inactive_count(),
        .writeback_count = (integer_t)vm_short_sent(),
        .slab_count = (integer_t)heap_pages()};
    return KERN_SUCCESS;
}
