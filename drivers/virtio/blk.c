/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio/blk.c: virtio disks.
 *
 * A request is a chain of a header, the data, and a byte that the device fills
 * with the result.  What the ring has no room for waits.
 */

#include "drivers/virtio/virtio.h"

#define VENDOR        0x1af4u
#define DEVICE_LEGACY 0x1001u /* with modern registers beside the old */
#define DEVICE_MODERN 0x1042u

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

#define SECTOR       512u
#define SECTOR_MAX   4096u
#define SEGMENTS_MAX 16u
#define TRANSFER_MAX (8u << 20)
#define ID_SIZE      20u

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
    uint8_t id[ID_SIZE];
};

struct virtio_disk {
    struct block_disk disk; /* must be first */
    struct block_controller controller;
    struct block_disk *disks[1];
    struct virtio_pci virtio;
    uint64_t features;
    struct hyp_lock *lock;
    struct disk_memory *memory;
    uint64_t memory_phys;
    struct virtio_ring ring;
    bool gone;
    struct block_request *tags[VIRTIO_RING_MAX];
    struct block_queue waiting;
};

static uint32_t config32(struct virtio_disk *disk, size_t field)
{
    return hyp_read32(disk->virtio.config.regs,
                      disk->virtio.config.offset + field);
}

/* --- requests into the ring ----------------------------------------------- */

static uint32_t type_of(enum block_op op)
{
    return op == BLOCK_READ    ? TYPE_IN
           : op == BLOCK_WRITE ? TYPE_OUT
                               : TYPE_FLUSH;
}

/* Header and status lie with the descriptor that the chain will begin with. */
static void add(struct virtio_disk *disk, uint32_t type, uint64_t sector,
                const struct block_segment *segments, unsigned segment_count)
{
    struct virtio_desc descs[SEGMENTS_MAX + 2];
    unsigned head = disk->ring.free_first, n = 0;
    struct tag *tag = &disk->memory->tags[head];
    uint64_t phys = disk->memory_phys + offsetof(struct disk_memory, tags) +
                    head * sizeof *tag;
    uint16_t flags = type == TYPE_OUT ? 0 : VIRTIO_DESC_WRITE;

    tag->header.type = type;
    tag->header.sector = sector;
    tag->status = 0xff;
    descs[n++] = (struct virtio_desc){phys, sizeof tag->header, 0, 0};
    for (unsigned i = 0; i < segment_count && i < SEGMENTS_MAX; i++) {
        descs[n++] = (struct virtio_desc){segments[i].phys,
                                          segments[i].size_bytes, flags, 0};
    }
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
    unsigned factor = disk->disk.sector_bytes / SECTOR;
    bool added = false;

    while ((request = disk->waiting.first) != NULL &&
           disk->ring.free_count >= request->segment_count + 2) {
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

static enum driver_error result_of(const struct virtio_disk *disk,
                                   const struct block_request *request,
                                   uint8_t status)
{
    switch (status) {
    case STATUS_OK:
        return DRIVER_OK;
    case STATUS_UNSUPP:
        return DRIVER_EINVAL;
    default:
        return request->op == BLOCK_WRITE && disk->disk.read_only ? DRIVER_EROFS
                                                                  : DRIVER_EIO;
    }
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

static enum driver_error start_device(struct virtio_disk *disk)
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

/* The device forgets all; all but OVERDUE begin again. */
static void restart(struct virtio_disk *disk, struct block_request *overdue,
                    struct block_queue *finished)
{
    hyp_log("virtio: a request to %s is given up", disk->disk.serial);
    if (start_device(disk) != DRIVER_OK) {
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

/* The configuration changed: a disk that is pulled out has no sectors left, or
 * its device asks for a reset. */
static bool is_lost(struct virtio_disk *disk)
{
    uint8_t status = hyp_read8(disk->virtio.common.regs,
                               disk->virtio.common.offset + VIRTIO_STATUS);

    return (status & VIRTIO_STATUS_NEEDS_RESET) != 0 ||
           (config32(disk, CONFIG_CAPACITY) == 0 &&
            config32(disk, CONFIG_CAPACITY + 4) == 0);
}

static void interrupt(void *arg)
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

static const struct block_disk_ops disk_ops = {
    .submit = submit,
    .overdue = overdue,
};

/* --- the controller ------------------------------------------------------- */

static bool match(const struct hyp_pci_id *id)
{
    return id->vendor == VENDOR &&
           (id->device == DEVICE_MODERN || id->device == DEVICE_LEGACY);
}

/* What one segment may hold is the least that anything allows. */
static void set_limits(struct virtio_disk *disk)
{
    unsigned segments = disk->ring.size - 2;
    uint32_t size_max = TRANSFER_MAX;

    if ((disk->features & F_SEG_MAX) != 0) {
        uint32_t seg_max = config32(disk, CONFIG_SEG_MAX);
        segments = seg_max < segments ? seg_max : segments;
    }
    if ((disk->features & F_SIZE_MAX) != 0) {
        uint32_t limit = config32(disk, CONFIG_SIZE_MAX);
        size_max = limit < size_max ? limit : size_max;
    }
    disk->disk.segments_max = segments < SEGMENTS_MAX ? segments : SEGMENTS_MAX;
    disk->disk.transfer_max_bytes =
        size_max - size_max % disk->disk.sector_bytes;
}

static enum driver_error describe(struct virtio_disk *disk)
{
    struct block_disk *block = &disk->disk;
    uint32_t bytes = SECTOR;
    uint64_t capacity = config32(disk, CONFIG_CAPACITY);

    capacity |= (uint64_t)config32(disk, CONFIG_CAPACITY + 4) << 32;
    if ((disk->features & F_BLK_SIZE) != 0) {
        bytes = config32(disk, CONFIG_BLK_SIZE);
    }
    if (bytes < SECTOR || bytes > SECTOR_MAX || (bytes & (bytes - 1)) != 0) {
        return DRIVER_ENXIO;
    }
    block->sector_bytes = bytes;
    block->sector_count = capacity / (bytes / SECTOR);
    block->read_only = (disk->features & F_RO) != 0;
    block->has_cache = (disk->features & F_FLUSH) != 0;
    set_limits(disk);
    return block->segments_max == 0 || block->transfer_max_bytes == 0
               ? DRIVER_ENXIO
               : DRIVER_OK;
}

/* Before interrupts work, hence by looking; a device that does not answer is
 * caught by the first real request. */
static void ask_serial(struct virtio_disk *disk)
{
    const struct block_segment segment = {
        disk->memory_phys + offsetof(struct disk_memory, id), ID_SIZE};
    unsigned id;

    add(disk, TYPE_ID, 0, &segment, 1);
    notify(disk);
    for (unsigned i = 0; i < 1000; i++) {
        if (virtio_ring_take(&disk->ring, &id)) {
            break;
        }
        hyp_sleep_us(100);
    }
    for (unsigned i = 0; i < ID_SIZE; i++) {
        char c = (char)disk->memory->id[i];
        disk->disk.serial[i] = c >= ' ' && c <= '~' ? c : '\0';
    }
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
        err = start_device(disk);
    }
    if (err == DRIVER_OK) {
        err = describe(disk);
    }
    if (err != DRIVER_OK) {
        return err;
    }
    ask_serial(disk);
    return hyp_pci_interrupt(pci, interrupt, disk);
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
    disk->disk.ops = &disk_ops;
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
