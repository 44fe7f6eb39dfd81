/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's side of the tests: compiled with the kernel's types. */
#include "core/core.h"
#include "core/kernel.h"
#include "core/work.h"
#include "device/device.h"
#include "device/pc.h"
#include "host/host.h"
#include "ipc/right.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/dma.h"
#include "vm/map.h"
#include "vm/page.h"

#include "platform/sim/sim.h"
#include "world_kernel.h"

static const struct kernel_config config = {.command_line = "test"};

void world_kernel_start(void)
{
    kernel_create(&config);
}

void world_kernel_stop(void)
{
    kernel_destroy();
}

void *world_task_create(const char *name)
{
    struct task *task = NULL;

    if (task_create_internal(NULL, false, &task) != KERN_SUCCESS) {
        return NULL;
    }
    ksnprintf(task->name, sizeof task->name, "%s", name);
    return task;
}

void *world_thread_create(void *task, struct platform_thread **platform_out)
{
    struct thread *thread = NULL;

    if (thread_create_internal(task, &thread) != KERN_SUCCESS) {
        return NULL;
    }
    thread->has_state = true;
    *platform_out = thread->platform;
    thread_release(thread);
    kernel_settle();
    return thread;
}

uint64_t world_task_allocate(void *task, uint64_t size)
{
    vm_offset_t address = 0;

    if (vm_map_allocate(((struct task *)task)->map, &address, size, true) !=
        KERN_SUCCESS) {
        return 0;
    }
    return address;
}

void world_task_terminate(void *task)
{
    task_terminate_internal(task);
    kernel_settle();
}

void world_task_release(void *task)
{
    task_deallocate(task);
}

void world_thread_abort(void *thread)
{
    thread_abort_internal(thread);
    kernel_settle();
}

void world_thread_release(void *thread)
{
    thread_deallocate(thread);
}

bool world_thread_dead(void *thread)
{
    return ((struct thread *)thread)->state == THREAD_DEAD;
}

uint32_t world_give_right(void *from, uint32_t name, int type, void *to)
{
    struct ipc_port *port;
    mach_port_name_t result;

    if (ipc_right_take(((struct task *)from)->space, name, type, &port) !=
        KERN_SUCCESS) {
        return 0;
    }
    ipc_right_copyout(
        ((struct task *)to)->space, port,
        type == MACH_MSG_TYPE_MAKE_SEND || type == MACH_MSG_TYPE_COPY_SEND
            ? MACH_MSG_TYPE_PORT_SEND
        : type == MACH_MSG_TYPE_MAKE_SEND_ONCE ? MACH_MSG_TYPE_PORT_SEND_ONCE
                                               : (unsigned)type,
        &result);
    kernel_settle();
    return result;
}

void world_task_hold(void *task)
{
    task_reference(task);
}

uint32_t world_device_master(void *task)
{
    return ipc_space_insert_send(((struct task *)task)->space,
                                 device_master_send_right());
}

uint32_t world_host_priv(void *task)
{
    return ipc_space_insert_send(((struct task *)task)->space,
                                 host_priv_send_right());
}

bool world_task_is_essential(void *task)
{
    return ((struct task *)task)->essential;
}

void world_irq(unsigned line, bool level)
{
    irq_line_set(line, level);
    kernel_settle();
}

bool world_hold(uint64_t phys)
{
    return vm_page_hold(phys);
}

bool world_reaches(void *task, uint64_t phys, bool write)
{
    return vm_dma_allows(((struct task *)task)->map, phys, write);
}

void world_unhold(uint64_t phys)
{
    vm_page_unhold(phys);
}

uint64_t world_free_frames(void)
{
    return vm_page_unused_count();
}

uint64_t world_longest_entry(void)
{
    return work_longest();
}

uint64_t world_steps(void)
{
    return work_steps;
}
