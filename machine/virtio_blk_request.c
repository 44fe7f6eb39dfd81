/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests: a header that we read, data, a byte for the status at the end.  How
 * they are cut into descriptors is the driver's business. */
#include "machine/private.h"
#include "machine/virtio_blk.h"

#define HEADER_SIZE 16u
/* Chains that one notification makes us look at; no more can be useful. */
#define CHAINS_MAX (4 * VIRTQUEUE_SIZE_MAX)

/* What is remembered of a chain until its end. */
struct pending {
    uint16_t head;
    uint64_t status_phys;
    uint32_t written; /* if all goes well */
};

struct request {
    struct virtqueue_chain chain;
    struct pending pending;
    uint32_t type;
    uint64_t sector;
};

/* --- ends ------------------------------------------------------------------------------- */

static void end(struct virtio_blk *blk, const struct pending *pending,
                enum virtio_blk_status status)
{
    uint8_t byte = (uint8_t)status;
    uint32_t written = 1 + (status == VIRTIO_BLK_OK ? pending->written : 0);
    bool interrupt = false;

    if (!pci_dma_write(&blk->function, pending->status_phys, &byte, 1) ||
        !virtqueue_give(&blk->queue, pending->head, written, &interrupt)) {
        pci_mistake(&blk->function, "queue", 0,
                    "cannot write to the memory of chain", pending->head);
        virtio_blk_break(blk);
    } else if (interrupt) {
        virtio_blk_interrupt(blk, VIRTIO_ISR_QUEUE);
    }
}

static void transfer_done(struct transfer *transfer, int status)
{
    struct virtio_blk *blk = transfer->owner;

    blk->under_way--;
    if (!transfer->orphan) {
        end(blk, transfer_extra(transfer),
            status < 0 || !blk->present ? VIRTIO_BLK_IOERR : VIRTIO_BLK_OK);
    }
    virtio_blk_drained(blk);
}

/* --- data ------------------------------------------------------------------------------- */

/* Adds SIZE bytes of the extents, from SKIP on. */
static void add_range(struct transfer *transfer,
                      const struct machine_extent *extents, unsigned count,
                      uint64_t skip, uint64_t size)
{
    for (unsigned i = 0; i < count && size != 0; i++) {
        uint64_t part = extents[i].size_bytes;

        if (skip >= part) {
            skip -= part;
            continue;
        }
        part -= skip;
        part = part < size ? part : size;
        transfer_add(transfer, extents[i].phys + skip, part);
        skip = 0;
        size -= part;
    }
}

/* A transfer of the request's data, without the header and the status. */
static struct transfer *prepare(struct virtio_blk *blk,
                                const struct request *request, bool write)
{
    const struct virtqueue_chain *chain = &request->chain;
    struct transfer *transfer = transfer_create(
        blk->function.machine, VIRTQUEUE_SIZE_MAX, sizeof(struct pending));

    if (transfer == NULL) {
        return NULL;
    }
    if (write) {
        add_range(transfer, chain->extents, chain->readable_count, HEADER_SIZE,
                  chain->readable_size - HEADER_SIZE);
    } else {
        add_range(transfer, chain->extents + chain->readable_count,
                  chain->writable_count, 0, chain->writable_size - 1);
    }
    return transfer;
}

static void submit(struct virtio_blk *blk, const struct request *request,
                   struct transfer *transfer, enum machine_block_op op)
{
    struct pending *pending = transfer_extra(transfer);

    *pending = request->pending;
    pending->written =
        op == MACHINE_BLOCK_READ ? (uint32_t)transfer->size_bytes : 0;
    transfer->owner = blk;
    transfer->done = transfer_done;
    transfer->block.op = op;
    transfer->block.slot = blk->function.slot;
    transfer->block.disk = blk->disk.number;
    transfer->block.offset_bytes = request->sector * MACHINE_SECTOR;
    blk->under_way++;
    transfer_submit(transfer);
}

static bool may_move(const struct virtio_blk *blk,
                     const struct request *request, uint64_t size, bool write)
{
    uint64_t end = blk->disk.sector_count;
    uint64_t count = size / MACHINE_SECTOR;

    return size != 0 && size % MACHINE_SECTOR == 0 &&
           size <= VIRTIO_BLK_BYTES_MAX && request->sector < end &&
           count <= end - request->sector && !(write && blk->disk.read_only);
}

