/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/trap_call.h"
#include "core/trap.h"
#include "ipc/kmsg.h"
#include "ipc/right.h"
#include "task/rpc.h"
#include "task/state.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/fault.h"

#include "mach_host_server.h"
#include "mach_port_server.h"

#define VM_MAP_ARGUMENTS 11

/* --- arguments --------------------------------------------------------------- */

/* The object of kind TYPE whose port the caller names by argument INDEX; NULL
 * when the trap has been answered. */
static void *argument_object(struct thread *thread, unsigned index,
                             enum ipc_kobject_type type)
{
    struct ipc_port *port =
        ipc_space_copyin_send(thread->task->space, thread->trap_args[index]);
    void *object = ipc_kobject_get(port, type);

    ipc_port_release_send(port);
    if (object == NULL) {
        thread_return(thread, MACH_SEND_INTERRUPTED);
    }
    return object;
}

/* Reads (or, with WRITE, checks by writing back) SIZE bytes at argument
 * INDEX.  False: the trap waits, or has been answered. */
static bool argument_memory(struct thread *thread, unsigned index, void *data,
                            size_t size_bytes, bool write)
{
    kern_return_t kr =
        copyin(thread->task->map, thread->trap_args[index], data, size_bytes,
               thread_fault_wait(thread, trap_retry));

    if (kr == KERN_SUCCESS && write) {
        kr = copyout(thread->task->map, data, thread->trap_args[index],
                     size_bytes, thread_fault_wait(thread, trap_retry));
    }
    if (kr != KERN_SUCCESS && kr != KERN_WAITING) {
        thread_return(thread, kr);
    }
    return kr == KERN_SUCCESS;
}

/* Ends the trap with a result for memory that argument_memory has checked: what
 * has been done is not done again because the memory has gone since. */
static void return_memory(struct thread *thread, unsigned index,
                          const void *data, size_t size_bytes, kern_return_t kr)
{
    struct vm_fault_wait none = {0};

    if (kr == KERN_SUCCESS) {
        kr = copyout(thread->task->map, data, thread->trap_args[index],
                     size_bytes, &none);
    }
    if (kr == KERN_WAITING) {
        vm_fault_wait_cancel(&none);
        kr = KERN_INVALID_ADDRESS;
    }
    thread_return(thread, kr);
}

/* --- names --------------------------------------------------------------------- */

void trap_port_allocate(struct thread *thread)
{
    struct task *task = argument_object(thread, 0, IKOT_TASK);
    mach_port_name_t name = MACH_PORT_NAME_NULL;

    if (task != NULL && argument_memory(thread, 2, &name, sizeof name, true)) {
        kern_return_t kr =
            rpc_mach_port_allocate(task->space, thread->trap_args[1], &name);

        return_memory(thread, 2, &name, sizeof name, kr);
    }
}

void trap_port_allocate_name(struct thread *thread)
{
    struct task *task = argument_object(thread, 0, IKOT_TASK);

    if (task != NULL) {
        thread_return(thread, rpc_mach_port_allocate_name(
                                  task->space, thread->trap_args[1],
                                  thread->trap_args[2]));
    }
}

void trap_port_deallocate(struct thread *thread)
{
    struct task *task = argument_object(thread, 0, IKOT_TASK);

    if (task != NULL) {
        thread_return(thread, rpc_mach_port_deallocate(task->space,
                                                       thread->trap_args[1]));
    }
}

void trap_port_insert_right(struct thread *thread)
{
    struct task *task = argument_object(thread, 0, IKOT_TASK);
    mach_port_name_t name = thread->trap_args[2];
    mach_msg_type_name_t type = thread->trap_args[3];
    struct ipc_port *port = name == MACH_PORT_NAME_DEAD ? IP_DEAD : IP_NULL;
    kern_return_t kr = KERN_SUCCESS;

    if (task == NULL) {
        return;
    }
    if (!MACH_MSG_TYPE_PORT_ANY(type)) {
        kr = KERN_INVALID_VALUE;
    } else if (MACH_PORT_NAME_VALID(name)) {
        kr = ipc_right_take(thread->task->space, name, type, &port);
    }
    if (kr == KERN_SUCCESS) {
        type = ipc_disposition_result(type);
        kr = rpc_mach_port_insert_right(task->space, thread->trap_args[1], port,
                                        type);
        if (kr != KERN_SUCCESS) {
            ipc_right_drop(port, type);
        }
    }
    thread_return(thread, kr);
}

/* --- tasks and threads ------------------------------------------------------------ */

