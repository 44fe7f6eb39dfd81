/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio/blk.h: the disk driver's two halves: blk.c finds out what the
 * device is, blk_queue.c has the requests. */
#ifndef DRIVERS_VIRTIO_BLK_H
#define DRIVERS_VIRTIO_BLK_H

#include "drivers/virtio/virtio.h"

#define F_SIZE_MAX (1ull << 1)
#define F_SEG_MAX  (1ull << 2)
#define F_RO       (1ull << 5)
#define F_BLK_SIZE (1ull << 6)
#define F_FLUSH    (1ull << 9)

enum config_field {
    CONFIG_CAPACITY = 0x00, /* 64 bits, always in sectors of 512 */
    CONFIG_SIZE_MAX = 0x08,
    CONFIG_SEG_MAX = 0x0c,
    CONFIG_BLK_SIZE = 0x14,
    CONFIG_SIZE = 0x18
};

enum request_type { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_ID = 8 };
enum request_status { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPP = 2 };

#define VIRTIO_BLK_SECTOR  512u
#define VIRTIO_BLK_ID_SIZE 20u
/* Descriptors of a request's data. */
#define VIRTIO_BLK_PIECES 64u

/* One for each descriptor that a chain may begin with. */
struct tag {
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header;
    uint8_t status;
    uint8_t rest[15];
};

struct disk_memory {
    struct virtio_ring_memory ring;
    struct tag tags[VIRTIO_RING_MAX];
    uint8_t id[VIRTIO_BLK_ID_SIZE];
};

struct virtio_disk {
    struct block_disk disk; /* must be first */
    struct block_controller controller;
    struct block_disk *disks[1];
    struct virtio_pci virtio;
    uint64_t features;
    uint32_t piece_max_bytes; /* of one descriptor */
    struct hyp_lock *lock;
    struct disk_memory *memory;
    uint64_t memory_phys;
    struct virtio_ring ring;
    bool gone;
    struct block_request *tags[VIRTIO_RING_MAX];
    struct block_queue waiting;
};

static inline uint32_t virtio_disk_config32(struct virtio_disk *disk,
                                            size_t field)
{
    return hyp_read32(disk->virtio.config.regs,
                      disk->virtio.config.offset + field);
}

/* --- blk_queue.c ---------------------------------------------------------- */

extern const struct block_disk_ops virtio_disk_ops;
/* Resets the device and begins anew with an empty ring. */
enum driver_error virtio_disk_start(struct virtio_disk *disk);
/* Asks for the serial number, before there are interrupts. */
void virtio_disk_ask_serial(struct virtio_disk *disk);
/* The handler; the disk is its argument. */
void virtio_disk_interrupt(void *disk);

#endif
