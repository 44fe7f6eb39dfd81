/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/rpc.h: what the task and thread routines share with the boot loader. */
#ifndef TASK_RPC_H
#define TASK_RPC_H

#include "core/core.h"
#include "vm/rpc.h"

#include <mach/mach_types.h>

typedef struct host *host_t;
typedef task_t *task_array_t;
typedef thread_t *thread_array_t;
typedef vm_offset_t *emulation_vector_t;
typedef const char *const_kernel_debug_name_t;

kern_return_t task_resume_internal(struct task *task);
void task_set_name_internal(struct task *task, const char *name);

#endif
