/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times the platform's own parts: microseconds each, beside what a plain pipe
 * costs on this machine. */
#define _GNU_SOURCE
#include "platform/linux/linux.h"
#include "tests/platform/mock.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRAPS   200000
#define TASKS   1000
#define THREADS 2000
#define PAGES   4000
#define SYNCS   10000

static uint64_t began;

static void report(const char *what, unsigned count)
{
    printf("%-44s %8.2f\n", what,
           (double)(platform_time_monotonic() - began) / count / 1000);
}

static void run(void)
{
    struct linux_options options = {.memory_size_bytes = 256ull << 20,
                                    .console_in = -1,
                                    .console_out = -1,
                                    .trace = -1};
    struct kernel_config config = {.command_line = ""};

    fflush(stdout);
    if (platform_linux_run(&options, &config) != 0)
        exit(1);
}

static int routine;
static unsigned count, done;
static const char *title;
static bool emulate;

static void routine_start(void)
{
    struct mock_task *task = mock_task_new();

    if (emulate)
        platform_task_set_emulation(task->task, 39, 1,
                                    mock_symbol(USER_EMULATOR));
    mock_thread_go(task, routine, count);
    began = platform_time_monotonic();
}

static void routine_done(struct mock_thread *thread)
{
    report(title, count);
    platform_exit(0);
}

static void time_routine(int number, unsigned times, const char *name)
{
    mock = (struct mock_hooks){.start = routine_start, .done = routine_done};
    routine = number;
    count = times;
    title = name;
    run();
}

/* --- tasks and threads ---------------------------------------------------- */

static void task_next(struct mock_thread *previous)
{
    if (previous) {
        struct mock_task *task = previous->task;
        platform_free(previous);
        mock_task_end(task);
    }
    if (done++ == TASKS) {
        report("task and thread: create, one trap, destroy", TASKS);
        platform_exit(0);
        return;
    }
    mock_thread_go(mock_task_new(), DO_NULL_FAST, 1);
}

static void task_start(void)
{
    done = 0;
    began = platform_time_monotonic();
    task_next(NULL);
}

static void thread_next(struct mock_thread *previous)
{
    struct mock_task *task = previous ? previous->task : mock_task_new();

    if (previous)
        platform_thread_destroy(previous->thread);
    platform_free(previous);
    task->stacks = done % 8;
    if (done++ == THREADS) {
        report("thread: create, one trap, destroy", THREADS);
        platform_exit(0);
        return;
    }
    mock_thread_go(task, DO_NULL_FAST, 1);
}

static void thread_start(void)
{
    done = 0;
    began = platform_time_monotonic();
    thread_next(NULL);
}

/* --- taking away ---------------------------------------------------------- */

static void sync_now(struct mock_thread *thread)
{
    struct platform_task *task = thread->task->task;

    platform_task_map(task, TOUCH_BASE, mock_frames(1), 4096, 3);
    platform_task_sync(task);
    began = platform_time_monotonic();
    for (int i = 0; i < SYNCS; i++) {
        platform_task_protect(task, TOUCH_BASE, 4096, 1 + 2 * (i & 1));
        platform_task_sync(task);
    }
    report("protect one page and sync", SYNCS);
    platform_exit(0);
}

static void sync_start(void)
{
    mock_thread_go(mock_task_new(), DO_NULL_FAST, 1);
}

/* --- for comparison ------------------------------------------------------- */

static void pipe_round_trips(void)
{
    int there[2], back[2];
    char byte = 0;
    pid_t child;
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof(one), &one);
    if (pipe(there) != 0 || pipe(back) != 0)
        exit(1);
    child = fork();
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1)
                break;
        _exit(0);
    }
    began = platform_time_monotonic();
    for (int i = 0; i < TRAPS; i++)
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            exit(1);
    report("for comparison: pipe there and back, one CPU", TRAPS);
    close(there[1]);
    waitpid(child, NULL, 0);
}

int main(void)
{
    time_routine(DO_NULL_FAST, TRAPS, "null trap, fast entry");
    time_routine(DO_NULL_SLOW, TRAPS, "null trap, syscall");
    emulate = true;
    time_routine(DO_EMULATION, TRAPS, "system call redirected in the task");
    emulate = false;
    time_routine(DO_TOUCH, PAGES,
                 "first write to a page, one mapped per fault");
    mock = (struct mock_hooks){.start = task_start, .done = task_next};
    run();
    mock = (struct mock_hooks){.start = thread_start, .done = thread_next};
    run();
    mock = (struct mock_hooks){.start = sync_start, .done = sync_now};
    run();
    pipe_round_trips();
    return 0;
}
