/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/ahci/queue.c: requests on their way through a port.
 *
 * Reads and writes go queued, as many as the disk takes; a flush, and all on a
 * disk without a queue, go singly: the port must be empty before and stays
 * closed until they are done.  The order of submission decides who is next, so
 * nobody waits for ever.
 *
 * When a queued command fails the disk gives up all of them.  A log of its says
 * whose fault it was; if not, each is tried singly, which shows it.
 */

#include "drivers/ahci/ahci.h"

static uint32_t bit(unsigned slot)
{
    return 1u << slot;
}

/* --- issue ---------------------------------------------------------------- */

static bool is_queued(enum ata_command command)
{
    return command == ATA_READ_FPDMA_QUEUED ||
           command == ATA_WRITE_FPDMA_QUEUED;
}

static void fill_fis(struct ahci_fis *fis, unsigned slot,
                     enum ata_command command, uint64_t sector,
                     uint32_t sector_count)
{
    *fis = (struct ahci_fis){.type = AHCI_FIS_REGISTER_H2D,
                             .flags = AHCI_FIS_COMMAND,
                             .command = (uint8_t)command,
                             .device = AHCI_DEVICE_LBA};
    for (unsigned i = 0; i < 3; i++) {
        fis->lba_low[i] = (uint8_t)(sector >> 8 * i);
        fis->lba_high[i] = (uint8_t)(sector >> (24 + 8 * i));
    }
    if (is_queued(command)) {
        fis->feature_low = (uint8_t)sector_count;
        fis->feature_high = (uint8_t)(sector_count >> 8);
        fis->count_low = (uint8_t)(slot << 3);
    } else {
        fis->count_low = (uint8_t)sector_count;
        fis->count_high = (uint8_t)(sector_count >> 8);
    }
}

static unsigned fill_prdt(struct ahci_prd *prdt,
                          const struct hyp_segment *segments,
                          unsigned segment_count)
{
    unsigned n = 0;

    for (unsigned i = 0; i < segment_count; i++) {
        uint64_t phys = segments[i].phys;
        uint32_t left = segments[i].size_bytes;

        while (left > 0 && n < AHCI_PRDT_ENTRIES) {
            uint32_t size = left < AHCI_PRD_BYTES ? left : AHCI_PRD_BYTES;

            prdt[n++] = (struct ahci_prd){.base = (uint32_t)phys,
                                          .base_high = (uint32_t)(phys >> 32),
                                          .count = size - 1};
            phys += size;
            left -= size;
        }
    }
    return n;
}

void hba_slot_fill(struct hba_port *port, unsigned slot,
                   enum ata_command command, uint64_t sector,
                   uint32_t sector_count, const struct hyp_segment *segments,
                   unsigned segment_count)
{
    struct ahci_command_header *header = &port->memory->list[slot];
    struct ahci_command_table *table = &port->memory->tables[slot];
    bool writes =
        command == ATA_WRITE_DMA_EXT || command == ATA_WRITE_FPDMA_QUEUED;

    fill_fis(&table->fis, slot, command, sector, sector_count);
    header->prdt_length =
        (uint16_t)fill_prdt(table->prdt, segments, segment_count);
    header->flags = AHCI_HEADER_FIS_DWORDS | (writes ? AHCI_HEADER_WRITE : 0);
    header->byte_count = 0;
}

static enum ata_command command_for(const struct block_request *request,
                                    bool single)
{
    if (request->op == BLOCK_FLUSH) {
        return ATA_FLUSH_CACHE_EXT;
    }
    if (request->op == BLOCK_READ) {
        return single ? ATA_READ_DMA_EXT : ATA_READ_FPDMA_QUEUED;
    }
    return single ? ATA_WRITE_DMA_EXT : ATA_WRITE_FPDMA_QUEUED;
}

static bool must_be_single(const struct hba_port *port,
                           const struct block_request *request)
{
    return !port->ncq || request->alone || request->op == BLOCK_FLUSH;
}

/* Moves the first that waits to SLOT. */
static void load(struct hba_port *port, unsigned slot, bool single)
{
    struct block_request *request = block_queue_take(&port->waiting);

    hba_slot_fill(port, slot, command_for(request, single), request->sector,
                  request->sector_count, request->segments,
                  request->segment_count);
    request->waiting = false;
    port->slots[slot] = request;
    port->in_flight |= bit(slot);
    port->single = single;
}

