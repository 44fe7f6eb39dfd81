/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/trap.h: Mach's system calls. */
#ifndef CORE_TRAP_H
#define CORE_TRAP_H

#include "core/core.h"

struct thread;

/* Does THREAD's trap (thread->trap_number, trap_args), which ends by
 * thread_return, by an exception, or by parking the thread. */
void trap_dispatch(struct thread *thread);

/* A thread_done_t: does the trap again from its beginning, or returns the error
 * that the awaited page had. */
void trap_retry(struct thread *thread, kern_return_t result);

#endif
