/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/world_kernel.h: from the users' side of the tests (Mach's user
 * types) to the kernel's.  Pointers are kernel tasks and threads; each carries
 * a reference. */
#ifndef TESTS_WORLD_KERNEL_H
#define TESTS_WORLD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct platform_thread;

void world_kernel_start(void);
void world_kernel_stop(void);
void *world_task_create(const char *name);
void *world_thread_create(void *task, struct platform_thread **platform_out);
uint64_t world_task_allocate(void *task, uint64_t size);
void world_task_terminate(void *task);
void world_task_hold(void *task);
void world_task_release(void *task);
void world_thread_abort(void *thread);
void world_thread_release(void *thread);
bool world_thread_dead(void *thread);
uint32_t world_give_right(void *from, uint32_t name, int type, void *to);
uint32_t world_device_master(void *task);
uint32_t world_host_priv(void *task);
bool world_task_is_essential(void *task);
/* A device raises or drops an interrupt line. */
void world_irq(unsigned line, bool level);
/* Frames, as devices hold them. */
bool world_hold(uint64_t phys);
void world_unhold(uint64_t phys);
uint64_t world_free_frames(void);
/* Whether a device of TASK's may read a frame, or write it. */
bool world_reaches(void *task, uint64_t phys, bool write);
/* Steps of work (core/work.h): of the longest entry since this was asked last,
 * and of all so far. */
uint64_t world_longest_entry(void);
uint64_t world_steps(void);

#endif
