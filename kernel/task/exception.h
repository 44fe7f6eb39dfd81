/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/exception.h: a thread did what it cannot go on from by itself.
 *
 * exception_raise sends the Mach exception message to the thread's exception
 * port, then to its task's if that did not handle it; if none does the task is
 * terminated.  The thread (THREAD_KERNEL) waits meanwhile; it goes on with
 * whatever registers the handler has given it.
 */
#ifndef TASK_EXCEPTION_H
#define TASK_EXCEPTION_H

#include "core/core.h"

struct thread;

void exception_raise_thread(struct thread *thread, int exception, int code,
                            int64_t subcode);

#endif
