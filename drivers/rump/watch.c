/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/watch.c: looks at what is under way from time to time, so that
 * those who wait need no clock.  While nothing was, it sleeps without one. */

#include "drivers/rump/transfer.h"

static struct {
    struct hyp_lock *lock;
    struct hyp_cond *changed; /* of all below, and of transfers' watched */
    struct transfer *active;
    struct hyp_thread *thread;
    bool sleeps, stop;
} all;

unsigned rump_overdue_ms = 15000;

void rump_watch_add(struct transfer *transfer)
{
    hyp_lock_acquire(all.lock);
    transfer->active_next = all.active;
    transfer->active_link = &all.active;
    if (all.active != NULL) {
        all.active->active_link = &transfer->active_next;
    }
    all.active = transfer;
    if (all.sleeps) {
        all.sleeps = false;
        hyp_cond_broadcast(all.changed);
    }
    hyp_lock_release(all.lock);
}

void rump_watch_remove(struct transfer *transfer)
{
    hyp_lock_acquire(all.lock);
    while (transfer->watched) {
        hyp_cond_wait(all.changed, all.lock, 0);
    }
    *transfer->active_link = transfer->active_next;
    if (transfer->active_next != NULL) {
        transfer->active_next->active_link = transfer->active_link;
    }
    hyp_lock_release(all.lock);
}

static void complain(struct transfer *transfer)
{
    for (unsigned i = 0; i < PIECES; i++) {
        struct block_request *request = &transfer->pieces[i].request;
        bool busy;

        hyp_lock_acquire(transfer->lock);
        busy = transfer->pieces[i].busy;
        hyp_lock_release(transfer->lock);
        if (busy) {
            transfer->disk->ops->overdue(transfer->disk, request);
        }
    }
}

/* Under the lock, which is let go while a driver is asked: that may take long,
 * and others go on. */
static void look_at_all(void)
{
    struct transfer *transfer = all.active;

    while (transfer != NULL) {
        transfer->watched = true;
        hyp_lock_release(all.lock);
        complain(transfer);
        hyp_lock_acquire(all.lock);
        transfer->watched = false;
        hyp_cond_broadcast(all.changed);
        transfer = transfer->active_next;
    }
}

static void run(void *unused)
{
    (void)unused;
    hyp_lock_acquire(all.lock);
    while (!all.stop) {
        if (all.active == NULL) {
            all.sleeps = true;
            hyp_cond_wait(all.changed, all.lock, 0);
        } else if (!hyp_cond_wait(all.changed, all.lock, rump_overdue_ms)) {
            look_at_all();
        }
    }
    hyp_lock_release(all.lock);
}

/* --- start and end -------------------------------------------------------- */

enum driver_error rump_watch_init(void)
{
    all.stop = false;
    all.sleeps = false;
    all.lock = hyp_lock_create();
    all.changed = hyp_cond_create();
    if (all.lock == NULL || all.changed == NULL) {
        return DRIVER_ENOMEM;
    }
    all.thread = hyp_thread_create(run, NULL);
    return all.thread != NULL ? DRIVER_OK : DRIVER_ENOMEM;
}

static void end_thread(void)
{
    hyp_lock_acquire(all.lock);
    all.stop = true;
    hyp_cond_broadcast(all.changed);
    hyp_lock_release(all.lock);
    hyp_thread_join(all.thread);
    all.thread = NULL;
}

void rump_watch_end(void)
{
    if (all.thread != NULL) {
        end_thread();
    }
    if (all.lock != NULL) {
        hyp_lock_destroy(all.lock);
    }
    if (all.changed != NULL) {
        hyp_cond_destroy(all.changed);
    }
    all.lock = NULL;
    all.changed = NULL;
}
