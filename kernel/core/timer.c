/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/timer.h"
#include "core/core.h"
#include "core/work.h"

static struct heap timers; /* by deadline */

void timer_module_init(void)
{
    timers = (struct heap){0};
}

static void timer_program(void)
{
    platform_timer_set(timers.first ? timers.first->key : UINT64_MAX);
}

void timer_set(struct timer *timer, uint64_t deadline_ns,
               void (*fire)(struct timer *))
{
    if (heap_linked(&timer->node))
        heap_remove(&timers, &timer->node);
    timer->fire = fire;
    heap_insert(&timers, &timer->node, deadline_ns);
    if (timers.first == &timer->node)
        timer_program();
}

void timer_set_ms(struct timer *timer, uint32_t from_now_ms,
                  void (*fire)(struct timer *))
{
    timer_set(timer, platform_time_monotonic() + from_now_ms * 1000000ull,
              fire);
}

void timer_cancel(struct timer *timer)
{
    bool was_first = timers.first == &timer->node;

    if (!heap_linked(&timer->node))
        return;
    heap_remove(&timers, &timer->node);
    if (was_first)
        timer_program();
}

void timer_run(void)
{
    uint64_t now = platform_time_monotonic();

    while (timers.first && timers.first->key <= now && !work_spent()) {
        struct timer *timer = heap_entry(timers.first, struct timer, node);
        heap_remove(&timers, &timer->node);
        timer->fire(timer);
    }
    timer_program();
}