static void move(struct virtio_blk *blk, const struct request *request,
                 bool write)
{
    uint64_t size = write ? request->chain.readable_size - HEADER_SIZE
                          : request->chain.writable_size - 1;
    struct transfer *transfer = NULL;

    if (may_move(blk, request, size, write)) {
        transfer = prepare(blk, request, write);
    }
    if (transfer == NULL) {
        end(blk, &request->pending, VIRTIO_BLK_IOERR);
        return;
    }
    /* A driver that cannot ask for a flush must not need one. */
    transfer->flush_after =
        write && !(blk->driver_features & VIRTIO_BLK_F_FLUSH);
    submit(blk, request, transfer,
           write ? MACHINE_BLOCK_WRITE : MACHINE_BLOCK_READ);
}

static void flush(struct virtio_blk *blk, struct request *request)
{
    struct transfer *transfer = NULL;

    if (blk->driver_features & VIRTIO_BLK_F_FLUSH) {
        transfer =
            transfer_create(blk->function.machine, 0, sizeof(struct pending));
        if (transfer == NULL) {
            end(blk, &request->pending, VIRTIO_BLK_IOERR);
        } else {
            request->sector = 0;
            submit(blk, request, transfer, MACHINE_BLOCK_FLUSH);
        }
        return;
    }
    end(blk, &request->pending, VIRTIO_BLK_UNSUPP);
}

static void get_id(struct virtio_blk *blk, struct request *request)
{
    struct transfer *transfer = prepare(blk, request, false);
    enum virtio_blk_status status = VIRTIO_BLK_IOERR;

    if (transfer != NULL && transfer->size_bytes >= MACHINE_SERIAL_SIZE &&
        transfer_fill(transfer, &blk->function, blk->disk.serial,
                      MACHINE_SERIAL_SIZE)) {
        request->pending.written = MACHINE_SERIAL_SIZE;
        status = VIRTIO_BLK_OK;
    }
    if (transfer != NULL) {
        transfer_free(transfer);
    }
    end(blk, &request->pending, status);
}

/* --- beginnings ---------------------------------------------------------------------------- */

static bool read_header(struct virtio_blk *blk, struct request *request)
{
    const struct virtqueue_chain *chain = &request->chain;
    uint8_t header[HEADER_SIZE];
    size_t have = 0;

    for (unsigned i = 0; i < chain->readable_count && have < HEADER_SIZE; i++) {
        uint64_t size = chain->extents[i].size_bytes;
        size_t part = size < HEADER_SIZE - have ? size : HEADER_SIZE - have;

        if (!pci_dma_read(&blk->function, chain->extents[i].phys, header + have,
                          part)) {
            return false;
        }
        have += part;
    }
    request->type = get32(header);
    request->sector = get64(header + 8);
    return true;
}

/* The status is the last byte that we may write. */
static void find_status(struct request *request)
{
    const struct virtqueue_chain *chain = &request->chain;
    unsigned last = chain->readable_count + chain->writable_count - 1;

    while (chain->extents[last].size_bytes == 0) {
        last--;
    }
    request->pending.head = chain->head;
    request->pending.status_phys =
        chain->extents[last].phys + chain->extents[last].size_bytes - 1;
}

static void start(struct virtio_blk *blk, struct request *request)
{
    if (request->chain.readable_size < HEADER_SIZE ||
        request->chain.writable_size == 0 || !read_header(blk, request)) {
        pci_mistake(&blk->function, "queue", 0,
                    "no room for header or status in chain",
                    request->chain.head);
        virtio_blk_break(blk);
        return;
    }
    find_status(request);
    if (!blk->present) {
        end(blk, &request->pending, VIRTIO_BLK_IOERR);
        return;
    }
    switch (request->type) {
    case VIRTIO_BLK_IN:
    case VIRTIO_BLK_OUT:
        move(blk, request, request->type == VIRTIO_BLK_OUT);
        break;
    case VIRTIO_BLK_FLUSH:
        flush(blk, request);
        break;
    case VIRTIO_BLK_GET_ID:
        get_id(blk, request);
        break;
    default:
        end(blk, &request->pending, VIRTIO_BLK_UNSUPP);
    }
}

static bool is_alive(const struct virtio_blk *blk)
{
    return blk->queue.enabled && (blk->status & VIRTIO_STATUS_DRIVER_OK) &&
           !(blk->status & VIRTIO_STATUS_NEEDS_RESET);
}

void virtio_blk_serve(struct virtio_blk *blk)
{
    struct request request;

    for (unsigned i = 0; i < CHAINS_MAX && is_alive(blk); i++) {
        memset(&request.pending, 0, sizeof request.pending);
        switch (virtqueue_take(&blk->queue, &request.chain)) {
        case VIRTQUEUE_TAKEN:
            start(blk, &request);
            break;
        case VIRTQUEUE_BROKEN:
            virtio_blk_break(blk);
            return;
        case VIRTQUEUE_EMPTY:
            return;
        }
    }
}
