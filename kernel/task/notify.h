/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/notify.h: telling the process server of new tasks. */
#ifndef TASK_NOTIFY_H
#define TASK_NOTIFY_H

struct task;

/* Sends mach_notify_new_task if somebody has registered for it. */
void task_notify_created(struct task *task, struct task *parent);
void task_notify_module_fini(void);

#endif
