/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/timer.h"
#include "core/core.h"
#include "core/work.h"

static struct {
    struct timer *first;
    uint64_t order;
} timers;

void timer_module_init(void)
{
    timers.first = NULL;
}

static void timer_program(void)
{
    platform_timer_set(timers.first ? timers.first->deadline_ns : UINT64_MAX);
}

/* --- the heap ------------------------------------------------------------- */

static unsigned timer_rank(const struct timer *timer)
{
    return timer ? timer->rank : 0;
}

static bool timer_before(const struct timer *a, const struct timer *b)
{
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns
                                            : a->order < b->order;
}

/* Puts the child of higher rank to the left: the way down on the right, which
 * is the one that is walked, is short then.  False: the rank is as it was. */
static bool timer_lean(struct timer *timer)
{
    unsigned rank = timer->rank;

    if (timer_rank(timer->left) < timer_rank(timer->right)) {
        struct timer *left = timer->left;
        timer->left = timer->right;
        timer->right = left;
    }
    timer->rank = timer_rank(timer->right) + 1;
    return timer->rank != rank;
}

/* As deep as the logarithm of their number. */
static struct timer *timer_merge(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (timer_before(b, a)) {
        struct timer *other = a;
        a = b;
        b = other;
    }
    work_step(1);
    a->right = timer_merge(a->right, b);
    a->right->parent = a;
    timer_lean(a);
    return a;
}

static void timer_unlink(struct timer *timer)
{
    struct timer *parent = timer->parent;
    struct timer *rest = timer_merge(timer->left, timer->right);

    if (rest)
        rest->parent = parent;
    if (!parent)
        timers.first = rest;
    else if (parent->left == timer)
        parent->left = rest;
    else
        parent->right = rest;
    while (parent && timer_lean(parent))
        parent = parent->parent;
    timer->left = timer->right = timer->parent = NULL;
    timer->rank = 0;
}

/* --- the timers ----------------------------------------------------------- */

void timer_set(struct timer *timer, uint64_t deadline_ns,
               void (*fire)(struct timer *))
{
    if (timer->rank)
        timer_unlink(timer);
    timer->deadline_ns = deadline_ns;
    timer->order = timers.order++;
    timer->fire = fire;
    timer->rank = 1;
    timers.first = timer_merge(timers.first, timer);
    timers.first->parent = NULL;
    if (timers.first == timer)
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
    bool was_first = timers.first == timer;

    if (!timer->rank)
        return;
    timer_unlink(timer);
    if (was_first)
        timer_program();
}

void timer_run(void)
{
    uint64_t now = platform_time_monotonic();
    struct timer *timer;

    while ((timer = timers.first) && timer->deadline_ns <= now &&
           !work_spent()) {
        timer_unlink(timer);
        timer->fire(timer);
    }
    timer_program();
}
