/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/linux/disk.h: disks and what is behind them.
 *
 * disk.c takes the kernel's requests and reports their ends in the loop; a
 * backing does them in threads of its own.  A request is the backing's from its
 * submit to disk_request_done, and several may be under way at once, in any
 * order, as with a disk's own queue.
 */
#ifndef PLATFORM_LINUX_DISK_H
#define PLATFORM_LINUX_DISK_H

#include "platform/linux/linux.h"
#include "platform/platform.h"
#include <sys/uio.h>

#define DISK_SECTOR 512

struct disk;

struct disk_request {
    struct disk_request *next; /* of whoever has it */
    struct disk *disk;
    enum platform_disk_op op;
    uint64_t offset;
    void *cookie;
    int status;     /* 0 or a negative errno, when it is done */
    unsigned parts; /* a backing's count of what is still to do */
    /* disk_abandon.c's, the loop's thread alone: all that a backing has. */
    struct disk_request *newer, *older;
    bool direct;    /* goes to memory itself: it cannot be abandoned */
    bool abandoned; /* nobody is told of its end */
    unsigned page_range_count;
    struct platform_extent *page_ranges; /* of its extents; malloced */
    unsigned extent_count;
    struct iovec extents[];
};

struct disk_queue {
    struct disk_request *first, **last;
};

struct disk_backing {
    /* Opens what the options name and sets SIZE, a multiple of a sector.
     * Returns -1 after machine_fail. */
    int (*open)(struct disk *disk, const struct linux_disk *options);
    /* True if the request could be done at once, without waiting. */
    bool (*try)(struct disk *disk, struct disk_request *request);
    void (*submit)(struct disk *disk, struct disk_request *request);
    /* Returns when everything that was submitted is done. */
    void (*close)(struct disk *disk);
};

struct disk {
    const struct disk_backing *backing;
    uint64_t size;
    bool read_only;
    bool lost, lost_told; /* the medium is gone; under disk.c's lock */
    void *state;          /* the backing's */
};

extern const struct disk_backing disk_file, disk_nbd;

/* For backings, from any thread. */
void disk_request_done(struct disk_request *request, int status);
/* The medium is gone for good: the kernel is told. */
void disk_lost(struct disk *disk);
/* A thread that takes no signals.  Returns 0 or -1 after machine_fail. */
int disk_start_thread(void *(*entry)(void *), void *argument, void *thread_out);

/* --- disk_abandon.c: in the loop's thread ------------------------------------- */

/* REQUEST goes to a backing: its extents, which lie in machine.base, become
 * those that it can be cut off from, if that can be. */
void disk_detachable(struct disk_request *request);
/* REQUEST has come back, and will be freed. */
void disk_undetach(struct disk_request *request);

void disk_queue_init(struct disk_queue *queue);
void disk_queue_add(struct disk_queue *queue, struct disk_request *request);
struct disk_request *disk_queue_take(struct disk_queue *queue);

#endif /* PLATFORM_LINUX_DISK_H */