static unsigned free_slot(const struct hba_port *port)
{
    return port->in_flight == AHCI_ALL_ONES
               ? AHCI_SLOTS
               : (unsigned)__builtin_ctz(~port->in_flight);
}

/* Issues what may be issued now, with one write for all. */
static void issue(struct hba_port *port)
{
    uint32_t issued = 0;

    while (port->waiting.first != NULL) {
        bool single = must_be_single(port, port->waiting.first);
        unsigned slot = free_slot(port);

        if (port->in_flight != 0 && (single || port->single)) {
            break;
        }
        if (slot >= port->depth) {
            break;
        }
        load(port, slot, single);
        issued |= bit(slot);
    }
    if (issued != 0) {
        if (!port->single) {
            hba_port_write(port, AHCI_PXSACT, issued);
        }
        hba_port_write(port, AHCI_PXCI, issued);
    }
}

/* --- the end -------------------------------------------------------------- */

static void finish(struct hba_port *port, uint32_t slots,
                   enum driver_error result, struct block_queue *finished)
{
    while (slots != 0) {
        unsigned slot = (unsigned)__builtin_ctz(slots);

        slots &= slots - 1;
        port->in_flight &= ~bit(slot);
        port->slots[slot]->result = result;
        block_queue_add(finished, port->slots[slot]);
        port->slots[slot] = NULL;
    }
}

static void finish_done(struct hba_port *port, struct block_queue *finished)
{
    uint32_t busy;

    if (port->in_flight == 0) {
        return;
    }
    busy = hba_port_read(port, port->single ? AHCI_PXCI : AHCI_PXSACT);
    finish(port, port->in_flight & ~busy, DRIVER_OK, finished);
}

/* The disk is not there any more, or the port does not work. */
static void give_up(struct hba_port *port, struct block_queue *finished)
{
    struct block_request *request;

    port->gone = true;
    hba_port_write(port, AHCI_PXIE, 0);
    hba_port_stop(port);
    hyp_log("ahci: the disk %s is gone", port->disk.serial);
    finish(port, port->in_flight, DRIVER_ENXIO, finished);
    while ((request = block_queue_take(&port->waiting)) != NULL) {
        request->result = DRIVER_ENXIO;
        block_queue_add(finished, request);
    }
}

/* --- recovery ------------------------------------------------------------- */

/* What is to be said of a failed command. */
static enum driver_error verdict(struct hba_port *port,
                                 const struct block_request *request,
                                 uint8_t ata_error)
{
    if (request->op == BLOCK_WRITE && (ata_error & ATA_ERROR_WP) != 0) {
        port->disk.read_only = true;
        return DRIVER_EROFS;
    }
    return DRIVER_EIO;
}

/* What was in flight waits again, ahead of all others. */
static void retry(struct hba_port *port, bool alone)
{
    for (unsigned slot = AHCI_SLOTS; slot-- > 0;) {
        struct block_request *request = port->slots[slot];

        if (request == NULL) {
            continue;
        }
        port->slots[slot] = NULL;
        port->in_flight &= ~bit(slot);
        request->alone = alone;
        request->waiting = true;
        block_queue_add_first(&port->waiting, request);
    }
}

/* Begins again when the port has stopped; the controller knows of no command
 * any more. */
static void begin_again(struct hba_port *port, bool reset, bool alone,
                        struct block_queue *finished)
{
    if (hba_port_restart(port, reset) != DRIVER_OK) {
        give_up(port, finished);
        return;
    }
    retry(port, alone);
}

/* The disk stopped the whole queue because of one command. */
static void recover_queue(struct hba_port *port, struct block_queue *finished)
{
    unsigned tag;
    uint8_t error;

    if (hba_port_restart(port, false) != DRIVER_OK) {
        give_up(port, finished);
        return;
    }
    if (hba_port_failed_tag(port, &tag, &error) &&
        (port->in_flight & bit(tag)) != 0) {
        finish(port, bit(tag), verdict(port, port->slots[tag], error),
               finished);
        retry(port, false);
    } else {
        begin_again(port, true, true, finished);
    }
}

