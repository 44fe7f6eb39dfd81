/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/trap.c: Mach's system calls (HURD-FACTS 1.1, mach/syscall_sw.h). */
#include "core/trap.h"
#include "core/kernel.h"
#include "core/trap_call.h"
#include "ipc/ipc.h"
#include "ipc/port.h"
#include "ipc/space.h"
#include "task/exception.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/map.h"

#include <mach/exception.h>
#include <mach/message.h>

#define TRAP_COUNT       130
#define PRINT_MAX        4096
#define TRAP_INSTRUCTION 2 /* bytes of `syscall' */

typedef void (*trap_t)(struct thread *thread);

kern_return_t trap_stack_argument(struct thread *thread, unsigned index,
                                  uint64_t *value_out)
{
    return copyin(thread->task->map, trap_stack_address(thread, index),
                  value_out, sizeof *value_out,
                  thread_fault_wait(thread, trap_retry));
}

vm_offset_t trap_stack_address(struct thread *thread, unsigned index)
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->platform, &regs);
    /* At rsp stands a word that looks like a return address. */
    return regs.rsp + (index - 6) * 8;
}

void trap_retry(struct thread *thread, kern_return_t result)
{
    if (result == KERN_TERMINATED)
        return;
    if (result == KERN_SUCCESS)
        trap_dispatch(thread);
    else
        thread_return(thread, (uint64_t)(int64_t)result);
}

static void trap_reply_port(struct thread *thread)
{
    thread_return(thread, mach_reply_port(thread->task));
}

static void trap_thread_self(struct thread *thread)
{
    thread_return(thread, mach_thread_self(thread));
}

static void trap_task_self(struct thread *thread)
{
    thread_return(thread, mach_task_self(thread->task));
}

static void trap_host_self(struct thread *thread)
{
    thread_return(thread, mach_host_self(thread->task));
}

static void trap_print(struct thread *thread)
{
    char text[PRINT_MAX];
    kern_return_t kr =
        copyin_string(thread->task->map, thread->trap_args[0], text,
                      sizeof text, thread_fault_wait(thread, trap_retry));

    if (kr == KERN_WAITING)
        return;
    if (kr == KERN_SUCCESS)
        kernel_print(text, strlen(text));
    thread_return(thread, (uint64_t)kr);
}

/* The host schedules: there is nothing to switch to that it does not see. */
static void trap_switch(struct thread *thread)
{
    thread_return(thread, 0);
}

static void trap_switch_done(struct thread *thread, kern_return_t result)
{
    if (result != KERN_TERMINATED)
        thread_return(thread, KERN_SUCCESS);
}

static void trap_thread_switch(struct thread *thread)
{
    enum { SWITCH_NONE, SWITCH_DEPRESS, SWITCH_WAIT };
    uint32_t option = (uint32_t)thread->trap_args[1];
    uint32_t timeout_ms = (uint32_t)thread->trap_args[2];

    if (option > SWITCH_WAIT)
        thread_return(thread, KERN_INVALID_ARGUMENT);
    else if (option == SWITCH_WAIT)
        thread_block_timeout(thread, timeout_ms, trap_switch_done, NULL);
    else
        thread_return(thread, KERN_SUCCESS);
}

/* The traps that duplicate an RPC work on the caller's own task only, as a name
 * for another's would have to be looked up; glibc then falls back to the RPC. */
static bool trap_own_task(struct thread *thread)
{
    struct ipc_port *port = ipc_space_copyin_send(
        thread->task->space, (mach_port_name_t)thread->trap_args[0]);
    bool own = port && ipc_kobject_get(port, IKOT_TASK) == thread->task;

    ipc_port_release_send(port);
    if (!own)
        thread_return(thread, MACH_SEND_INTERRUPTED);
    return own;
}

static void trap_vm_allocate(struct thread *thread)
{
    const uint64_t *args = thread->trap_args;
    vm_offset_t address;

    if (!trap_own_task(thread))
        return;
    kern_return_t kr =
        copyin(thread->task->map, args[1], &address, sizeof address,
               thread_fault_wait(thread, trap_retry));
    if (kr == KERN_SUCCESS)
        /* Makes sure that the result can be stored. */
        kr = copyout(thread->task->map, &address, args[1], sizeof address,
                     thread_fault_wait(thread, trap_retry));
    if (kr == KERN_WAITING)
        return;
    if (kr == KERN_SUCCESS)
        kr = vm_map_allocate(thread->task->map, &address, args[2],
                             (uint32_t)args[3] != 0);
    if (kr == KERN_SUCCESS)
        kr = copyout(thread->task->map, &address, args[1], sizeof address,
                     thread_fault_wait(thread, trap_retry));
    thread_return(thread, (uint64_t)kr);
}

static void trap_vm_deallocate(struct thread *thread)
{
    uint64_t *args = thread->trap_args;
    vm_offset_t start = trunc_page(args[1]);
    vm_offset_t end = round_page(args[1] + args[2]);

    if (!trap_own_task(thread))
        return;
    kern_return_t kr = vm_map_remove_part(thread->task->map, &start, end);
    args[1] = start;
    args[2] = end - start;
    if (kr == KERN_LATER)
        vm_fault_wait_later(thread_fault_wait(thread, trap_retry));
    else
        thread_return(thread, (uint64_t)kr);
}

static const trap_t traps[TRAP_COUNT] = {
    [25] = ipc_mach_msg_trap,
    [26] = trap_reply_port,
    [27] = trap_thread_self,
    [28] = trap_task_self,
    [29] = trap_host_self,
    [30] = trap_print,
    [59] = trap_switch,
    [60] = trap_switch,
    [61] = trap_thread_switch,
    [64] = trap_vm_map,
    [65] = trap_vm_allocate,
    [66] = trap_vm_deallocate,
    [68] = trap_task_create,
    [69] = trap_task_terminate,
    [70] = trap_task_suspend,
    [71] = trap_task_set_special_port,
    [72] = trap_port_allocate,
    [73] = trap_port_deallocate,
    [74] = trap_port_insert_right,
    [75] = trap_port_allocate_name,
    [76] = trap_thread_depress_abort,
    [77] = trap_thread_set_self_state,
};

/* Slots whose traps return a port name answer none instead of an error. */
static bool trap_returns_port(unsigned number)
{
    return (number >= 10 && number <= 13) || number == 55 || number == 56;
}

void trap_dispatch(struct thread *thread)
{
    uint64_t number = 0 - (uint64_t)thread->trap_number;

    if (thread->trap_number > 0 || number >= TRAP_COUNT) {
        exception_raise_thread(thread, EXC_BAD_INSTRUCTION, EXC_I386_INVOP, 0);
        return;
    }
    thread->task->syscall_count++;
    if (traps[number])
        traps[number](thread);
    else
        thread_return(thread, trap_returns_port((unsigned)number)
                                  ? MACH_PORT_NULL
                                  : KERN_INVALID_ARGUMENT);
}
