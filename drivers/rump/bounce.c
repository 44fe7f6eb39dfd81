/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/bounce.c: memory for devices, for data that lies elsewhere.
 *
 * There are small buffers for the many and large ones for the long, as each
 * request has its price.  They are made on demand and kept; one is there from the
 * beginning, so that when there is no memory in one piece requests still go, one
 * after the other.
 */

#include "drivers/rump/private.h"

#define BOUNCE_MAX 32u

struct bounce_class {
    size_t size_bytes;
    unsigned limit; /* at most BOUNCE_MAX */
    unsigned made;
    struct rump_bounce all[BOUNCE_MAX];
    struct rump_bounce *free;
};

static struct {
    struct hyp_lock *lock;
    struct hyp_cond *freed;
    struct bounce_class small, large;
} pool = {.small = {.size_bytes = 64u << 10, .limit = 32},
          .large = {.size_bytes = 1u << 20, .limit = 8}};

static bool make_bounce(struct bounce_class *class)
{
    struct rump_bounce *bounce = &class->all[class->made];

    if (class->made == class->limit) {
        return false;
    }
    bounce->data = hyp_dma_alloc(class->size_bytes, &bounce->phys);
    if (bounce->data == NULL) {
        return false;
    }
    bounce->class = class;
    bounce->size_bytes = class->size_bytes;
    bounce->next = class->free;
    class->free = bounce;
    class->made++;
    return true;
}

/* NULL if there is none, and none will be freed or none shall be waited for. */
static struct rump_bounce *take(struct bounce_class *class, bool wait)
{
    struct rump_bounce *bounce;

    hyp_lock_acquire(pool.lock);
    while (class->free == NULL && !make_bounce(class) && wait &&
           class->made > 0) {
        hyp_cond_wait(pool.freed, pool.lock, 0);
    }
    bounce = class->free;
    if (bounce != NULL) {
        class->free = bounce->next;
    }
    hyp_lock_release(pool.lock);
    return bounce;
}

struct rump_bounce *rump_bounce_take(size_t size, bool wait)
{
    struct rump_bounce *bounce = NULL;

    if (size > pool.small.size_bytes) {
        bounce = take(&pool.large, wait);
    }
    return bounce != NULL ? bounce : take(&pool.small, wait);
}

void rump_bounce_give(struct rump_bounce *bounce)
{
    hyp_lock_acquire(pool.lock);
    bounce->next = bounce->class->free;
    bounce->class->free = bounce;
    hyp_cond_broadcast(pool.freed);
    hyp_lock_release(pool.lock);
}

static void free_bounces(struct bounce_class *class)
{
    while (class->made > 0) {
        hyp_dma_free(class->all[--class->made].data, class->size_bytes);
    }
    class->free = NULL;
}

enum driver_error rump_bounce_init(void)
{
    pool.lock = hyp_lock_create();
    pool.freed = hyp_cond_create();
    return pool.lock != NULL && pool.freed != NULL && make_bounce(&pool.small)
               ? DRIVER_OK
               : DRIVER_ENOMEM;
}

void rump_bounce_end(void)
{
    free_bounces(&pool.small);
    free_bounces(&pool.large);
    if (pool.lock != NULL) {
        hyp_lock_destroy(pool.lock);
    }
    if (pool.freed != NULL) {
        hyp_cond_destroy(pool.freed);
    }
    pool.lock = NULL;
    pool.freed = NULL;
}
