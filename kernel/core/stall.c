/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/stall.h"
#include "boot/boot.h"
#include "core/kernel.h"
#include "core/timer.h"
#include "device/device.h"
#include "ipc/waits.h"
#include "task/task.h"
#include "task/thread.h"

#define LOOK_MS   5000
#define QUIET_MAX 4  /* looks, if somebody is seen to wait for somebody */
#define SLEEP_MAX 12 /* if several tasks wait for whatever may come */
#define LINE_MAX  480

static struct {
    struct timer timer;
    uint64_t sent, seen; /* messages */
    unsigned quiet;      /* looks that saw nothing new */
} stall;

void stall_not(void)
{
    stall.sent++;
}

/* --- who waits for whom --------------------------------------------------- */

static void append(char *line, const char *text)
{
    size_t length = strlen(line);

    ksnprintf(line + length, LINE_MAX - length, "%s%s", length ? "; " : "",
              text);
}

/* Whether something of TASK's may still move by itself. */
static bool task_moves(const struct task *task)
{
    struct thread *thread;

    if (task->suspend_count)
        return false;
    list_for_each(&task->threads, thread, task_link)
    {
        if (thread->state == THREAD_USER || thread->state == THREAD_KERNEL ||
            (thread->state == THREAD_HELD && thread_runnable(thread)))
            return true;
    }
    return false;
}

static void describe_threads(const struct task *task, char *line)
{
    struct thread *thread;
    char text[128];

    list_for_each(&task->threads, thread, task_link)
    {
        if (thread->state == THREAD_WAITING &&
            ipc_describe_wait(thread, text, sizeof text))
            append(line, text);
    }
}

static bool any_moves(void)
{
    struct task *task;

    list_for_each(&all_tasks, task, link)
    {
        if (task != kernel_task && task->active && task_moves(task))
            return true;
    }
    return false;
}

/* False: something can still happen, or nobody waits for anybody. */
static bool describe_all(char *line)
{
    struct task *task;
    char text[TASK_NAME_SIZE + 40];

    if (any_moves())
        return false;
    list_for_each(&all_tasks, task, link)
    {
        if (task == kernel_task || !task->active)
            continue;
        describe_threads(task, line);
        /* Who has run may be held on purpose. */
        if (task->suspend_count && task->thread_count &&
            !task->events[VM_FAULTS]) {
            ksnprintf(text, sizeof text, "%s is not resumed by anybody",
                      task->name);
            append(line, text);
        }
    }
    return line[0] != 0;
}

/* Nobody waits for anybody in particular: those who could be meant. */
static bool describe_tasks(char *line)
{
    struct task *task;
    unsigned count = 0;

    list_for_each(&all_tasks, task, link)
    {
        if (task == kernel_task || !task->active || !task->thread_count)
            continue;
        append(line, task->name);
        count++;
    }
    append(line, "each waits for what may come");
    return count > 1;
}

/* --- looking now and then ------------------------------------------------- */

static void look(struct timer *timer)
{
    static const char says[] = "\nNothing can happen any more: ";
    char line[LINE_MAX] = "", all[LINE_MAX + sizeof says];

    if (device_waits_for_people())
        return; /* it has come up */
    bool quiet =
        boot_is_done() && !device_is_busy() && stall.sent == stall.seen;
    stall.seen = stall.sent;
    stall.quiet = quiet ? stall.quiet + 1 : 0;
    if (stall.quiet >= QUIET_MAX &&
        (describe_all(line) ||
         (stall.quiet >= SLEEP_MAX && !any_moves() && describe_tasks(line)))) {
        ksnprintf(all, sizeof all, "%s%s.", says, line);
        kernel_halt(1, all);
        return;
    }
    timer_set_ms(timer, LOOK_MS, look);
}

void stall_module_init(void)
{
    stall.sent = stall.seen = stall.quiet = 0;
    timer_set_ms(&stall.timer, LOOK_MS, look);
}

void stall_module_fini(void)
{
    timer_cancel(&stall.timer);
}
