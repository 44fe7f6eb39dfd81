/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/state.h: thread state flavors; the processor's part is in a folder of
 * its name (HURD-FACTS 1.9). The thread is held by the kernel. */
#ifndef TASK_STATE_H
#define TASK_STATE_H

#include "core/core.h"

struct thread;

/* The largest state, in natural_t. */
#define THREAD_STATE_WORDS_MAX 1024u

/* *COUNT: room in, length out, in natural_t. */
kern_return_t thread_state_get(struct thread *thread, int flavor,
                               natural_t *state, natural_t *count);
kern_return_t thread_state_set(struct thread *thread, int flavor,
                               const natural_t *state, natural_t count);

/* The registers of a new thread at ENTRY with its stack pointer at STACK. */
void thread_state_start(struct thread *thread, vm_offset_t entry,
                        vm_offset_t stack, const uint64_t arguments[6]);

#endif
