/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/rpc_wire.c: wiring, and memory with physical addresses, for drivers. */
#include "core/account.h"
#include "core/work.h"
#include "mig/kobject.h"
#include "task/task.h"
#include "vm/age.h"
#include "vm/copy.h"
#include "vm/dma.h"
#include "vm/entry.h"
#include "vm/fault.h"
#include "vm/page.h"
#include "vm/rpc.h"

#define WIRED_MAX 0x10000ul /* of a task's that is not privileged */

/* Nothing runs at interrupt level: wiring means that the pages exist, and that
 * anonymous ones are not sent to the default pager. */
static kern_return_t vm_map_wire(struct vm_map *map, vm_offset_t start,
                                 vm_offset_t end, vm_prot_t access)
{
    if (!vm_map_covered(map, start, end))
        return KERN_INVALID_ADDRESS;
    int first = vm_map_clip(map, start, end);
    if (first < 0)
        return KERN_RESOURCE_SHORTAGE;
    for (unsigned i = (unsigned)first;
         i < map->count && map->entries[i]->start < end; i++)
        map->entries[i]->wired = access != VM_PROT_NONE;
    return KERN_SUCCESS;
}

/* The page of an anon at ADDRESS is to stay, or need not any more. */
static void vm_map_pin(struct vm_map *map, vm_offset_t address, bool stays)
{
    const struct vm_map_entry *entry = vm_map_entry_at(map, address);
    struct vm_anon *anon = NULL;

    if (entry)
        anon = vm_amap_get(entry->amap,
                           entry->amap_first +
                               ((address - entry->start) >> PAGE_SHIFT_BITS));
    if (!anon || !anon->page)
        return;
    if (stays)
        vm_age_pin(anon->page);
    else if (!entry->contiguous && !anon->page->holds && !map->dma)
        vm_age_unpin(anon->page);
}

/* Whether the page at ADDRESS is at the default pager. */
static bool vm_map_is_out(const struct vm_map *map, vm_offset_t address)
{
    const struct vm_map_entry *entry = vm_map_entry_at(map, address);
    const struct vm_anon *anon = NULL;

    if (entry)
        anon = vm_amap_get(entry->amap,
                           entry->amap_first +
                               ((address - entry->start) >> PAGE_SHIFT_BITS));
    return anon && !anon->page;
}

/* Makes the pages from *AT on; without ACCESS they are let go.  KERN_LATER: the
 * rest is for another entry; KERN_WAITING: for when the default pager has brought
 * one.  Others' pages are asked of their pagers, and not waited for. */
static kern_return_t vm_map_wire_pages(struct vm_map *map, vm_offset_t *at,
                                       vm_offset_t end, vm_prot_t access)
{
    for (; *at < end; *at += PAGE_SIZE) {
        struct vm_fault_wait none = {0}, *wait = &none;
        kern_return_t kr = KERN_SUCCESS;
        work_step(1);
        if (work_spent())
            return KERN_LATER;
        if (access && vm_map_is_out(map, *at))
            wait = ipc_request_wait();
        if (!wait)
            return KERN_RESOURCE_SHORTAGE;
        if (access)
            kr = vm_fault(map, *at, access, wait);
        if (kr == KERN_WAITING && wait != &none)
            return kr;
        if (kr == KERN_WAITING)
            vm_fault_wait_cancel(&none);
        else if (kr != KERN_SUCCESS && kr != KERN_DEVICE)
            return kr;
        vm_map_pin(map, *at, access != VM_PROT_NONE);
    }
    return KERN_SUCCESS;
}

static uint64_t vm_map_wired_size(const struct vm_map *map)
{
    uint64_t size = 0;

    for (unsigned i = 0; i < map->count; i++) {
        const struct vm_map_entry *entry = map->entries[i];
        size += entry->wired ? entry->end - entry->start : 0;
    }
    return size;
}

/* Without the privileged port a little may be wired, as on GNU Mach: secrets. */
kern_return_t rpc_vm_wire(ipc_port_t host, vm_map_t map, vm_address_t address,
                          vm_size_t size, vm_prot_t access)
{
    uint64_t *cursor = ipc_request_cursor();
    vm_offset_t start = trunc_page(address), end = round_page(address + size);
    bool privileged = ipc_kobject_type_of(host) == IKOT_HOST_PRIV;
    kern_return_t kr = ipc_request_waited();

    if (!privileged && ipc_kobject_type_of(host) != IKOT_HOST)
        return KERN_INVALID_HOST;
    if (!map)
        return KERN_INVALID_TASK;
    if (access & ~VM_PROT_ALL)
        return KERN_INVALID_ARGUMENT;
    if (!*cursor && !privileged && access && end > start &&
        (end - start > WIRED_MAX ||
         vm_map_wired_size(map) + (end - start) > WIRED_MAX))
        return KERN_NO_ACCESS;
    if (*cursor)
        start = *cursor - 1;
    else if (kr == KERN_SUCCESS)
        kr = vm_map_wire(map, start, end, access);
    if (kr == KERN_SUCCESS)
        kr = vm_map_wire_pages(map, &start, end, access);
    *cursor = start + 1;
    return kr;
}

