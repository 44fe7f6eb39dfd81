/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/rpc.h: what the task and thread routines share with the boot loader. */
#ifndef TASK_RPC_H
#define TASK_RPC_H

#include "core/core.h"
#include "mig/types.h"
#include "vm/rpc.h"

#include "gnumach_server.h"
#include "mach_port_server.h"
#include "mach_server.h"

kern_return_t task_resume_internal(struct task *task);
void task_set_name_internal(struct task *task, const char *name);

#endif
