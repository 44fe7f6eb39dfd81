/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/times.h: what tasks and threads have had of the processor.
 *
 * A thread's own time is the host's to tell.  Its system time is what the host
 * did for it and what the kernel did: the kernel's thread has so much time, which
 * is shared out by the steps made for each (core/work.h).  No time that was told
 * goes back.  What nobody had of the one processor that Mach sees is the idle
 * thread's.
 */
#ifndef TASK_TIMES_H
#define TASK_TIMES_H

#include "core/core.h"

#include <mach/time_value.h>

struct task;
struct thread;

struct task_usage {
    uint64_t user_ns, system_ns;
    uint64_t steps; /* of the kernel's, see above; not shown */
};

/* NS as Mach tells times, older and newer callers. */
static inline rpc_time_value_t time_short(uint64_t ns)
{
    return (rpc_time_value_t){.seconds = (rpc_long_integer_t)(ns / 1000000000),
                              .microseconds =
                                  (integer_t)(ns % 1000000000 / 1000)};
}

static inline time_value64_t time_long(uint64_t ns)
{
    return (time_value64_t){.seconds = (int64_t)(ns / 1000000000),
                            .nanoseconds = (int64_t)(ns % 1000000000)};
}

/* Of THREAD, which may be the idle one. */
struct task_usage thread_times(struct thread *thread);
/* Of all threads that TASK has. */
struct task_usage task_live_times(struct task *task);

/* Of TH_USAGE_SCALE, in the last second or so. */
int thread_recent_usage(struct thread *thread);
/* For how many seconds it has waited. */
int thread_sleep_seconds(const struct thread *thread);

/* THREAD is about to end: what it had is its task's; and a task is. */
void thread_times_end(struct thread *thread);
void task_times_end(struct task *task);

/* Threads that are ready to run, on the average of 5 s, 30 s and a minute, times
 * LOAD_SCALE; and what each more would have of a processor. */
struct task_load {
    long average[3], mach_factor[3];
};
struct task_load task_load(void);

void task_times_module_init(void);
void task_times_module_fini(void);

#endif
