/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/gsync.h: waiting for a word of memory to change (HURD-FACTS 1.12).
 *
 * Waiters are found by where the word is: (task, address), or, with SHARED,
 * the amap or object and the offset in it.  A waiter is an unanswered request:
 * one whose reply port has died is skipped, and it ends with the task that asked
 * as with the one whose word it is. */
#ifndef TASK_GSYNC_H
#define TASK_GSYNC_H

struct task;

void gsync_module_init(void);

/* Who waits for TASK's words is answered KERN_INVALID_TASK, and so is what TASK
 * waits for; not before this returns. */
void gsync_task_ends(struct task *task);

#endif
