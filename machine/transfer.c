/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to disks: see transfer.h. */
#include "machine/private.h"

struct transfer *transfer_create(struct machine *machine, unsigned extent_max,
                                 size_t extra)
{
    struct transfer *transfer = machine->host.alloc(
        sizeof *transfer + extent_max * sizeof transfer->extents[0] + extra);

    if (transfer != NULL) {
        transfer->machine = machine;
        transfer->extent_max = extent_max;
    }
    return transfer;
}

void *transfer_extra(struct transfer *transfer)
{
    return &transfer->extents[transfer->extent_max];
}

void transfer_free(struct transfer *transfer)
{
    const struct machine_host *host = &transfer->machine->host;

    host->free(transfer->rest);
    host->free(transfer);
}

bool transfer_add(struct transfer *transfer, uint64_t phys, uint64_t size)
{
    unsigned n = transfer->block.extent_count;
    struct machine_extent *last = n != 0 ? &transfer->extents[n - 1] : NULL;

    if (last != NULL && last->phys + last->size_bytes == phys) {
        last->size_bytes += size;
    } else if (n < transfer->extent_max) {
        transfer->extents[n] = (struct machine_extent){phys, size};
        transfer->block.extent_count = n + 1;
    } else {
        return false;
    }
    transfer->size_bytes += size;
    return true;
}

void transfer_trim(struct transfer *transfer, uint64_t size_bytes)
{
    uint64_t left = size_bytes;
    unsigned n = 0;

    while (n < transfer->block.extent_count && left != 0) {
        struct machine_extent *extent = &transfer->extents[n++];

        if (extent->size_bytes > left) {
            extent->size_bytes = left;
        }
        left -= extent->size_bytes;
    }
    transfer->block.extent_count = n;
    transfer->size_bytes = size_bytes - left;
}

bool transfer_fill(struct transfer *transfer, struct pci_function *function,
                   const void *from, size_t size)
{
    const uint8_t *bytes = from;

    for (unsigned i = 0; i < transfer->block.extent_count && size != 0; i++) {
        const struct machine_extent *extent = &transfer->extents[i];
        size_t part = extent->size_bytes < size ? extent->size_bytes : size;

        if (!pci_dma_write(function, extent->phys, bytes, part)) {
            return false;
        }
        bytes += part;
        size -= part;
    }
    return size == 0;
}

/* Adds what of FROM's extents lies in [START, END) of its bytes. */
static void add_slice(struct transfer *to, const struct transfer *from,
                      uint64_t start, uint64_t end)
{
    uint64_t at = 0;

    for (unsigned i = 0; i < from->block.extent_count && at < end; i++) {
        const struct machine_extent *extent = &from->extents[i];
        uint64_t next = at + extent->size_bytes;
        uint64_t first = start > at ? start : at;
        uint64_t last = end < next ? end : next;

        if (first < last) {
            transfer_add(to, extent->phys + (first - at), last - first);
        }
        at = next;
    }
}

static struct transfer *make_slice(struct transfer *from, uint64_t start,
                                   uint64_t end, size_t extra)
{
    struct transfer *slice =
        transfer_create(from->machine, from->block.extent_count, extra);

    if (slice != NULL) {
        slice->owner = from->owner;
        slice->done = from->done;
        slice->block.op = from->block.op;
        slice->block.slot = from->block.slot;
        slice->block.disk = from->block.disk;
        slice->block.offset_bytes = from->block.offset_bytes + start;
        memcpy(transfer_extra(slice), transfer_extra(from), extra);
        add_slice(slice, from, start, end);
    }
    return slice;
}

struct transfer *transfer_split(struct transfer *from, uint64_t size_bytes,
                                size_t extra)
{
    struct transfer *first = make_slice(from, 0, size_bytes, extra);

    if (first != NULL) {
        first->rest = make_slice(from, size_bytes, from->size_bytes, extra);
    }
    if (first != NULL && first->rest == NULL) {
        transfer_free(first);
        first = NULL;
    }
    return first;
}

static void unlink_transfer(struct transfer *transfer)
{
    if (transfer->prev != NULL) {
        transfer->prev->next = transfer->next;
    } else {
        transfer->machine->transfers = transfer->next;
    }
    if (transfer->next != NULL) {
        transfer->next->prev = transfer->prev;
    }
}

static void block_done(struct machine_block_request *request, int status)
{
    struct transfer *transfer = (struct transfer *)request;

    if (status >= 0 && transfer->flush_after && !transfer->orphan) {
        struct machine *machine = transfer->machine;

        transfer->flush_after = false;
        request->op = MACHINE_BLOCK_FLUSH;
        request->extent_count = 0;
        machine->host.block_submit(machine->host.context, request);
        return;
    }
    unlink_transfer(transfer);
    transfer->done(transfer, status);
    transfer_free(transfer);
}

void transfer_submit(struct transfer *transfer)
{
    struct machine *machine = transfer->machine;

    transfer->block.extents = transfer->extents;
    transfer->block.done = block_done;
    transfer->next = machine->transfers;
    if (transfer->next != NULL) {
        transfer->next->prev = transfer;
    }
    machine->transfers = transfer;
    machine->host.block_submit(machine->host.context, &transfer->block);
}

static bool abandon(struct machine *machine, struct transfer *transfer)
{
    const struct machine_host *host = &machine->host;

    return host->block_abandon != NULL &&
           host->block_abandon(host->context, &transfer->block);
}

void transfer_orphan_all(struct machine *machine, const void *owner)
{
    struct transfer *next;

    for (struct transfer *t = machine->transfers; t != NULL; t = next) {
        next = t->next;
        if (t->owner != owner) {
            continue;
        }
        t->orphan = true;
        if (abandon(machine, t)) {
            unlink_transfer(t);
            t->done(t, -1);
            transfer_free(t);
        }
    }
}

void transfer_forget_all(struct machine *machine)
{
    struct transfer *next;

    for (struct transfer *t = machine->transfers; t != NULL; t = next) {
        next = t->next;
        transfer_free(t);
    }
    machine->transfers = NULL;
}
