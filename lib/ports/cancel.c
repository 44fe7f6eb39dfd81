/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/cancel.c: telling a thread that sleeps in a request to stop.
 *
 * Each thread has a record of what it sleeps on.  The one who cancels must take
 * the sleeper's own mutex, or the wake-up could fall between its check and its
 * sleep; but the sleeper's mutex ranks below the record's lock, so it is only
 * tried for.
 *
 * Whoever sleeps in a request for longer than a moment has its reply port watched:
 * a client that is gone must not leave a thread asleep behind it.  Most sleeps are
 * shorter, and cost no message more.
 */

#include <ports/ports.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define MOMENT_S 1

struct ports_cancel {
    pthread_mutex_t lock;
    int refs;
    boolean_t pending;
    pthread_cond_t *cond; /* what the thread sleeps on, or null */
    pthread_mutex_t *mutex;
    struct rpc_info *rpc; /* what the thread serves, if it is to be watched */
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop_own(void *thread)
{
    _ports_cancel_deref(thread);
}

static void make_key(void)
{
    pthread_key_create(&key, drop_own);
}

struct ports_cancel *_ports_cancel_self(void)
{
    pthread_once(&once, make_key);
    struct ports_cancel *self = pthread_getspecific(key);
    if (!self) {
        self = calloc(1, sizeof *self);
        if (!self)
            abort();
        pthread_mutex_init(&self->lock, NULL);
        self->refs = 1;
        pthread_setspecific(key, self);
    }
    return self;
}

void _ports_cancel_ref(struct ports_cancel *thread)
{
    __atomic_add_fetch(&thread->refs, 1, __ATOMIC_RELAXED);
}

void _ports_cancel_deref(struct ports_cancel *thread)
{
    if (__atomic_sub_fetch(&thread->refs, 1, __ATOMIC_ACQ_REL) == 0)
        free(thread);
}

void _ports_cancel_mark(struct ports_cancel *thread)
{
    pthread_mutex_lock(&thread->lock);
    thread->pending = TRUE;
    pthread_mutex_unlock(&thread->lock);
}

void _ports_cancel_wake(struct ports_cancel *thread)
{
    for (;;) {
        pthread_mutex_lock(&thread->lock);
        if (!thread->cond)
            break;
        if (pthread_mutex_trylock(thread->mutex) == 0) {
            pthread_cond_broadcast(thread->cond);
            pthread_mutex_unlock(thread->mutex);
            break;
        }
        pthread_mutex_unlock(&thread->lock);
        sched_yield();
    }
    pthread_mutex_unlock(&thread->lock);
}

void _ports_cancel(struct ports_cancel *thread)
{
    _ports_cancel_mark(thread);
    _ports_cancel_wake(thread);
}

boolean_t _ports_cancel_pending(struct ports_cancel *thread, boolean_t forget)
{
    pthread_mutex_lock(&thread->lock);
    boolean_t pending = thread->pending;
    if (forget)
        thread->pending = FALSE;
    pthread_mutex_unlock(&thread->lock);
    return pending;
}

int hurd_check_cancel(void)
{
    return _ports_cancel_pending(_ports_cancel_self(), TRUE);
}

boolean_t ports_self_interrupted(void)
{
    return _ports_cancel_pending(_ports_cancel_self(), FALSE);
}

void _ports_cancel_watch(struct rpc_info *rpc)
{
    _ports_cancel_self()->rpc = rpc;
}

/* Once for each request. */
static boolean_t watch(struct ports_cancel *self)
{
    struct rpc_info *rpc = self->rpc;

    self->rpc = NULL;
    return rpc && _ports_nobody_hears(rpc);
}

boolean_t ports_self_given_up(void)
{
    struct ports_cancel *self = _ports_cancel_self();

    return watch(self) || _ports_cancel_pending(self, FALSE);
}

static boolean_t is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec
                                  : a->tv_nsec < b->tv_nsec;
}

/* The end of the moment, if the sleep may last longer. */
static boolean_t ends_later(const struct timespec *deadline,
                            struct timespec *moment)
{
    clock_gettime(CLOCK_REALTIME, moment);
    moment->tv_sec += MOMENT_S;
    return !deadline || is_before(moment, deadline);
}

static int sleep_on(pthread_cond_t *cond, pthread_mutex_t *mutex,
                    const struct timespec *deadline)
{
    struct ports_cancel *self = _ports_cancel_self();
    struct timespec moment;

    if (self->rpc && ends_later(deadline, &moment)) {
        int err = pthread_cond_timedwait(cond, mutex, &moment);
        if (!err || watch(self))
            return err ? -1 : 0;
    }
    return deadline ? pthread_cond_timedwait(cond, mutex, deadline)
                    : pthread_cond_wait(cond, mutex);
}

static int cancellable_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                            const struct timespec *deadline)
{
    struct ports_cancel *self = _ports_cancel_self();

    pthread_mutex_lock(&self->lock);
    boolean_t cancelled = self->pending;
    self->pending = FALSE;
    if (!cancelled) {
        self->cond = cond;
        self->mutex = mutex;
    }
    pthread_mutex_unlock(&self->lock);
    if (cancelled)
        return -1;

    int err = sleep_on(cond, mutex, deadline);

    pthread_mutex_lock(&self->lock);
    self->cond = NULL;
    self->mutex = NULL;
    cancelled = self->pending;
    self->pending = FALSE;
    pthread_mutex_unlock(&self->lock);
    return cancelled ? -1 : err;
}

int pthread_hurd_cond_wait_np(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return cancellable_wait(cond, mutex, NULL);
}

int pthread_hurd_cond_timedwait_np(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *deadline)
{
    return cancellable_wait(cond, mutex, deadline);
}
