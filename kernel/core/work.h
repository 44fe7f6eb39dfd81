/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/work.h: no entry works without bound.
 *
 * What the kernel does is counted in steps: an allocation, a slot of a tree, a
 * page copied are some each.  An entry that has made WORK_SLICE of them has
 * used up its share: whatever could go on for long looks at work_spent, always
 * after it has got a little further, and puts the rest off to an entry of its
 * own, behind those that other tasks wait for:
 *
 *   a routine of MIG's        returns KERN_LATER (mig/kobject.h)
 *   what can wait for a page  vm_fault_wait_later (vm/fault.h)
 *   the end of things         a struct work of its module's
 *
 * With the word `watchdog' on the kernel's command line each entry that took
 * more of the processor than WATCHDOG_NS, or more steps than WATCHDOG_STEPS, is
 * told on the console.
 */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include "core/list.h"
#include <stdbool.h>
#include <stdint.h>

#define WORK_SLICE     8192u
#define WATCHDOG_NS    5000000u
#define WATCHDOG_STEPS (4 * WORK_SLICE)

/* Steps since the machine began. */
extern uint64_t work_steps;

static inline void work_step(unsigned count)
{
    work_steps += count;
}

/* The entry in progress has used up its share. */
bool work_spent(void);

/* The beginning and the end of an entry.  KIND and NUMBER are what the watchdog
 * calls it; work_detail says more: what was asked of the kernel, and by whom. */
void work_begin(const char *kind, int64_t number);
void work_detail(int message_id, const char *task_name);
void work_end(void);
void work_watch(bool on);

/* Who is worked for is charged with steps, by which the kernel's own time is
 * shared out: the steps since the last lap, and some for what is not counted. */
uint64_t work_lap(void);
/* All that laps have counted, or will have. */
uint64_t work_total(void);

/* The most steps that an entry has made since this was asked last. */
uint64_t work_longest(void);

/* Something to be done in an entry of its own.  RUN is called once for each
 * work_later; zeroed or returned from RUN, a work is not waiting. */
struct work {
    struct list link;
    void (*run)(struct work *work);
};

/* Puts WORK behind those that wait; nothing if it waits already. */
void work_later(struct work *work);
void work_cancel(struct work *work);
/* Runs the first; false if there was none. */
bool work_run(void);

void work_module_init(void);

#endif
