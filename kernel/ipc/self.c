/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traps that give a task names for itself and its surroundings. */
#include "host/host.h"
#include "ipc/ipc.h"
#include "ipc/right.h"
#include "task/thread.h"

mach_port_name_t mach_reply_port(struct task *task)
{
    mach_port_name_t name = MACH_PORT_NAME_NULL;

    if (ipc_right_new(task->space, MACH_PORT_RIGHT_RECEIVE, &name) !=
        KERN_SUCCESS) {
        return MACH_PORT_NAME_NULL;
    }
    return name;
}

mach_port_name_t mach_thread_self(struct thread *thread)
{
    return ipc_space_insert_send(thread->task->space,
                                 ipc_port_copy_send(thread->sself));
}

mach_port_name_t mach_task_self(struct task *task)
{
    return ipc_space_insert_send(task->space, ipc_port_copy_send(task->sself));
}

mach_port_name_t mach_host_self(struct task *task)
{
    return ipc_space_insert_send(task->space, host_send_right());
}