kern_return_t rpc_vm_wire_all(ipc_port_t host, vm_map_t map, vm_wire_t flags)
{
    if (!ipc_kobject_get(host, IKOT_HOST_PRIV))
        return KERN_INVALID_HOST;
    if (!map)
        return KERN_INVALID_TASK;
    if (flags & ~VM_WIRE_ALL)
        return KERN_INVALID_ARGUMENT;
    struct task *task = task_of_map(map);
    if (task)
        task->account->kept = flags != VM_WIRE_NONE;
    return KERN_SUCCESS;
}

kern_return_t rpc_vm_allocate_contiguous(host_t host_priv, vm_map_t map,
                                         vm_address_t *vaddr,
                                         rpc_phys_addr_t *paddr, vm_size_t size,
                                         rpc_phys_addr_t pmin,
                                         rpc_phys_addr_t pmax,
                                         rpc_phys_addr_t palign)
{
    uint64_t count = round_page(size) >> PAGE_SHIFT_BITS;
    unsigned order = 0;

    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!map || !count || (palign & (palign - 1)))
        return KERN_INVALID_ARGUMENT;
    while (1ul << order < count)
        order++;
    if (order > VM_RUN_ORDER_MAX)
        return KERN_RESOURCE_SHORTAGE;
    struct vm_page *run = vm_page_alloc_below(order, pmin, pmax ? pmax : ~0ul,
                                              max_of(palign, PAGE_SIZE));
    if (!run)
        return KERN_RESOURCE_SHORTAGE;
    for (uint64_t i = count; i < 1ul << order; i++)
        vm_page_free(run + i);
    for (uint64_t i = 0; i < count; i++)
        vm_age_pin(run + i);
    *paddr = vm_page_phys(run);
    struct vm_page **pages = kalloc(count * sizeof *pages);
    for (uint64_t i = 0; pages && i < count; i++)
        pages[i] = run + i;
    struct vm_map_copy *copy = pages ? vm_copy_from_pages(pages, count) : NULL;
    kfree(pages);
    if (!copy) {
        for (uint64_t i = 0; i < count; i++)
            vm_page_free(run + i);
        return KERN_RESOURCE_SHORTAGE;
    }
    copy->hidden = true;
    kern_return_t kr = vm_map_copyout(map, vaddr, copy);
    if (kr != KERN_SUCCESS) {
        vm_map_copy_discard(copy);
        return kr;
    }
    /* Its pages are there, which is what wiring means here; they are shown when
     * somebody touches them, which a driver often never does. */
    struct vm_map_entry *entry = vm_map_entry_at(map, *vaddr);
    entry->contiguous = entry->wired = true;
    for (vm_offset_t at = 0; at < count << PAGE_SHIFT_BITS; at += PAGE_SIZE) {
        if (!vm_dma_tell(map, *vaddr + at, *paddr + at)) {
            vm_map_remove(map, *vaddr, *vaddr + (count << PAGE_SHIFT_BITS));
            return KERN_RESOURCE_SHORTAGE;
        }
    }
    return KERN_SUCCESS;
}

/* The frame of the page at ADDRESS; 0: none is resident, or it is a pager's and
 * may be given back at any time, so that its address is of no use; or memory is
 * short. */
static uint64_t vm_resident_phys(struct vm_map *map, vm_offset_t address)
{
    const struct vm_map_entry *entry = vm_map_entry_at(map, address);
    const struct vm_page *page = NULL;

    if (!entry)
        return 0;
    uint64_t index = (address - entry->start) >> PAGE_SHIFT_BITS;
    const struct vm_anon *anon =
        vm_amap_get(entry->amap, entry->amap_first + index);
    if (anon && anon->page &&
        vm_dma_tell(map, address, vm_page_phys(anon->page))) {
        page = anon->page;
        vm_age_pin(anon->page); /* who knows its address may use that */
    }
    if (!anon && entry->object && entry->object->device)
        page = vm_object_page(entry->object, entry->object_first + index);
    return page ? vm_page_phys(page) : 0;
}

kern_return_t rpc_vm_pages_phys(host_t host_priv, vm_map_t map,
                                vm_address_t vaddr, vm_size_t size,
                                rpc_phys_addr_array_t *pages,
                                mach_msg_type_number_t *count)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!map || (vaddr | size) & (PAGE_SIZE - 1) ||
        size >> PAGE_SHIFT_BITS > *count)
        return KERN_INVALID_ARGUMENT;
    for (vm_offset_t at = 0; at < size; at += PAGE_SIZE)
        (*pages)[at >> PAGE_SHIFT_BITS] = vm_resident_phys(map, vaddr + at);
    *count = (mach_msg_type_number_t)(size >> PAGE_SHIFT_BITS);
    return KERN_SUCCESS;
}
