/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/lock.h: mutual exclusion between a task's threads.
 *
 * A lock is a word: 0 free, 1 held, 2 held and wanted.  Waiting goes through
 * the kernel's gsync.  Not recursive.  Zeroed memory is a free lock.
 */
#ifndef PERSONALITY_LOCK_H
#define PERSONALITY_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lock {
    uint32_t word;
};

void lock_wait(struct lock *lock);
void lock_wake(struct lock *lock);

static inline void lock_take(struct lock *lock)
{
    uint32_t free = 0;

    if (!__atomic_compare_exchange_n(&lock->word, &free, 1, 0, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        lock_wait(lock);
}

static inline bool lock_try(struct lock *lock)
{
    uint32_t free = 0;

    return __atomic_compare_exchange_n(&lock->word, &free, 1, 0,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void lock_release(struct lock *lock)
{
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        lock_wake(lock);
}

#endif
