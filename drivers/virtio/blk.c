/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio/blk.c: virtio disks: found, described, stopped. */

#include "drivers/virtio/blk.h"

#define VENDOR        0x1af4u
#define DEVICE_LEGACY 0x1001u /* with modern registers beside the old */
#define DEVICE_MODERN 0x1042u

#define SECTOR_MAX   4096u
#define TRANSFER_MAX (8u << 20)

static bool match(const struct hyp_pci_id *id)
{
    return id->vendor == VENDOR &&
           (id->device == DEVICE_MODERN || id->device == DEVICE_LEGACY);
}

static uint32_t limit(struct virtio_disk *disk, uint64_t feature, size_t field,
                      uint32_t most)
{
    uint32_t told = (disk->features & feature) != 0
                        ? virtio_disk_config32(disk, field)
                        : most;

    return told < most ? told : most;
}

/* Half of the descriptors are for segments, half for what has to be cut because
 * a descriptor may not hold it. */
static void set_limits(struct virtio_disk *disk)
{
    struct block_disk *block = &disk->disk;
    uint32_t room = disk->ring.size - 2, pieces;
    uint64_t most;

    room = room < VIRTIO_BLK_PIECES ? room : VIRTIO_BLK_PIECES;
    pieces = limit(disk, F_SEG_MAX, CONFIG_SEG_MAX, room);
    disk->piece_max_bytes =
        limit(disk, F_SIZE_MAX, CONFIG_SIZE_MAX, TRANSFER_MAX);
    disk->piece_max_bytes -= disk->piece_max_bytes % block->sector_bytes;
    block->segments_max = (pieces + 1) / 2;
    most = (uint64_t)disk->piece_max_bytes *
           (pieces > 1 ? pieces - block->segments_max : 1);
    block->transfer_max_bytes =
        most < TRANSFER_MAX ? (uint32_t)most : TRANSFER_MAX;
}

static enum driver_error describe(struct virtio_disk *disk)
{
    struct block_disk *block = &disk->disk;
    uint32_t bytes = VIRTIO_BLK_SECTOR;
    uint64_t capacity = virtio_disk_config32(disk, CONFIG_CAPACITY);

    capacity |= (uint64_t)virtio_disk_config32(disk, CONFIG_CAPACITY + 4) << 32;
    if ((disk->features & F_BLK_SIZE) != 0) {
        bytes = virtio_disk_config32(disk, CONFIG_BLK_SIZE);
    }
    if (bytes < VIRTIO_BLK_SECTOR || bytes > SECTOR_MAX ||
        (bytes & (bytes - 1)) != 0) {
        return DRIVER_ENXIO;
    }
    block->sector_bytes = bytes;
    block->sector_count = capacity / (bytes / VIRTIO_BLK_SECTOR);
    block->read_only = (disk->features & F_RO) != 0;
    block->has_cache = (disk->features & F_FLUSH) != 0;
    set_limits(disk);
    return block->segments_max == 0 || block->transfer_max_bytes == 0
               ? DRIVER_ENXIO
               : DRIVER_OK;
}

static enum driver_error start(struct virtio_disk *disk, struct hyp_pci *pci)
{
    enum driver_error err = virtio_pci_init(&disk->virtio, pci);

    disk->lock = hyp_lock_create();
    disk->memory = hyp_dma_alloc(sizeof *disk->memory, &disk->memory_phys);
    if (disk->lock == NULL || disk->memory == NULL) {
        return DRIVER_ENOMEM;
    }
    disk->ring.memory = &disk->memory->ring;
    disk->ring.phys = disk->memory_phys + offsetof(struct disk_memory, ring);
    if (err == DRIVER_OK && disk->virtio.config.size < CONFIG_SIZE) {
        err = DRIVER_ENXIO;
    }
    if (err == DRIVER_OK) {
        err = virtio_disk_start(disk);
    }
    if (err == DRIVER_OK) {
        err = describe(disk);
    }
    if (err != DRIVER_OK) {
        return err;
    }
    virtio_disk_ask_serial(disk);
    return hyp_pci_interrupt(pci, virtio_disk_interrupt, disk);
}

static void stop(struct virtio_disk *disk)
{
    bool stopped = disk->virtio.common.regs == NULL ||
                   virtio_pci_reset(&disk->virtio) == DRIVER_OK;

    hyp_pci_interrupt_end(disk->virtio.pci);
    if (disk->lock != NULL) {
        hyp_lock_destroy(disk->lock);
    }
    if (!stopped) {
        /* It may still write to its memory, which is therefore never freed. */
        hyp_log("virtio: a disk does not stop");
    } else if (disk->memory != NULL) {
        hyp_dma_free(disk->memory, sizeof *disk->memory);
    }
    hyp_free(disk);
}

static enum driver_error attach(struct hyp_pci *pci,
                                struct block_controller **controller_out)
{
    struct virtio_disk *disk = hyp_alloc(sizeof *disk);
    enum driver_error err;

    if (disk == NULL) {
        return DRIVER_ENOMEM;
    }
    disk->disk.ops = &virtio_disk_ops;
    disk->disk.kind = BLOCK_LD;
    disk->disks[0] = &disk->disk;
    disk->controller = (struct block_controller){
        .driver = &virtio_blk_driver,
        .pci = pci,
        .disk_count = 1,
        .disks = disk->disks,
    };
    err = start(disk, pci);
    if (err != DRIVER_OK) {
        stop(disk);
        return err;
    }
    *controller_out = &disk->controller;
    return DRIVER_OK;
}

static void detach(struct block_controller *controller)
{
    stop((struct virtio_disk *)((char *)controller -
                                offsetof(struct virtio_disk, controller)));
}

const struct block_driver virtio_blk_driver = {
    .name = "virtio",
    .match = match,
    .attach = attach,
    .detach = detach,
};
