/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/virtio_blk.h: a disk as a virtio device (1.0 or newer, by PCI).
 *
 * virtio_blk.c is the device's registers and its life; virtio_blk_request.c
 * serves its one queue. */
#ifndef MACHINE_VIRTIO_BLK_H
#define MACHINE_VIRTIO_BLK_H

#include "machine/pci.h"
#include "machine/virtqueue.h"

/* The BAR, and what is where in it. */
#define VIRTIO_BAR      0u
#define VIRTIO_BAR_SIZE 0x4000u
#define VIRTIO_COMMON   0x0000u
#define VIRTIO_ISR      0x1000u
#define VIRTIO_DEVICE   0x2000u
#define VIRTIO_NOTIFY   0x3000u

/* The common structure. */
#define VIRTIO_DEVICE_FEATURE_SELECT 0x00u
#define VIRTIO_DEVICE_FEATURE        0x04u
#define VIRTIO_DRIVER_FEATURE_SELECT 0x08u
#define VIRTIO_DRIVER_FEATURE        0x0cu
#define VIRTIO_CONFIG_MSIX           0x10u
#define VIRTIO_QUEUE_COUNT           0x12u
#define VIRTIO_STATUS                0x14u
#define VIRTIO_GENERATION            0x15u
#define VIRTIO_QUEUE_SELECT          0x16u
#define VIRTIO_QUEUE_SIZE            0x18u
#define VIRTIO_QUEUE_MSIX            0x1au
#define VIRTIO_QUEUE_ENABLE          0x1cu
#define VIRTIO_QUEUE_NOTIFY_OFF      0x1eu
#define VIRTIO_QUEUE_DESC            0x20u
#define VIRTIO_QUEUE_DRIVER          0x28u
#define VIRTIO_QUEUE_DEVICE          0x30u
#define VIRTIO_COMMON_SIZE           0x38u

#define VIRTIO_STATUS_ACKNOWLEDGE 0x01u
#define VIRTIO_STATUS_DRIVER      0x02u
#define VIRTIO_STATUS_DRIVER_OK   0x04u
#define VIRTIO_STATUS_FEATURES_OK 0x08u
#define VIRTIO_STATUS_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_FAILED      0x80u

#define VIRTIO_ISR_QUEUE  0x1u
#define VIRTIO_ISR_CONFIG 0x2u

#define VIRTIO_BLK_F_SIZE_MAX  (1ull << 1)
#define VIRTIO_BLK_F_SEG_MAX   (1ull << 2)
#define VIRTIO_BLK_F_RO        (1ull << 5)
#define VIRTIO_BLK_F_BLK_SIZE  (1ull << 6)
#define VIRTIO_BLK_F_FLUSH     (1ull << 9)
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX     (1ull << 29)
#define VIRTIO_F_VERSION_1     (1ull << 32)

/* In VIRTIO_DEVICE: what a request may have at most. */
#define VIRTIO_BLK_SEGMENTS     (VIRTQUEUE_SIZE_MAX - 2)
#define VIRTIO_BLK_SEGMENT_SIZE (256u << 10)
#define VIRTIO_BLK_BYTES_MAX    (32u << 20)

enum virtio_blk_type {
    VIRTIO_BLK_IN = 0,
    VIRTIO_BLK_OUT = 1,
    VIRTIO_BLK_FLUSH = 4,
    VIRTIO_BLK_GET_ID = 8
};

enum virtio_blk_status {
    VIRTIO_BLK_OK = 0,
    VIRTIO_BLK_IOERR = 1,
    VIRTIO_BLK_UNSUPP = 2
};

struct virtio_blk {
    struct pci_function function; /* must be first */
    struct machine_disk disk;
    bool present;
    uint32_t device_feature_select, driver_feature_select;
    uint64_t driver_features;
    uint16_t queue_select;
    uint8_t status, isr, generation;
    bool notified;      /* and has not looked at the queue yet */
    bool resetting;     /* until the last transfer of before has ended */
    unsigned under_way; /* transfers, orphans too */
    struct virtqueue queue;
};

/* One disk: that of DISKS[0].  False if there is none, or no memory. */
bool virtio_blk_create(struct machine *machine, unsigned slot,
                       const struct machine_controller *controller);
uint64_t virtio_blk_features(const struct virtio_blk *blk);
void virtio_blk_interrupt(struct virtio_blk *blk, uint8_t cause);
/* The driver made a mistake that cannot be answered: nothing is done any more
 * before a reset. */
void virtio_blk_break(struct virtio_blk *blk);
/* A transfer has ended, which a reset may wait for. */
void virtio_blk_drained(struct virtio_blk *blk);
/* The driver says that there is something in the queue. */
void virtio_blk_serve(struct virtio_blk *blk);

#endif
