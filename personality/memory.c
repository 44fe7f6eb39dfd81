/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/memory.h"
#include "personality/fd.h"
#include "personality/lock.h"
#include "personality/mach.h"
#include "personality/start.h"
#include "personality/sharemap.h"
#include "personality/syscalls.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE_MASK     4095ul
#define page_round(x) (((x) + PAGE_MASK) & ~PAGE_MASK)

static struct {
    struct lock lock;
    uint64_t start, now; /* the break; mapped up to page_round(now) */
} heap;

/* Far from all else, which is put where there is room first, from below: so the
 * heap can grow. */
#define HEAP_BASE 0x100000000000ul

void memory_set_break(uint64_t end)
{
    heap.start = heap.now = end < HEAP_BASE ? HEAP_BASE : page_round(end);
}

extern const char __ehdr_start[], _end[];

/* The personality and the first stack are no data of the program's. */
static bool memory_is_counted(uint64_t address)
{
    return !(address >= ((uint64_t)__ehdr_start & ~PAGE_MASK) &&
             address < (uint64_t)_end) &&
           address - startup_info.stack_base >= startup_info.stack_size;
}

/* Bytes that RLIMIT_DATA counts: what is private and can be written. */
static uint64_t memory_data(void)
{
    vm_address_t address = 0;
    vm_size_t size;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;
    uint64_t sum = 0;

    while (!vm_region(mach_task_self(), &address, &size, &prot, &max_prot,
                      &inherit, &shared, &name, &offset)) {
        if (prot & VM_PROT_WRITE && inherit == VM_INHERIT_COPY && !shared &&
            memory_is_counted(address))
            sum += size;
        port_deallocate(name);
        address += size;
    }
    return sum;
}

/* Whether SIZE bytes more of data are too much. */
static bool memory_over_limit(uint64_t size)
{
    uint64_t limit = limit_data();

    return limit != RLIM_INFINITY &&
           (size > limit || memory_data() > limit - size);
}

int memory_mach_prot(int prot)
{
    /* On the processors here what can be executed can be read. */
    return (prot & (PROT_READ | PROT_EXEC) ? VM_PROT_READ : 0) |
           (prot & PROT_WRITE ? VM_PROT_READ | VM_PROT_WRITE : 0) |
           (prot & PROT_EXEC ? VM_PROT_EXECUTE : 0);
}

static bool memory_is_writable(uint64_t address)
{
    vm_address_t start = address;
    vm_size_t size;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;

    if (limit_data() == RLIM_INFINITY ||
        vm_region(mach_task_self(), &start, &size, &prot, &max_prot, &inherit,
                  &shared, &name, &offset))
        return true;
    port_deallocate(name);
    return start <= address && prot & VM_PROT_WRITE;
}

static bool heap_move(uint64_t wanted)
{
    vm_address_t old = page_round(heap.now), new = page_round(wanted);

    if (new > old)
        return !memory_over_limit(new - old) &&
               !vm_allocate(mach_task_self(), &old, new - old, 0);
    if (new < old)
        vm_deallocate(mach_task_self(), new, old - new);
    return true;
}

long sys_brk(struct frame *frame)
{
    uint64_t wanted = ARG1(frame);

    lock_take(&heap.lock);
    if (wanted >= heap.start && heap_move(wanted))
        heap.now = wanted;
    long now = (long)heap.now;
    lock_release(&heap.lock);
    return now;
}

/* Makes room at ADDRESS for a MAP_FIXED mapping. */
static long memory_clear(uint64_t address, uint64_t size, int flags)
{
    if (address & PAGE_MASK)
        return -EINVAL;
    if (flags & MAP_FIXED_NOREPLACE)
        return 0;
    sharemap_remove(address, size);
    return linux_error(vm_deallocate(mach_task_self(), address, size));
}

static long memory_map_anonymous(uint64_t address, uint64_t size, int prot,
                                 int flags)
{
    if (flags & MAP_PRIVATE && prot & PROT_WRITE && memory_over_limit(size))
        return -ENOMEM;
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    vm_inherit_t inherit =
        flags & MAP_SHARED ? VM_INHERIT_SHARE : VM_INHERIT_COPY;
    vm_address_t at = fixed ? address : 0;

    if (fixed) {
        long error = memory_clear(address, size, flags);
        if (error)
            return error;
    }
    kern_return_t kr =
        vm_map(mach_task_self(), &at, size, 0, !fixed, MACH_PORT_NULL, 0, 0,
               memory_mach_prot(prot), VM_PROT_ALL, inherit);
    if (kr == KERN_NO_SPACE && flags & MAP_FIXED_NOREPLACE)
        return -EEXIST;
    return kr ? -ENOMEM : (long)at;
}

long sys_mmap(struct frame *frame)
{
    uint64_t address = ARG1(frame), size = page_round(ARG2(frame));
    int prot = (int)ARG3(frame), flags = (int)ARG4(frame);

    if (!ARG2(frame))
        return -EINVAL;
    if (!size || !(flags & (MAP_SHARED | MAP_PRIVATE)))
        return size ? -EINVAL : -ENOMEM;
    if (flags & MAP_ANONYMOUS)
        return memory_map_anonymous(address, size, prot, flags);
    return memory_map_file(address, size, prot, flags, (int)ARG5(frame),
                           ARG6(frame));
}

long sys_munmap(struct frame *frame)
{
    if (ARG1(frame) & PAGE_MASK || !ARG2(frame))
        return -EINVAL;
    sharemap_remove(ARG1(frame), page_round(ARG2(frame)));
    return linux_error(
        vm_deallocate(mach_task_self(), ARG1(frame), page_round(ARG2(frame))));
}

long sys_mprotect(struct frame *frame)
{
    if (ARG1(frame) & PAGE_MASK)
        return -EINVAL;
    if (ARG3(frame) & PROT_WRITE && !memory_is_writable(ARG1(frame)) &&
        memory_over_limit(page_round(ARG2(frame))))
        return -ENOMEM;
    kern_return_t kr =
        vm_protect(mach_task_self(), ARG1(frame), page_round(ARG2(frame)), 0,
                   memory_mach_prot((int)ARG3(frame)));
    if (kr == KERN_INVALID_ADDRESS)
        return -ENOMEM;
    return kr == KERN_PROTECTION_FAILURE ? -EACCES : linux_error(kr);
}

/* Advice may be ignored, but for the one kind that promises zeros. */
long sys_madvise(struct frame *frame)
{
    vm_address_t address = ARG1(frame);
    uint64_t size = page_round(ARG2(frame));

    if (address & PAGE_MASK)
        return -EINVAL;
    if (ARG3(frame) != MADV_DONTNEED || !size)
        return 0;
    vm_address_t region = address;
    vm_size_t region_size;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;
    if (vm_region(mach_task_self(), &region, &region_size, &prot, &max_prot,
                  &inherit, &shared, &name, &offset) ||
        region > address)
        return -ENOMEM;
    port_deallocate(name);
    if (name || region + region_size < address + size)
        return 0; /* a file's pages come back as they are */
    vm_deallocate(mach_task_self(), address, size);
    return linux_error(vm_map(mach_task_self(), &address, size, 0, 0,
                              MACH_PORT_NULL, 0, 0, prot, max_prot, inherit));
}
