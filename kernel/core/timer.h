/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/timer.h: calls of a function at a later time.
 *
 * A timer is part of its owner's struct, zeroed before its first use.  It fires
 * once, from the kernel loop; cancelling one that is not set does nothing.
 * Times are the platform's monotonic nanoseconds; those that are equal fire in
 * the order in which they were set.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include "core/heap.h"

struct timer {
    struct heap_node node;
    void (*fire)(struct timer *);
};

void timer_set(struct timer *timer, uint64_t deadline_ns,
               void (*fire)(struct timer *));
void timer_set_ms(struct timer *timer, uint32_t from_now_ms,
                  void (*fire)(struct timer *));
void timer_cancel(struct timer *timer);

void timer_module_init(void);
/* Fires what is due, as far as the entry may (core/work.h), and asks the platform
 * for the next. */
void timer_run(void);

#endif
