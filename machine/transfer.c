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
    transfer->machine->host.free(transfer);
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

void transfer_orphan_all(struct machine *machine, const void *owner)
{
    for (struct transfer *t = machine->transfers; t != NULL; t = t->next) {
        if (t->owner == owner) {
            t->orphan = true;
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
