/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/vfork.h"
#include "personality/mach.h"
#include "personality/thread.h"

#define RANGES_MAX 255
#define PAGE_MASK  4095ul

struct range {
    uint64_t start, end;
};

struct vfork_memory {
    unsigned count;
    struct range ranges[RANGES_MAX]; /* inherited by copying, otherwise */
};

extern const char __ehdr_start[], _end[];

/* The lowest range of the personality's own that ends above ADDRESS. */
static struct range own_after(uint64_t address)
{
    struct range found = {~0ul, ~0ul};
    struct range image = {(uint64_t)__ehdr_start & ~PAGE_MASK,
                          ((uint64_t)_end + PAGE_MASK) & ~PAGE_MASK};
    uint64_t serving = (uint64_t)signals_stack();

    if (image.end > address)
        found = image;
    if (serving && serving + THREAD_STACK_SIZE > address &&
        serving < found.start)
        found = (struct range){serving, serving + THREAD_STACK_SIZE};
    for (struct thread *thread = threads; thread; thread = thread->next) {
        uint64_t end = thread->stack + THREAD_STACK_SIZE;
        if (end > address && thread->stack < found.start)
            found = (struct range){thread->stack, end};
    }
    return found;
}

static void range_add(struct vfork_memory *memory, uint64_t start, uint64_t end)
{
    if (start < end && memory->count < RANGES_MAX)
        memory->ranges[memory->count++] = (struct range){start, end};
}

/* All of [START, END) that is the program's. */
static void range_add_program(struct vfork_memory *memory, uint64_t start,
                              uint64_t end)
{
    while (start < end) {
        struct range own = own_after(start);
        range_add(memory, start, own.start < end ? own.start : end);
        start = own.end;
    }
}

static void memory_find(struct vfork_memory *memory)
{
    vm_address_t address = 0;
    vm_size_t size;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;

    while (!vm_region(mach_task_self(), &address, &size, &prot, &max_prot,
                      &inherit, &shared, &name, &offset)) {
        port_deallocate(name);
        if (inherit == VM_INHERIT_COPY)
            range_add_program(memory, address, address + size);
        address += size;
    }
}

static void memory_inherit(const struct vfork_memory *memory, vm_inherit_t how)
{
    for (unsigned i = 0; i < memory->count; i++)
        vm_inherit(mach_task_self(), memory->ranges[i].start,
                   memory->ranges[i].end - memory->ranges[i].start, how);
}

struct vfork_memory *vfork_memory_lend(void)
{
    struct vfork_memory *memory = pages_allocate(sizeof *memory);

    if (!memory)
        return NULL;
    lock_take(&threads_lock);
    memory_find(memory);
    lock_release(&threads_lock);
    /* All or nothing: half of a program's memory is no use. */
    if (memory->count == RANGES_MAX)
        memory->count = 0;
    memory_inherit(memory, VM_INHERIT_SHARE);
    return memory;
}

void vfork_memory_keep(struct vfork_memory *memory)
{
    if (!memory)
        return;
    memory_inherit(memory, VM_INHERIT_COPY);
    pages_free(memory, sizeof *memory);
}

void vfork_wait(mach_port_t gate)
{
    mach_msg_header_t gone;

    while (mach_msg_trap(&gone, MACH_RCV_MSG, 0, sizeof gone, gate, 0,
                         MACH_PORT_NULL) == MACH_RCV_INTERRUPTED)
        ;
    port_destroy_receive(gate);
}
