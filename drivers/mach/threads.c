/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/mach/threads.c: locks and conditions on Mach's gsync.
 *
 * A transfer's time limit is a gsync_wait's own, so that nobody has to ask for
 * the time before each; and a free lock is taken without a message.
 */

#include <mach/mach.h>
#include <stdlib.h>

#include "drivers/hypercall.h"

/* gsync_wait's and gsync_wake's flags (HURD-FACTS 1.12). */
#define TIMED     4
#define BROADCAST 8

enum { FREE, TAKEN, CONTENDED };

struct hyp_lock {
    unsigned state;
};

/* The count of the broadcasts; who waits remembers what it was. */
struct hyp_cond {
    unsigned count;
};

static kern_return_t wait(unsigned *word, unsigned value, unsigned timeout_ms)
{
    return gsync_wait(mach_task_self(), (vm_address_t)word, value, 0,
                      timeout_ms, timeout_ms ? TIMED : 0);
}

static void wake(unsigned *word, int flags)
{
    gsync_wake(mach_task_self(), (vm_address_t)word, 0, flags);
}

struct hyp_lock *hyp_lock_create(void)
{
    return calloc(1, sizeof(struct hyp_lock));
}

void hyp_lock_destroy(struct hyp_lock *lock)
{
    free(lock);
}

void hyp_lock_acquire(struct hyp_lock *lock)
{
    unsigned state = FREE;

    if (__atomic_compare_exchange_n(&lock->state, &state, TAKEN, false,
                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&lock->state, CONTENDED, __ATOMIC_ACQUIRE) !=
           FREE)
        wait(&lock->state, CONTENDED, 0);
}

void hyp_lock_release(struct hyp_lock *lock)
{
    if (__atomic_exchange_n(&lock->state, FREE, __ATOMIC_RELEASE) == CONTENDED)
        wake(&lock->state, 0);
}

struct hyp_cond *hyp_cond_create(void)
{
    return calloc(1, sizeof(struct hyp_cond));
}

void hyp_cond_destroy(struct hyp_cond *cond)
{
    free(cond);
}

bool hyp_cond_wait(struct hyp_cond *cond, struct hyp_lock *lock,
                   unsigned timeout_ms)
{
    unsigned count = __atomic_load_n(&cond->count, __ATOMIC_RELAXED);
    kern_return_t err;

    hyp_lock_release(lock);
    err = wait(&cond->count, count, timeout_ms);
    hyp_lock_acquire(lock);
    return err != KERN_TIMEDOUT;
}

void hyp_cond_broadcast(struct hyp_cond *cond)
{
    __atomic_fetch_add(&cond->count, 1, __ATOMIC_RELEASE);
    wake(&cond->count, BROADCAST);
}
