/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio/blk_queue.c: requests to a virtio disk.
 *
 * A request is a chain of a header, the data, and a byte that the device fills
 * with the result.  What the ring has no room for waits.
 */

#include "drivers/virtio/blk.h"

/* --- requests into the ring ----------------------------------------------- */

static uint32_t type_of(enum block_op op)
{
    return op == BLOCK_READ    ? TYPE_IN
           : op == BLOCK_WRITE ? TYPE_OUT
                               : TYPE_FLUSH;
}

/* How many descriptors the data of a request takes. */
static unsigned piece_count(const struct virtio_disk *disk,
                            const struct block_request *request)
{
    unsigned count = 0;

    for (unsigned i = 0; i < request->segment_count; i++) {
        count += (request->segments[i].size_bytes + disk->piece_max_bytes - 1) /
                 disk->piece_max_bytes;
    }
    return count;
}

static unsigned fill_pieces(const struct virtio_disk *disk,
                            struct virtio_desc *descs, uint16_t flags,
                            const struct hyp_segment *segments,
                            unsigned segment_count)
{
    unsigned n = 0;

    for (unsigned i = 0; i < segment_count; i++) {
        uint64_t phys = segments[i].phys;
        uint32_t left = segments[i].size_bytes;

        while (left > 0 && n < VIRTIO_BLK_PIECES) {
            uint32_t size =
                left < disk->piece_max_bytes ? left : disk->piece_max_bytes;

            descs[n++] = (struct virtio_desc){phys, size, flags, 0};
            phys += size;
            left -= size;
        }
    }
    return n;
}

/* Header and status lie with the descriptor that the chain will begin with. */
static void add(struct virtio_disk *disk, uint32_t type, uint64_t sector,
                const struct hyp_segment *segments, unsigned segment_count)
{
    struct virtio_desc descs[VIRTIO_BLK_PIECES + 2];
    unsigned head = disk->ring.free_first, n = 1;
    struct tag *tag = &disk->memory->tags[head];
    uint64_t phys = disk->memory_phys + offsetof(struct disk_memory, tags) +
                    head * sizeof *tag;
    uint16_t flags = type == TYPE_OUT ? 0 : VIRTIO_DESC_WRITE;

    tag->header.type = type;
    tag->header.sector = sector;
    tag->status = 0xff;
    descs[0] = (struct virtio_desc){phys, sizeof tag->header, 0, 0};
    n += fill_pieces(disk, descs + 1, flags, segments, segment_count);
    descs[n++] = (struct virtio_desc){phys + offsetof(struct tag, status), 1,
                                      VIRTIO_DESC_WRITE, 0};
    virtio_ring_add(&disk->ring, descs, n);
}

static void notify(struct virtio_disk *disk)
{
    if (virtio_ring_publish(&disk->ring)) {
        hyp_write16(disk->virtio.notify.regs, disk->virtio.notify_offset, 0);
    }
}

/* Moves what waits into the ring, as far as there is room. */
static void issue(struct virtio_disk *disk)
{
    struct block_request *request;
    unsigned factor = disk->disk.sector_bytes / VIRTIO_BLK_SECTOR;
    bool added = false;

    while ((request = disk->waiting.first) != NULL &&
           disk->ring.free_count >= piece_count(disk, request) + 2) {
        block_queue_take(&disk->waiting);
        request->waiting = false;
        disk->tags[disk->ring.free_first] = request;
        add(disk, type_of(request->op), request->sector * factor,
            request->segments, request->segment_count);
        added = true;
    }
    if (added) {
        notify(disk);
    }
}

/* --- and out of it -------------------------------------------------------- */

/* A disk that is pulled out has no sectors left, or its device asks for a
 * reset. */
static bool is_lost(struct virtio_disk *disk)
{
    uint8_t status = hyp_read8(disk->virtio.common.regs,
                               disk->virtio.common.offset + VIRTIO_STATUS);

    return (status & VIRTIO_STATUS_NEEDS_RESET) != 0 ||
           (virtio_disk_config32(disk, CONFIG_CAPACITY) == 0 &&
            virtio_disk_config32(disk, CONFIG_CAPACITY + 4) == 0);
}

/* Requests may fail because the disk is gone before that is told. */
static enum driver_error result_of(struct virtio_disk *disk,
                                   const struct block_request *request,
                                   uint8_t status)
{
    if (status == STATUS_OK) {
        return DRIVER_OK;
    }
    if (status == STATUS_UNSUPP) {
        return DRIVER_EINVAL;
    }
    if (is_lost(disk)) {
        return DRIVER_ENXIO;
    }
    return request->op == BLOCK_WRITE && disk->disk.read_only ? DRIVER_EROFS
                                                              : DRIVER_EIO;
}

static void finish_done(struct virtio_disk *disk, struct block_queue *finished)
{
    unsigned id;

    while (virtio_ring_take(&disk->ring, &id)) {
        struct block_request *request =
            id < disk->ring.size ? disk->tags[id] : NULL;

        if (request == NULL) {
            continue; /* the device makes things up */
        }
        disk->tags[id] = NULL;
        request->result =
            result_of(disk, request, disk->memory->tags[id].status);
        block_queue_add(finished, request);
    }
}

static void fail_all(struct virtio_disk *disk, enum driver_error error,
                     struct block_queue *finished)
{
    struct block_request *request;

