/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/work.h"
#include "core/core.h"

uint64_t work_steps;

static struct {
    struct list waiting; /* of struct work */
    uint64_t limit;      /* WORK_STEPS at which the entry has had its share */
    uint64_t start, longest;
    uint64_t lap, laps; /* steps at the last lap, and laps so far */

    bool inside; /* an entry is in progress */
    bool watched;
    const char *kind;
    int64_t number;
    int message_id;
    uint64_t start_ns;
    char task_name[64];
} state;

void work_module_init(void)
{
    list_init(&state.waiting);
    state.watched = state.inside = false;
    state.limit = UINT64_MAX; /* the making of the kernel is one piece */
    state.longest = 0;
    state.laps = 0;
    work_steps = state.lap = 0;
}

bool work_spent(void)
{
    return work_steps >= state.limit;
}

void work_watch(bool on)
{
    state.watched = on;
}

void work_begin(const char *kind, int64_t number)
{
    state.inside = true;
    state.start = work_steps;
    state.limit = work_steps + WORK_SLICE;
    if (!state.watched)
        return;
    state.kind = kind;
    state.number = number;
    state.message_id = 0;
    state.task_name[0] = 0;
    state.start_ns = platform_time_spent();
}

void work_detail(int message_id, const char *task_name)
{
    if (!state.watched)
        return;
    state.message_id = message_id;
    ksnprintf(state.task_name, sizeof state.task_name, "%s", task_name);
}

/* What it takes to come in and to go again. */
#define LAP_STEPS 32u

uint64_t work_lap(void)
{
    uint64_t steps = LAP_STEPS + work_steps - state.lap;

    state.lap = work_steps;
    state.laps++;
    return steps;
}

uint64_t work_total(void)
{
    return work_steps + state.laps * LAP_STEPS;
}

static void work_judge(void)
{
    uint64_t ns = platform_time_spent() - state.start_ns;

    if (ns > WATCHDOG_NS || work_steps - state.start > WATCHDOG_STEPS)
        kprintf("watchdog: %s %ld, message %d, of %s: %lu us, %lu steps\n",
                state.kind, (long)state.number, state.message_id,
                state.task_name, (unsigned long)(ns / 1000),
                (unsigned long)(work_steps - state.start));
}

void work_end(void)
{
    if (!state.inside)
        return;
    state.inside = false;
    state.limit = UINT64_MAX;
    state.longest = max_of(state.longest, work_steps - state.start);
    if (state.watched)
        work_judge();
    if (!list_empty(&state.waiting))
        platform_work_wanted();
}

uint64_t work_longest(void)
{
    uint64_t longest = state.longest;

    state.longest = 0;
    return longest;
}

void work_later(struct work *work)
{
    if (list_linked(&work->link))
        return;
    list_append(&state.waiting, &work->link);
    platform_work_wanted();
}

void work_cancel(struct work *work)
{
    if (list_linked(&work->link))
        list_remove(&work->link);
}

bool work_run(void)
{
    struct work *work = list_first_entry(&state.waiting, struct work, link);

    if (!work)
        return false;
    list_remove(&work->link);
    work->run(work);
    return true;
}