/* A command failed. */
static void recover(struct hba_port *port, struct block_queue *finished)
{
    uint32_t task_file = hba_port_read(port, AHCI_PXTFD);
    uint32_t busy =
        hba_port_read(port, AHCI_PXCI) | hba_port_read(port, AHCI_PXSACT);

    finish(port, port->in_flight & ~busy, DRIVER_OK, finished);
    if (!port->single && port->in_flight != 0) {
        recover_queue(port, finished);
        return;
    }
    if (port->in_flight != 0) {
        uint8_t error = AHCI_PXTFD_ERROR(task_file);

        finish(
            port, port->in_flight,
            verdict(port, port->slots[__builtin_ctz(port->in_flight)], error),
            finished);
    }
    begin_again(port, false, false, finished);
}

/* The usual case, an access less than the others: all that was in the queue is
 * done.  Then nothing of it can have failed; whatever else the port has to say
 * brings the interrupt back. */
static bool all_done(struct hba_port *port, struct block_queue *finished)
{
    if (port->in_flight == 0 || port->single || port->waiting.first != NULL) {
        return false;
    }
    hba_port_write(port, AHCI_PXIS, AHCI_PXIS_ANSWER);
    finish_done(port, finished);
    return port->in_flight == 0;
}

/* A disk that was away, if only for a moment, may be another one now. */
static bool handle(struct hba_port *port, struct block_queue *finished)
{
    uint32_t status;

    if (port->gone) {
        return false;
    }
    if (all_done(port, finished)) {
        return true;
    }
    status = hba_port_read(port, AHCI_PXIS);
    if (status == 0) {
        return finished->first != NULL;
    }
    hba_port_write(port, AHCI_PXIS, status);
    if ((status & AHCI_PXIS_CHANGE) != 0) {
        give_up(port, finished);
        return true;
    }
    if ((status & AHCI_PXIS_ERROR) != 0) {
        recover(port, finished);
    } else {
        finish_done(port, finished);
    }
    issue(port);
    return true;
}

bool hba_port_interrupt(struct hba_port *port)
{
    struct block_queue finished = {NULL, NULL};
    bool ours;

    hyp_lock_acquire(port->lock);
    ours = handle(port, &finished);
    hyp_lock_release(port->lock);
    block_queue_finish(&finished);
    return ours;
}

/* --- for those above ------------------------------------------------------ */

static void submit(struct block_disk *disk, struct block_request *request)
{
    struct hba_port *port = (struct hba_port *)disk;
    struct block_queue finished = {NULL, NULL};

    hyp_lock_acquire(port->lock);
    request->alone = false;
    request->overdue = false;
    request->waiting = true;
    if (port->gone) {
        request->result = DRIVER_ENXIO;
        block_queue_add(&finished, request);
    } else {
        block_queue_add(&port->waiting, request);
        issue(port);
    }
    hyp_lock_release(port->lock);
    block_queue_finish(&finished);
}

/* The slot that REQUEST is in, if any: it may have been finished just now. */
static unsigned slot_of(const struct hba_port *port,
                        const struct block_request *request)
{
    unsigned slot = 0;

    while (slot < AHCI_SLOTS && port->slots[slot] != request) {
        slot++;
    }
    return slot;
}

/* The slot's memory is the controller's until the port has stopped. */
static void time_out(struct hba_port *port, unsigned slot,
                     struct block_queue *finished)
{
    hyp_log("ahci: a request to %s is given up", port->disk.serial);
    if (hba_port_restart(port, true) != DRIVER_OK) {
        give_up(port, finished);
        return;
    }
    finish(port, bit(slot), DRIVER_ETIMEDOUT, finished);
    retry(port, false);
    issue(port);
}

static void overdue(struct block_disk *disk, struct block_request *request)
{
    struct hba_port *port = (struct hba_port *)disk;
    struct block_queue finished = {NULL, NULL};
    unsigned slot;

    hyp_lock_acquire(port->lock);
    handle(port, &finished);
    slot = slot_of(port, request);
    if (slot < AHCI_SLOTS && request->overdue) {
        time_out(port, slot, &finished);
    } else if (slot < AHCI_SLOTS) {
        request->overdue = true;
    }
    hyp_lock_release(port->lock);
    block_queue_finish(&finished);
}

const struct block_disk_ops hba_disk_ops = {
    .submit = submit,
    .overdue = overdue,
};
