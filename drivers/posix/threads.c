/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/posix/threads.c: locks and conditions by POSIX threads, for programs of
 * the host's. */

#include "drivers/hypercall.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull

struct hyp_lock {
    pthread_mutex_t mutex;
};

struct hyp_cond {
    pthread_cond_t cond;
};

struct hyp_lock *hyp_lock_create(void)
{
    struct hyp_lock *lock = calloc(1, sizeof *lock);

    if (lock != NULL) {
        pthread_mutex_init(&lock->mutex, NULL);
    }
    return lock;
}

void hyp_lock_destroy(struct hyp_lock *lock)
{
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

void hyp_lock_acquire(struct hyp_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

void hyp_lock_release(struct hyp_lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

struct hyp_cond *hyp_cond_create(void)
{
    struct hyp_cond *cond = calloc(1, sizeof *cond);
    pthread_condattr_t attr;

    if (cond != NULL) {
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&cond->cond, &attr);
        pthread_condattr_destroy(&attr);
    }
    return cond;
}

void hyp_cond_destroy(struct hyp_cond *cond)
{
    pthread_cond_destroy(&cond->cond);
    free(cond);
}

bool hyp_cond_wait(struct hyp_cond *cond, struct hyp_lock *lock,
                   unsigned timeout_ms)
{
    struct timespec until;
    uint64_t ns;

    if (timeout_ms == 0) {
        pthread_cond_wait(&cond->cond, &lock->mutex);
        return true;
    }
    ns = hyp_time_ns() + timeout_ms * NS_PER_MS;
    until.tv_sec = (time_t)(ns / NS_PER_S);
    until.tv_nsec = (long)(ns % NS_PER_S);
    return pthread_cond_timedwait(&cond->cond, &lock->mutex, &until) == 0;
}

void hyp_cond_broadcast(struct hyp_cond *cond)
{
    pthread_cond_broadcast(&cond->cond);
}