    for (unsigned id = 0; id < VIRTIO_RING_MAX; id++) {
        if (disk->tags[id] != NULL) {
            disk->tags[id]->result = error;
            block_queue_add(finished, disk->tags[id]);
            disk->tags[id] = NULL;
        }
    }
    while ((request = block_queue_take(&disk->waiting)) != NULL) {
        request->result = error;
        block_queue_add(finished, request);
    }
}

static void give_up(struct virtio_disk *disk, struct block_queue *finished)
{
    disk->gone = true;
    virtio_pci_reset(&disk->virtio);
    hyp_log("virtio: the disk %s is gone", disk->disk.serial);
    fail_all(disk, DRIVER_ENXIO, finished);
}

/* --- start and restart ---------------------------------------------------- */

enum driver_error virtio_disk_start(struct virtio_disk *disk)
{
    const uint64_t wanted =
        F_SIZE_MAX | F_SEG_MAX | F_RO | F_BLK_SIZE | F_FLUSH;
    enum driver_error err =
        virtio_pci_negotiate(&disk->virtio, wanted, &disk->features);

    if (err == DRIVER_OK) {
        err = virtio_ring_start(&disk->ring, &disk->virtio);
    }
    if (err == DRIVER_OK) {
        virtio_pci_set_status(&disk->virtio, VIRTIO_STATUS_ACKNOWLEDGE |
                                                 VIRTIO_STATUS_DRIVER |
                                                 VIRTIO_STATUS_FEATURES_OK |
                                                 VIRTIO_STATUS_DRIVER_OK);
    }
    return err;
}

/* Before interrupts work, hence by looking; a device that does not answer is
 * caught by the first real request. */
void virtio_disk_ask_serial(struct virtio_disk *disk)
{
    const struct hyp_segment segment = {disk->memory_phys +
                                            offsetof(struct disk_memory, id),
                                        VIRTIO_BLK_ID_SIZE};
    unsigned id;

    add(disk, TYPE_ID, 0, &segment, 1);
    notify(disk);
    for (unsigned i = 0; i < 1000; i++) {
        if (virtio_ring_take(&disk->ring, &id)) {
            break;
        }
        hyp_sleep_us(100);
    }
    for (unsigned i = 0; i < VIRTIO_BLK_ID_SIZE; i++) {
        char c = (char)disk->memory->id[i];
        disk->disk.serial[i] = c >= ' ' && c <= '~' ? c : '\0';
    }
}

/* The device forgets all; all but OVERDUE begin again. */
static void restart(struct virtio_disk *disk, struct block_request *overdue,
                    struct block_queue *finished)
{
    hyp_log("virtio: a request to %s is given up", disk->disk.serial);
    if (virtio_disk_start(disk) != DRIVER_OK) {
        give_up(disk, finished);
        return;
    }
    for (unsigned id = VIRTIO_RING_MAX; id-- > 0;) {
        struct block_request *request = disk->tags[id];

        disk->tags[id] = NULL;
        if (request == overdue) {
            request->result = DRIVER_ETIMEDOUT;
            block_queue_add(finished, request);
        } else if (request != NULL) {
            request->waiting = true;
            block_queue_add_first(&disk->waiting, request);
        }
    }
}

void virtio_disk_interrupt(void *arg)
{
    struct virtio_disk *disk = arg;
    struct block_queue finished = {NULL, NULL};
    uint8_t status = hyp_read8(disk->virtio.isr.regs, disk->virtio.isr.offset);

    if (status == 0) {
        return; /* a neighbour's */
    }
    hyp_lock_acquire(disk->lock);
    if (!disk->gone) {
        finish_done(disk, &finished);
        if ((status & VIRTIO_ISR_CONFIG) != 0 && is_lost(disk)) {
            give_up(disk, &finished);
        } else {
            issue(disk);
        }
    }
    hyp_lock_release(disk->lock);
    block_queue_finish(&finished);
}

/* --- for those above ------------------------------------------------------ */

static void submit(struct block_disk *block, struct block_request *request)
{
    struct virtio_disk *disk = (struct virtio_disk *)block;
    struct block_queue finished = {NULL, NULL};

    hyp_lock_acquire(disk->lock);
    request->overdue = false;
    request->waiting = true;
    if (disk->gone) {
        request->result = DRIVER_ENXIO;
        block_queue_add(&finished, request);
    } else if (request->op == BLOCK_FLUSH && !block->has_cache) {
        request->result = DRIVER_OK;
        block_queue_add(&finished, request);
    } else {
        block_queue_add(&disk->waiting, request);
        issue(disk);
    }
    hyp_lock_release(disk->lock);
    block_queue_finish(&finished);
}

static bool is_in_flight(const struct virtio_disk *disk,
                         const struct block_request *request)
{
    for (unsigned id = 0; id < VIRTIO_RING_MAX; id++) {
        if (disk->tags[id] == request) {
            return true;
        }
    }
    return false;
}

static void overdue(struct block_disk *block, struct block_request *request)
{
    struct virtio_disk *disk = (struct virtio_disk *)block;
    struct block_queue finished = {NULL, NULL};

    hyp_lock_acquire(disk->lock);
    finish_done(disk, &finished);
    if (is_in_flight(disk, request)) {
        if (request->overdue) {
            restart(disk, request, &finished);
        }
        request->overdue = true;
    }
    if (!disk->gone) {
        issue(disk);
    }
    hyp_lock_release(disk->lock);
    block_queue_finish(&finished);
}

const struct block_disk_ops virtio_disk_ops = {
    .submit = submit,
    .overdue = overdue,
};
