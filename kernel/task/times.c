/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/times.h"
#include "core/timer.h"
#include "task/task.h"
#include "task/thread.h"

#include <mach/processor_info.h>
#include <mach/thread_info.h>

#define NS_PER_S    1000000000ul
#define LOAD_MS     1000
#define IDLE_STALE  (50 * 1000000ul)
#define PRICE_SHIFT 10

static struct {
    uint64_t start_ns, start_spent_ns;
    uint64_t ended_ns; /* had by tasks that have ended */
    uint64_t idle_ns, idle_at_ns;
    struct task_load load;
    struct timer timer;
} times;

/* What the kernel has needed for so many steps so far. */
static uint64_t kernel_ns(uint64_t steps)
{
    uint64_t spent_ns = platform_time_spent() - times.start_spent_ns;
    uint64_t price = (spent_ns << PRICE_SHIFT) / max_of(work_total(), 1ul);

    return (steps * price) >> PRICE_SHIFT;
}

static void usage_raise(struct task_usage *shown, uint64_t user_ns,
                        uint64_t system_ns)
{
    shown->user_ns = max_of(shown->user_ns, user_ns);
    shown->system_ns = max_of(shown->system_ns, system_ns);
}

static uint64_t task_all_ns(struct task *task)
{
    struct platform_times had;

    if (!task->platform)
        return 0;
    platform_task_times(task->platform, &had);
    return had.user_ns + had.system_ns;
}

/* Of one processor: what Linux gave to tasks on several may be more than that. */
static uint64_t idle_ns(void)
{
    uint64_t now_ns = platform_time_monotonic(), busy_ns = times.ended_ns;
    struct task *task;

    if (now_ns - times.idle_at_ns < IDLE_STALE)
        return times.idle_ns;
    list_for_each(&all_tasks, task, link)
    {
        busy_ns += task_all_ns(task);
    }
    busy_ns += platform_time_spent() - times.start_spent_ns;
    times.idle_at_ns = now_ns;
    if (now_ns - times.start_ns > busy_ns)
        times.idle_ns =
            max_of(times.idle_ns, now_ns - times.start_ns - busy_ns);
    return times.idle_ns;
}

struct task_usage thread_times(struct thread *thread)
{
    struct platform_times had = {0};

    if (thread->task == kernel_task) {
        thread->used.system_ns = idle_ns();
    } else if (thread->platform) {
        platform_thread_times(thread->platform, &had);
        usage_raise(&thread->used, had.user_ns,
                    had.system_ns + kernel_ns(thread->used.steps));
    }
    return thread->used;
}

/* A task's process has the time of those that have ended, too. */
struct task_usage task_live_times(struct task *task)
{
    struct task_usage live = {0}, *shown = &task->shown;
    struct platform_times had = {0};
    struct thread *thread;
    uint64_t steps = 0;

    if (task == kernel_task)
        return live;
    list_for_each(&task->threads, thread, task_link)
    {
        steps += thread->used.steps;
    }
    if (task->platform)
        platform_task_times(task->platform, &had);
    usage_raise(shown, had.user_ns,
                had.system_ns + kernel_ns(steps + task->dead_threads.steps));
    if (shown->user_ns > task->dead_threads.user_ns)
        live.user_ns = shown->user_ns - task->dead_threads.user_ns;
    if (shown->system_ns > task->dead_threads.system_ns)
        live.system_ns = shown->system_ns - task->dead_threads.system_ns;
    return live;
}

int thread_recent_usage(struct thread *thread)
{
    uint64_t now_ns = platform_time_monotonic();
    uint64_t had_ns = thread->used.user_ns + thread->used.system_ns;
    uint64_t passed_ns = now_ns - thread->recent.at_ns;

    if (passed_ns >= NS_PER_S) {
        thread->recent.usage = (integer_t)((had_ns - thread->recent.had_ns) /
                                           (passed_ns / TH_USAGE_SCALE));
        thread->recent.at_ns = now_ns;
        thread->recent.had_ns = had_ns;
    }
    return thread->recent.usage;
}

int thread_sleep_seconds(const struct thread *thread)
{
    if (thread->state != THREAD_WAITING)
        return 0;
    return (int)((platform_time_monotonic() - thread->wait_since_ns) /
                 NS_PER_S);
}

void thread_times_end(struct thread *thread)
{
    struct task *task = thread->task;

    if (!task->active)
        return; /* nobody will ask */
    struct task_usage used = thread_times(thread);
    task->dead_threads.user_ns += used.user_ns;
    task->dead_threads.system_ns += used.system_ns;
    task->dead_threads.steps += used.steps;
}

void task_times_end(struct task *task)
{
    times.ended_ns += task_all_ns(task);
}

/* --- load ----------------------------------------------------------------- */

/* What is kept of the last value each second, for averages of 5 s, 30 s and a
 * minute, as GNU Mach has them. */
static const long kept[3] = {LOAD_SCALE * 4 / 5, LOAD_SCALE * 29 / 30,
                             LOAD_SCALE * 59 / 60};

static void load_average(long *average, long now, int which)
{
    *average = (*average * kept[which] + now * (LOAD_SCALE - kept[which])) /
               LOAD_SCALE;
}

static void load_look(struct timer *timer)
{
    long running = (long)threads_running;
    long factor =
        running > 1 ? LOAD_SCALE / (running + 1) : (1 - running) * LOAD_SCALE;

    for (int i = 0; i < 3; i++) {
        load_average(&times.load.average[i], running * LOAD_SCALE, i);
        load_average(&times.load.mach_factor[i], factor, i);
    }
    timer_set_ms(timer, LOAD_MS, load_look);
}

struct task_load task_load(void)
{
    return times.load;
}

void task_times_module_init(void)
{
    memset(&times, 0, sizeof times);
    times.start_ns = platform_time_monotonic();
    times.start_spent_ns = platform_time_spent();
    timer_set_ms(&times.timer, LOAD_MS, load_look);
}

void task_times_module_fini(void)
{
    timer_cancel(&times.timer);
}
