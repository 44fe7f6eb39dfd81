/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/virtqueue.h: a split virtqueue (virtio 1.0 and newer), as a device
 * sees it.
 *
 * All of it is in the driver's memory and changes under our eyes: everything is
 * read once, checked, and then used. */
#ifndef MACHINE_VIRTQUEUE_H
#define MACHINE_VIRTQUEUE_H

#include "machine/machine.h"

#define VIRTQUEUE_SIZE_MAX 128u

struct pci_function;

struct virtqueue {
    struct pci_function *function;
    uint16_t size;
    bool enabled;
    bool indirect, event_index; /* were negotiated */
    uint64_t desc, avail, used; /* physical addresses */
    uint16_t next_avail, next_used;
    bool busy[VIRTQUEUE_SIZE_MAX]; /* heads of the chains that we have */
};

/* What the driver asks with one chain: the device reads the first extents and
 * writes to the others. */
struct virtqueue_chain {
    uint16_t head;
    unsigned readable_count, writable_count;
    uint64_t readable_size, writable_size;
    struct machine_extent extents[VIRTQUEUE_SIZE_MAX];
};

enum virtqueue_result {
    VIRTQUEUE_EMPTY,
    VIRTQUEUE_TAKEN,
    VIRTQUEUE_BROKEN /* the driver's mistake, told: the queue is lost */
};

/* Empty again, the size at its greatest. */
void virtqueue_reset(struct virtqueue *queue);
/* Whether size and addresses make sense. */
bool virtqueue_is_sound(const struct virtqueue *queue);
enum virtqueue_result virtqueue_take(struct virtqueue *queue,
                                     struct virtqueue_chain *chain);
/* Gives a chain back, WRITTEN bytes of it written.  False if the queue is not
 * in memory any more.  *INTERRUPT_OUT: whether the driver wants to know. */
bool virtqueue_give(struct virtqueue *queue, uint16_t head, uint32_t written,
                    bool *interrupt_out);

#endif
