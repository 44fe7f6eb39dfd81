/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/waits.h: what a thread waits for, in words. */
#ifndef IPC_WAITS_H
#define IPC_WAITS_H

#include "core/core.h"

struct thread;

/* If THREAD waits for an answer, or for room in a queue, of a task that does not
 * merely sleep: "TASK waits for TASK (RPC)", without the end if it does not fit,
 * and true. */
bool ipc_describe_wait(const struct thread *thread, char *text,
                       size_t size_bytes);

#endif
