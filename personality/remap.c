/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/remap.c: mremap.
 *
 * Mach moves no mapping.  Private anonymous memory is copied lazily, a file's
 * that may be changed is mapped anew; what else would have to move or grow
 * (private mappings of files, memory shared with children) cannot, and says so.
 */
#include "personality/mach.h"
#include "personality/memory.h"
#include "personality/sharemap.h"
#include "personality/syscalls.h"

#include "hurd/io.h"

#include <sys/mman.h>

#define PAGE_MASK     4095ul
#define page_round(x) (((x) + PAGE_MASK) & ~PAGE_MASK)
#define MREMAP_FLAGS  (MREMAP_MAYMOVE | MREMAP_FIXED)

struct region {
    vm_address_t start;
    vm_size_t size;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    boolean_t object; /* it is some memory object's */
    vm_offset_t offset;
};

/* What is at ADDRESS, all of SIZE bytes in one region. */
static bool region_get(uint64_t address, uint64_t size, struct region *region)
{
    mach_port_t name = MACH_PORT_NULL;

    region->start = address;
    if (vm_region(mach_task_self(), &region->start, &region->size,
                  &region->prot, &region->max_prot, &region->inherit,
                  &region->shared, &name, &region->offset))
        return false;
    port_deallocate(name);
    region->object = name != MACH_PORT_NULL;
    if (region->start > address || size > region->size ||
        region->start + region->size < address + size)
        return false;
    region->offset += address - region->start;
    return true;
}

static bool region_is_private(const struct region *region)
{
    return !region->object && !region->shared &&
           region->inherit == VM_INHERIT_COPY;
}

/* Room for SIZE bytes of memory like REGION's, at *AT or anywhere. */
static kern_return_t anonymous_map(const struct region *region,
                                   vm_address_t *at, uint64_t size,
                                   bool anywhere)
{
    return vm_map(mach_task_self(), at, size, 0, anywhere, MACH_PORT_NULL, 0, 0,
                  region->prot, region->max_prot, region->inherit);
}

static long anonymous_move(const struct region *region, uint64_t old,
                           uint64_t old_size, uint64_t new_size)
{
    struct region open = *region;
    vm_address_t moved = 0;

    open.prot = VM_PROT_READ | VM_PROT_WRITE;
    if (anonymous_map(&open, &moved, new_size, true))
        return -ENOMEM;
    kern_return_t kr = vm_copy(mach_task_self(), old, old_size, moved);
    if (!kr && region->prot != open.prot)
        kr = vm_protect(mach_task_self(), moved, new_size, 0, region->prot);
    if (kr) {
        vm_deallocate(mach_task_self(), moved, new_size);
        return kr == KERN_PROTECTION_FAILURE ? -ENOMEM : -EFAULT;
    }
    vm_deallocate(mach_task_self(), old, old_size);
    return (long)moved;
}

/* Maps the file behind PORT as REGION shows it, at *AT or anywhere. */
static kern_return_t file_map(mach_port_t port, const struct region *region,
                              uint64_t offset, vm_address_t *at, uint64_t size,
                              bool anywhere)
{
    mach_port_t readable = MACH_PORT_NULL, writable = MACH_PORT_NULL;
    kern_return_t kr = io_map(port, &readable, &writable);

    if (!kr)
        kr = vm_map(mach_task_self(), at, size, 0, anywhere, writable, offset,
                    0, region->prot, region->max_prot, region->inherit);
    port_deallocate(readable);
    port_deallocate(writable);
    return kr;
}

static long file_grow(const struct region *region, uint64_t old,
                      uint64_t old_size, uint64_t new_size, int flags)
{
    mach_port_t port = sharemap_port(old, old_size);
    vm_address_t more = old + old_size, moved = 0;
    long result = -ENOMEM;

    if (!port)
        return -ENOMEM;
    if (!file_map(port, region, region->offset + old_size, &more,
                  new_size - old_size, false)) {
        if (sharemap_add(more, new_size - old_size, port))
            result = (long)old;
        else
            vm_deallocate(mach_task_self(), more, new_size - old_size);
    } else if (flags & MREMAP_MAYMOVE && !file_map(port, region, region->offset,
                                                   &moved, new_size, true)) {
        if (sharemap_add(moved, new_size, port)) {
            vm_deallocate(mach_task_self(), old, old_size);
            sharemap_remove(old, old_size);
            result = (long)moved;
        } else {
            vm_deallocate(mach_task_self(), moved, new_size);
        }
    }
    port_deallocate(port);
    return result;
}

static long memory_grow(uint64_t old, uint64_t old_size, uint64_t new_size,
                        int flags)
{
    struct region region;
    vm_address_t more = old + old_size;

    if (!region_get(old, old_size, &region))
        return -EFAULT;
    if (region.object)
        return file_grow(&region, old, old_size, new_size, flags);
    if (!region_is_private(&region))
        return -ENOMEM;
    if (!anonymous_map(&region, &more, new_size - old_size, false))
        return (long)old;
    return flags & MREMAP_MAYMOVE
               ? anonymous_move(&region, old, old_size, new_size)
               : -ENOMEM;
}

long sys_mremap(struct frame *frame)
{
    uint64_t old = ARG1(frame), old_size = page_round(ARG2(frame));
    uint64_t new_size = page_round(ARG3(frame));
    int flags = (int)ARG4(frame);

    if (old & PAGE_MASK || !new_size || flags & ~MREMAP_FLAGS)
        return -EINVAL;
    if (flags & MREMAP_FIXED || !old_size)
        return -EINVAL; /* moving to a given place is not offered */
    if (new_size > old_size)
        return memory_grow(old, old_size, new_size, flags);
    if (new_size < old_size) {
        vm_deallocate(mach_task_self(), old + new_size, old_size - new_size);
        sharemap_remove(old + new_size, old_size - new_size);
    }
    return (long)old;
}
