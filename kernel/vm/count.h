/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/count.h: what has happened to memory since the machine began, and to whom:
 * what vm_statistics and task_info (TASK_EVENTS_INFO) tell. */
#ifndef VM_COUNT_H
#define VM_COUNT_H

#include <stdint.h>

enum vm_event {
    VM_FAULTS,
    VM_ZERO_FILLS,    /* pages */
    VM_REACTIVATIONS, /* pages that were to go, and were used again */
    VM_PAGEINS,       /* pages asked of a pager */
    VM_PAGEOUTS,      /* pages sent to one */
    VM_COW_FAULTS,    /* pages copied as somebody else has them, too */
    VM_LOOKUPS,       /* pagers looked for among the objects */
    VM_HITS,          /* ... that were known */
    VM_EVENTS
};

extern uint64_t vm_events[VM_EVENTS];

/* N more of WHAT, for the machine and for the task whose entry it is. */
void vm_count(enum vm_event what, uint64_t n);

#endif
