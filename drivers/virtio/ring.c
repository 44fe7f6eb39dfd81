/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio/ring.c: a split virtqueue. */

#include "drivers/virtio/virtio.h"

#define NO_NOTIFY 1u /* in the device's flags */

static void write_address(struct virtio_pci *virtio, size_t reg, uint64_t phys)
{
    struct virtio_area *common = &virtio->common;

    hyp_write32(common->regs, common->offset + reg, (uint32_t)phys);
    hyp_write32(common->regs, common->offset + reg + 4, (uint32_t)(phys >> 32));
}

static uint16_t read16(struct virtio_pci *virtio, size_t reg)
{
    return hyp_read16(virtio->common.regs, virtio->common.offset + reg);
}

static void write16(struct virtio_pci *virtio, size_t reg, uint16_t value)
{
    hyp_write16(virtio->common.regs, virtio->common.offset + reg, value);
}

static void empty(struct virtio_ring *ring)
{
    *ring->memory = (struct virtio_ring_memory){.driver.flags = 0};
    for (unsigned i = 0; i < ring->size; i++) {
        ring->next[i] = (uint16_t)(i + 1);
    }
    ring->free_first = 0;
    ring->free_count = ring->size;
    ring->driver_index = 0;
    ring->device_index = 0;
}

/* The largest power of two within what the device and the memory allow. */
static unsigned choose_size(unsigned device_max)
{
    unsigned size = VIRTIO_RING_MAX;

    while (size > device_max) {
        size /= 2;
    }
    return size;
}

enum driver_error virtio_ring_start(struct virtio_ring *ring,
                                    struct virtio_pci *virtio)
{
    size_t notify;

    write16(virtio, VIRTIO_QUEUE_SELECT, 0);
    ring->size = choose_size(read16(virtio, VIRTIO_QUEUE_SIZE));
    notify = (size_t)read16(virtio, VIRTIO_QUEUE_NOTIFY_OFF) *
             virtio->notify_multiplier;
    if (ring->size < 4 || notify + 2 > virtio->notify.size) {
        return DRIVER_ENXIO;
    }
    virtio->notify_offset = virtio->notify.offset + notify;
    empty(ring);
    write16(virtio, VIRTIO_QUEUE_SIZE, (uint16_t)ring->size);
    write_address(virtio, VIRTIO_QUEUE_DESC,
                  ring->phys + offsetof(struct virtio_ring_memory, desc));
    write_address(virtio, VIRTIO_QUEUE_DRIVER,
                  ring->phys + offsetof(struct virtio_ring_memory, driver));
    write_address(virtio, VIRTIO_QUEUE_DEVICE,
                  ring->phys + offsetof(struct virtio_ring_memory, device));
    write16(virtio, VIRTIO_QUEUE_ENABLE, 1);
    return DRIVER_OK;
}

unsigned virtio_ring_add(struct virtio_ring *ring,
                         const struct virtio_desc *descs, unsigned count)
{
    unsigned head = ring->free_first, at = head;

    for (unsigned i = 0; i < count; i++) {
        struct virtio_desc *desc = &ring->memory->desc[at];

        *desc = descs[i];
        if (i + 1 < count) {
            desc->flags |= VIRTIO_DESC_NEXT;
            desc->next = ring->next[at];
        }
        at = ring->next[at];
    }
    ring->free_first = at;
    ring->free_count -= count;
    ring->memory->driver.ring[ring->driver_index++ % ring->size] =
        (uint16_t)head;
    return head;
}

/* Puts a chain back; LENGTH bounds it, whatever the memory says. */
static void free_chain(struct virtio_ring *ring, unsigned head)
{
    unsigned last = head, count = 1;

    while ((ring->memory->desc[last].flags & VIRTIO_DESC_NEXT) != 0 &&
           count < ring->size) {
        last = ring->next[last];
        count++;
    }
    ring->next[last] = (uint16_t)ring->free_first;
    ring->free_first = head;
    ring->free_count += count;
}

bool virtio_ring_take(struct virtio_ring *ring, unsigned *id_out)
{
    uint16_t there =
        __atomic_load_n(&ring->memory->device.index, __ATOMIC_ACQUIRE);
    unsigned id;

    if (there == ring->device_index) {
        return false;
    }
    id = ring->memory->device.ring[ring->device_index++ % ring->size].id;
    *id_out = id;
    if (id < ring->size) {
        free_chain(ring, id);
    }
    return true;
}

/* The store must be seen before the flags are read: else both sides may wait
 * for each other. */
bool virtio_ring_publish(struct virtio_ring *ring)
{
    __atomic_store_n(&ring->memory->driver.index, ring->driver_index,
                     __ATOMIC_SEQ_CST);
    return (__atomic_load_n(&ring->memory->device.flags, __ATOMIC_SEQ_CST) &
            NO_NOTIFY) == 0;
}
