/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/ipc.h: the entries into ipc/ from the trap dispatcher and the loop.
 *
 * Traps: each ends by thread_return or parks the thread.  Nothing blocks.
 */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include "core/core.h"

struct task;
struct thread;

void ipc_mach_msg_trap(struct thread *thread);

/* Whether THREAD, which waits in a trap, does so for a message. */
bool ipc_in_mach_msg(const struct thread *thread);

/* Names for the caller; MACH_PORT_NULL if none can be made. */
mach_port_name_t mach_reply_port(struct task *task);
mach_port_name_t mach_thread_self(struct thread *thread);
mach_port_name_t mach_task_self(struct task *task);
mach_port_name_t mach_host_self(struct task *task);

/* Does what was put off because it might re-enter those who caused it:
 * messages of the kernel's to its own ports, and the notices of
 * ipc/port.h.  To be called at the end of each kernel entry, with
 * thread_run_ready; returns false if there was nothing to do. */
bool ipc_run_deferred(void);

/* Serves the first of a task's requests that wait (task->later_work). */
struct work;
void ipc_run_later(struct work *work);

void ipc_module_init(void);
void ipc_module_fini(void);

#endif
