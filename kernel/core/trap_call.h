/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/trap_call.h: the traps that duplicate an RPC.
 *
 * They name tasks and threads by the caller's names.  What is not a task or
 * thread of this kernel gives MACH_SEND_INTERRUPTED: the caller then makes the
 * RPC, which finds whoever it is.
 */
#ifndef CORE_TRAP_CALL_H
#define CORE_TRAP_CALL_H

struct thread;

void trap_vm_map(struct thread *thread);
void trap_task_create(struct thread *thread);
void trap_task_terminate(struct thread *thread);
void trap_task_suspend(struct thread *thread);
void trap_task_set_special_port(struct thread *thread);
void trap_port_allocate(struct thread *thread);
void trap_port_deallocate(struct thread *thread);
void trap_port_insert_right(struct thread *thread);
void trap_port_allocate_name(struct thread *thread);
void trap_thread_depress_abort(struct thread *thread);
void trap_thread_set_self_state(struct thread *thread);

#endif
