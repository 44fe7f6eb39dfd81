/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/timer.h"
#include "core/core.h"

static struct list timers; /* by deadline */

void timer_module_init(void)
{
    list_init(&timers);
}

static void timer_program(void)
{
    struct timer *first = list_first_entry(&timers, struct timer, link);

    platform_timer_set(first ? first->deadline_ns : UINT64_MAX);
}

void timer_set(struct timer *timer, uint64_t deadline_ns,
               void (*fire)(struct timer *))
{
    struct list *position = timers.prev;

    if (list_linked(&timer->link))
        list_remove(&timer->link);
    timer->deadline_ns = deadline_ns;
    timer->fire = fire;
    position = timers.prev;
    while (position != &timers &&
           list_entry(position, struct timer, link)->deadline_ns > deadline_ns)
        position = position->prev;
    list_insert_before(position->next, &timer->link);
    if (timers.next == &timer->link)
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
    if (!list_linked(&timer->link))
        return;
    bool was_first = timers.next == &timer->link;
    list_remove(&timer->link);
    if (was_first)
        timer_program();
}

void timer_run(void)
{
    struct timer *timer;
    uint64_t now = platform_time_monotonic();

    while ((timer = list_first_entry(&timers, struct timer, link)) &&
           timer->deadline_ns <= now) {
        list_remove(&timer->link);
        timer->fire(timer);
    }
    timer_program();
}
