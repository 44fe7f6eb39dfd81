/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/lock.h"
#include "personality/mach.h"

void lock_wait(struct lock *lock)
{
    while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE))
        gsync_wait(mach_task_self(), (vm_address_t)&lock->word, 2, 0, 0, 0);
}

void lock_wake(struct lock *lock)
{
    gsync_wake(mach_task_self(), (vm_address_t)&lock->word, 0, 0);
}
