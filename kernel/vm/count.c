/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/count.h"
#include "task/thread.h"

uint64_t vm_events[VM_EVENTS];

void vm_count(enum vm_event what, uint64_t n)
{
    vm_events[what] += n;
    if (current_thread)
        current_task()->events[what] += n;
}
