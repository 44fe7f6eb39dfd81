/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio/virtio.h: the parts of the virtio disk driver to each other.
 *
 * pci.c finds the registers of a modern (1.0 and later) virtio PCI function,
 * ring.c owns the one split ring, blk.c is the driver.  Names are those of the
 * virtio 1.2 specification.
 *
 * The disk's lock guards the ring and the registers but for the interrupt
 * status.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_H
#define DRIVERS_VIRTIO_VIRTIO_H

#include "drivers/block.h"

/* --- pci.c ---------------------------------------------------------------- */

enum virtio_common_register {
    VIRTIO_FEATURE_SELECT = 0x00,        /* 32 bits */
    VIRTIO_FEATURE = 0x04,               /* 32 */
    VIRTIO_DRIVER_FEATURE_SELECT = 0x08, /* 32 */
    VIRTIO_DRIVER_FEATURE = 0x0c,        /* 32 */
    VIRTIO_STATUS = 0x14,                /* 8 */
    VIRTIO_QUEUE_SELECT = 0x16,          /* 16 */
    VIRTIO_QUEUE_SIZE = 0x18,            /* 16 */
    VIRTIO_QUEUE_ENABLE = 0x1c,          /* 16 */
    VIRTIO_QUEUE_NOTIFY_OFF = 0x1e,      /* 16 */
    VIRTIO_QUEUE_DESC = 0x20,            /* 64, in two halves */
    VIRTIO_QUEUE_DRIVER = 0x28,          /* 64 */
    VIRTIO_QUEUE_DEVICE = 0x30           /* 64 */
};

#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER      2u
#define VIRTIO_STATUS_DRIVER_OK   4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 64u
#define VIRTIO_STATUS_FAILED      128u

#define VIRTIO_ISR_QUEUE  1u
#define VIRTIO_ISR_CONFIG 2u

#define VIRTIO_F_VERSION_1 (1ull << 32)

/* A structure of registers within a BAR. */
struct virtio_area {
    struct hyp_regs *regs; /* NULL: not there */
    size_t offset, size;
};

struct virtio_pci {
    struct hyp_pci *pci;
    struct virtio_area common, notify, isr, config;
    uint32_t notify_multiplier;
    size_t notify_offset; /* of queue 0, within notify's BAR */
};

/* Walks the capabilities, maps what they name and lets the function be bus
 * master. */
enum driver_error virtio_pci_init(struct virtio_pci *virtio,
                                  struct hyp_pci *pci);
/* Resets the device and waits until it has. */
enum driver_error virtio_pci_reset(struct virtio_pci *virtio);
/* Resets, then agrees on those of WANTED that are offered; VERSION_1 is a
 * must. */
enum driver_error virtio_pci_negotiate(struct virtio_pci *virtio,
                                       uint64_t wanted, uint64_t *agreed_out);
void virtio_pci_set_status(struct virtio_pci *virtio, uint8_t bits);

/* --- ring.c --------------------------------------------------------------- */

#define VIRTIO_RING_MAX 128u /* descriptors; a power of two */

struct virtio_desc {
    uint64_t phys;
    uint32_t size_bytes;
    uint16_t flags;
    uint16_t next;
};
#define VIRTIO_DESC_NEXT  1u
#define VIRTIO_DESC_WRITE 2u /* the device writes it */

struct virtio_used {
    uint32_t id;
    uint32_t length;
};

/* The ring's memory, for the largest ring. */
struct virtio_ring_memory {
    struct virtio_desc desc[VIRTIO_RING_MAX];
    struct {
        uint16_t flags, index;
        uint16_t ring[VIRTIO_RING_MAX];
        uint16_t used_event;
    } driver;
    struct {
        _Alignas(4) uint16_t flags;
        uint16_t index;
        struct virtio_used ring[VIRTIO_RING_MAX];
        uint16_t avail_event;
    } device;
};

struct virtio_ring {
    struct virtio_ring_memory *memory; /* of hyp_dma_alloc; the driver's */
    uint64_t phys;
    unsigned size; /* descriptors; a power of two */
    uint16_t next[VIRTIO_RING_MAX];
    unsigned free_first, free_count;
    uint16_t driver_index, device_index; /* next of each */
};

/* Makes queue 0 of the device this ring, empty.  Its memory is already set. */
enum driver_error virtio_ring_start(struct virtio_ring *ring,
                                    struct virtio_pci *virtio);
/* Hands COUNT descriptors, of which flags' NEXT is set here, to the device as
 * one chain; returns its id.  There must be room. */
unsigned virtio_ring_add(struct virtio_ring *ring,
                         const struct virtio_desc *descs, unsigned count);
/* A chain that the device has done with; false if there is none. */
bool virtio_ring_take(struct virtio_ring *ring, unsigned *id_out);
/* Makes what was added visible; whether the device wants to be told. */
bool virtio_ring_publish(struct virtio_ring *ring);

#endif
