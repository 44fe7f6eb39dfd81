/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/bio.c: transfers that nobody waits for.
 *
 * Each is one request of the driver's, straight from or to the caller's memory;
 * its end is told from the driver's own thread, so that an answer costs no
 * switch to another one.
 */

#include "drivers/rump/private.h"

#define SEGMENTS_MAX 257u /* 1 MiB, wherever it begins */
#define CHECKED_MAX  64u

struct bio {
    struct block_request request;
    struct rump_bio *owner;
    struct block_disk *disk;
    struct bio *next, **link; /* of those under way, or only next: idle */
    bool seen;                /* by the last check */
    struct hyp_segment segments[SEGMENTS_MAX];
};

static struct {
    struct hyp_lock *lock;
    struct bio *idle, *busy;
    bool used; /* since the last check */
} bios;

enum driver_error rump_bio_init(void)
{
    bios.lock = hyp_lock_create();
    return bios.lock != NULL ? DRIVER_OK : DRIVER_ENOMEM;
}

void rump_bio_end(void)
{
    while (bios.idle != NULL) {
        struct bio *bio = bios.idle;

        bios.idle = bio->next;
        hyp_free(bio);
    }
    if (bios.lock != NULL) {
        hyp_lock_destroy(bios.lock);
    }
    bios.lock = NULL;
}

static struct bio *take(void)
{
    struct bio *bio;

    hyp_lock_acquire(bios.lock);
    bio = bios.idle;
    if (bio != NULL) {
        bios.idle = bio->next;
    }
    hyp_lock_release(bios.lock);
    return bio != NULL ? bio : hyp_alloc(sizeof *bio);
}

static void give(struct bio *bio)
{
    hyp_lock_acquire(bios.lock);
    bio->next = bios.idle;
    bios.idle = bio;
    hyp_lock_release(bios.lock);
}

static void begin(struct bio *bio)
{
    hyp_lock_acquire(bios.lock);
    bio->seen = false;
    bio->next = bios.busy;
    bio->link = &bios.busy;
    if (bio->next != NULL) {
        bio->next->link = &bio->next;
    }
    bios.busy = bio;
    bios.used = true;
    hyp_lock_release(bios.lock);
}

static void end(struct bio *bio)
{
    hyp_lock_acquire(bios.lock);
    *bio->link = bio->next;
    if (bio->next != NULL) {
        bio->next->link = bio->link;
    }
    bio->next = bios.idle;
    bios.idle = bio;
    hyp_lock_release(bios.lock);
}

static void request_done(struct block_request *request, enum driver_error error)
{
    struct bio *bio = (struct bio *)request;
    struct rump_bio *owner = bio->owner;

    end(bio);
    owner->done(owner, rump_error_number(error));
    rump_leave();
}

/* The data as the driver wants them; false if they must be copied, or are more
 * than one request may move. */
static bool fill(struct bio *bio)
{
    const struct rump_bio *owner = bio->owner;
    struct block_disk *disk = bio->disk;
    unsigned max =
        disk->segments_max < SEGMENTS_MAX ? disk->segments_max : SEGMENTS_MAX;
    unsigned count;

    if (owner->size > disk->transfer_max_bytes) {
        return false;
    }
    count = hyp_dma_segments(owner->data, owner->size, bio->segments, max);
    bio->request = (struct block_request){
        .op = owner->write ? BLOCK_WRITE : BLOCK_READ,
        .sector = (uint64_t)owner->offset / disk->sector_bytes,
        .sector_count = (uint32_t)(owner->size / disk->sector_bytes),
        .segments = bio->segments,
        .segment_count = count,
        .done = request_done,
    };
    return count > 0;
}

int rump_bio(struct rump_bio *owner)
{
    struct block_disk *disk;
    struct bio *bio;

    if (!rump_file_enter(owner->fd, owner->write ? BLOCK_WRITE : BLOCK_READ,
                         owner->size, owner->offset, &disk)) {
        return -1;
    }
    bio = take();
    if (bio != NULL) {
        bio->owner = owner;
        bio->disk = disk;
        if (fill(bio)) {
            begin(bio);
            disk->ops->submit(disk, &bio->request);
            return 0;
        }
        give(bio);
    }
    rump_leave();
    return rump_fail(RUMP_EAGAIN);
}

/* --- those that last long ------------------------------------------------- */

/* Which were there the last time already, at most MAX. */
static unsigned find_old(struct bio **old, unsigned max)
{
    unsigned count = 0;

    for (struct bio *bio = bios.busy; bio != NULL; bio = bio->next) {
        if (bio->seen && count < max) {
            old[count++] = bio;
        }
        bio->seen = true;
    }
    return count;
}

int rump_bio_check(void)
{
    struct bio *old[CHECKED_MAX];
    unsigned count;
    bool used;

    if (!rump_enter()) {
        return 0;
    }
    hyp_lock_acquire(bios.lock);
    used = bios.used || bios.busy != NULL;
    bios.used = false;
    count = find_old(old, CHECKED_MAX);
    hyp_lock_release(bios.lock);
    /* One that ends meanwhile is none of the driver's any more, which looks
     * whether it has it before it does anything. */
    for (unsigned i = 0; i < count; i++) {
        old[i]->disk->ops->overdue(old[i]->disk, &old[i]->request);
    }
    rump_leave();
    return used;
}
