/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/block.h: what a disk driver offers to what is above it.
 *
 * A driver finds its functions, makes a struct block_disk for each disk, and
 * takes any number of requests for it: those the device has no room for wait in
 * the driver.  A request belongs to the driver from the submission until its
 * DONE, which is called once, without any lock held, from a thread of the
 * host's or from within the submission; it must not block for long.
 *
 * Requests may overtake each other.  A flush covers the writes whose DONE was
 * called before it was submitted.
 */
#ifndef DRIVERS_BLOCK_H
#define DRIVERS_BLOCK_H

#include "drivers/hypercall.h"

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

struct block_request {
    enum block_op op;
    uint64_t sector; /* the disk's own sectors; whole ones within the disk */
    uint32_t sector_count;
    const struct hyp_segment *segments; /* the caller's, until DONE */
    unsigned segment_count;
    void (*done)(struct block_request *request, enum driver_error error);
    void *cookie; /* the caller's */

    /* The driver's. */
    struct block_request *next;
    enum driver_error result;
    bool waiting; /* in the driver, not in the device */
    bool alone;   /* failed among others: to be tried without them */
    bool overdue; /* was asked for once already */
};

struct block_disk;

struct block_disk_ops {
    void (*submit)(struct block_disk *disk, struct block_request *request);
    /* REQUEST's owner has waited for long: looks for what the device may have
     * failed to tell, and gives a request up (DRIVER_ETIMEDOUT) that was found
     * in the device the last time too. */
    void (*overdue)(struct block_disk *disk, struct block_request *request);
};

/* How disks are named. */
enum block_kind { BLOCK_WD, BLOCK_LD, BLOCK_KINDS };

#define BLOCK_SERIAL_SIZE 21u
#define BLOCK_MODEL_SIZE  41u

struct block_disk {
    const struct block_disk_ops *ops;
    enum block_kind kind;
    uint64_t sector_count;
    uint32_t sector_bytes;
    /* What one request may move; a multiple of the sector. */
    uint32_t transfer_max_bytes;
    unsigned segments_max;
    bool read_only; /* may become true when the device says so */
    bool has_cache; /* writes need a flush to last */
    char serial[BLOCK_SERIAL_SIZE], model[BLOCK_MODEL_SIZE];
};

/* A started controller; within each driver's own struct. */
struct block_controller {
    const struct block_driver *driver;
    struct hyp_pci *pci;
    unsigned disk_count;
    struct block_disk **disks; /* in the order of their ports */
};

struct block_driver {
    const char *name;
    bool (*match)(const struct hyp_pci_id *id);
    /* PCI is claimed, and later released, by the caller. */
    enum driver_error (*attach)(struct hyp_pci *pci,
                                struct block_controller **controller_out);
    /* Stops the device and frees all; no request may be under way. */
    void (*detach)(struct block_controller *controller);
};

extern const struct block_driver ahci_driver, virtio_blk_driver;

/* --- for drivers: requests that wait -------------------------------------- */

struct block_queue {
    struct block_request *first, *last;
};

static inline void block_queue_add(struct block_queue *queue,
                                   struct block_request *request)
{
    request->next = NULL;
    if (queue->first == NULL) {
        queue->first = request;
    } else {
        queue->last->next = request;
    }
    queue->last = request;
}

static inline void block_queue_add_first(struct block_queue *queue,
                                         struct block_request *request)
{
    request->next = queue->first;
    if (queue->first == NULL) {
        queue->last = request;
    }
    queue->first = request;
}

/* NULL if there is none. */
static inline struct block_request *block_queue_take(struct block_queue *queue)
{
    struct block_request *request = queue->first;

    if (request != NULL) {
        queue->first = request->next;
    }
    return request;
}

/* Tells the owners of all in FINISHED, which was filled under a lock, their
 * result; without that lock. */
static inline void block_queue_finish(struct block_queue *finished)
{
    struct block_request *request;

    while ((request = block_queue_take(finished)) != NULL) {
        request->done(request, request->result);
    }
}

#endif