void trap_task_create(struct thread *thread)
{
    struct task *parent = argument_object(thread, 0, IKOT_TASK);
    mach_port_name_t name = MACH_PORT_NAME_NULL;
    struct task *child = NULL;
    kern_return_t kr;

    if (parent == NULL ||
        !argument_memory(thread, 2, &name, sizeof name, true)) {
        return;
    }
    kr = rpc_task_create(parent, (boolean_t)thread->trap_args[1], &child);
    if (kr == KERN_LATER) {
        vm_fault_wait_later(thread_fault_wait(thread, trap_retry));
        return;
    }
    if (kr == KERN_SUCCESS) {
        name = ipc_space_insert_send(
            thread->task->space,
            (struct ipc_port *)convert_task_to_port(child));
    }
    return_memory(thread, 2, &name, sizeof name, kr);
}

void trap_task_terminate(struct thread *thread)
{
    struct task *task = argument_object(thread, 0, IKOT_TASK);

    if (task != NULL) {
        /* Nothing comes back if it was the caller's own. */
        thread_return(thread, rpc_task_terminate(task));
    }
}

/* The RPC answers when the task stands still; a trap cannot say so. */
void trap_task_suspend(struct thread *thread)
{
    thread_return(thread, MACH_SEND_INTERRUPTED);
}

void trap_task_set_special_port(struct thread *thread)
{
    struct task *task = argument_object(thread, 0, IKOT_TASK);
    mach_port_name_t name = thread->trap_args[2];
    struct ipc_port *port = IP_NULL;
    kern_return_t kr = KERN_SUCCESS;

    if (task == NULL) {
        return;
    }
    if (MACH_PORT_NAME_VALID(name)) {
        kr = ipc_right_take(thread->task->space, name, MACH_MSG_TYPE_COPY_SEND,
                            &port);
    }
    if (kr == KERN_SUCCESS) {
        kr = rpc_task_set_special_port(task, thread->trap_args[1], port);
        if (kr != KERN_SUCCESS) {
            ipc_port_release_send(port);
        }
    }
    thread_return(thread, kr);
}

void trap_thread_depress_abort(struct thread *thread)
{
    struct thread *which = argument_object(thread, 0, IKOT_THREAD);

    if (which != NULL) {
        thread_return(thread, rpc_thread_depress_abort(which));
    }
}

void trap_thread_set_self_state(struct thread *thread)
{
    natural_t state[THREAD_STATE_WORDS_MAX];
    uint32_t count = thread->trap_args[2];
    int flavor = thread->trap_args[0];

    if (count > THREAD_STATE_WORDS_MAX) {
        thread_return(thread, KERN_INVALID_ARGUMENT);
    } else if (argument_memory(thread, 1, state, count * sizeof *state,
                               false)) {
        thread_return(thread, thread_state_set(thread, flavor, state, count));
    }
}

/* --- memory -------------------------------------------------------------------------- */

/* All eleven arguments; false: the trap waits, or has been answered. */
static bool all_arguments(struct thread *thread, uint64_t args[])
{
    kern_return_t kr;

    memcpy(args, thread->trap_args, sizeof thread->trap_args);
    for (unsigned i = 7; i <= VM_MAP_ARGUMENTS; i++) {
        kr = trap_stack_argument(thread, i, &args[i - 1]);
        if (kr == KERN_WAITING) {
            return false;
        }
        if (kr != KERN_SUCCESS) {
            thread_return(thread, kr);
            return false;
        }
    }
    return true;
}

void trap_vm_map(struct thread *thread)
{
    struct task *task = argument_object(thread, 0, IKOT_TASK);
    uint64_t args[VM_MAP_ARGUMENTS];
    struct ipc_port *pager = IP_NULL;
    vm_address_t address;
    kern_return_t kr = KERN_SUCCESS;

    if (task == NULL || !all_arguments(thread, args) ||
        !argument_memory(thread, 1, &address, sizeof address, true)) {
        return;
    }
    if (MACH_PORT_NAME_VALID((mach_port_name_t)args[5])) {
        kr = ipc_right_take(thread->task->space, args[5],
                            MACH_MSG_TYPE_COPY_SEND, &pager);
    } else if ((mach_port_name_t)args[5] == MACH_PORT_NAME_DEAD) {
        pager = IP_DEAD;
    }
    if (kr == KERN_SUCCESS) {
        kr = rpc_vm_map(task->map, &address, args[2], args[3],
                        (boolean_t)args[4], pager, args[6], (boolean_t)args[7],
                        (vm_prot_t)args[8], (vm_prot_t)args[9],
                        (vm_inherit_t)args[10]);
        ipc_port_release_send(pager);
    }
    return_memory(thread, 1, &address, sizeof address, kr);
}
