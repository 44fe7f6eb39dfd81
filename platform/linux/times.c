/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times: what the host says that a task's process and its threads have had. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The clocks of a process are numbered by its pid: all that it has had, in its
 * own code, and in both its own code and Linux as the clock's ticks saw it. */
enum cpu_clock { CLOCK_OF_TICKS, CLOCK_OF_USER_TICKS, CLOCK_OF_RUNNING };

static uint64_t process_clock(const struct platform_task *task,
                              enum cpu_clock which)
{
    struct timespec time;
    clockid_t clock = (clockid_t)(~(uint32_t)task->pid << 3 | which);

    if (clock_gettime(clock, &time) != 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Ticks are samples: they say in which parts the time that is known falls. */
static void split(uint64_t all_ns, uint64_t user, uint64_t both,
                  struct platform_times *times)
{
    double part = both > 0 ? (double)user / (double)both : 1;

    times->user_ns = (uint64_t)((double)all_ns * part);
    times->user_ns = times->user_ns < all_ns ? times->user_ns : all_ns;
    times->system_ns = all_ns - times->user_ns;
}

void platform_task_times(struct platform_task *task,
                         struct platform_times *times_out)
{
    *times_out = (struct platform_times){0};
    if (task->reaped)
        return;
    split(process_clock(task, CLOCK_OF_RUNNING),
          process_clock(task, CLOCK_OF_USER_TICKS),
          process_clock(task, CLOCK_OF_TICKS), times_out);
}

static bool read_file(const struct platform_task *task, uint32_t tid,
                      const char *name, char *text, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/task/%u/%s", task->pid, tid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* utime and stime, proc(5)'s fields 14 and 15; the name, in parentheses, may be
 * anything. */
static void read_ticks(const struct platform_task *task, uint32_t tid,
                       unsigned long *user, unsigned long *system)
{
    char text[512], *at;

    *user = *system = 0;
    if (!read_file(task, tid, "stat", text, sizeof text))
        return;
    at = strrchr(text, ')');
    if (at &&
        sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
               user, system) != 2)
        *user = *system = 0;
}

void platform_thread_times(struct platform_thread *thread,
                           struct platform_times *times_out)
{
    unsigned long user, system;
    uint32_t tid = thread_host_number(thread);
    char text[128];

    *times_out = (struct platform_times){0};
    if (!tid)
        return;
    read_ticks(thread->task, tid, &user, &system);
    uint64_t all_ns =
        (user + system) * (1000000000ul / (uint64_t)sysconf(_SC_CLK_TCK));
    /* Exact, where Linux was built to know it. */
    if (read_file(thread->task, tid, "schedstat", text, sizeof text))
        all_ns = strtoull(text, NULL, 10);
    split(all_ns, user, user + system, times_out);
}
