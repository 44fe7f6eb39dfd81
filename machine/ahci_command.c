/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command's way: from its slot in memory to the disk, and its end. */
#include "machine/private.h"
#include "machine/ahci.h"

#define HEADER_SIZE  32u
#define PRD_SIZE     16u
#define PRD_CHUNK    64u /* read at once */
#define TABLE_PRDT   0x80u
#define HEADER_PRDBC 4u

#define HEADER_CFL         0x1fu
#define FIS_IS_COMMAND     0x80u
#define FIS_CONTROL        15u
#define CONTROL_SOFT_RESET 0x04u
#define PRD_COUNT          0x003fffffu
#define PRD_INTERRUPT      0x80000000u

/* What a transfer must know of its command at its end. */
struct pending {
    struct ahci_command command;
    bool queued, pio;
};

/* --- memory ------------------------------------------------------------------------------- */

/* One entry of the PRDT; false if the port was stopped over it. */
static bool add_prd(struct ahci_command *command, struct transfer *transfer,
                    const uint8_t *prd)
{
    struct ahci_port *port = command->port;
    uint64_t phys = get64(prd);
    uint32_t size = (get32(prd + 12) & PRD_COUNT) + 1;

    command->descriptor |= (get32(prd + 12) & PRD_INTERRUPT) != 0;
    if (phys % 2 != 0 || size % 2 != 0) {
        ahci_port_fatal(port, AHCI_IS_HBFS, "odd address or count in PRD of",
                        phys);
        return false;
    }
    if (!pci_dma_valid(&port->hba->function, phys, size,
                       transfer->block.op == MACHINE_BLOCK_READ)) {
        ahci_port_fatal(port, AHCI_IS_HBFS, "data out of reach at", phys);
        return false;
    }
    if (!transfer_add(transfer, phys, size)) {
        ahci_port_fatal(port, AHCI_IS_OFS, "too many PRDs in table at",
                        command->table);
        return false;
    }
    return true;
}

static bool gather(struct ahci_command *command, struct transfer *transfer,
                   uint64_t size_bytes)
{
    struct ahci_port *port = command->port;
    uint8_t chunk[PRD_CHUNK * PRD_SIZE];

    for (unsigned i = 0; i < command->prdt_count; i++) {
        uint64_t at = command->table + TABLE_PRDT + (uint64_t)i * PRD_SIZE;
        unsigned left = command->prdt_count - i;
        unsigned in_chunk = left < PRD_CHUNK ? left : PRD_CHUNK;

        if (transfer->size_bytes >= size_bytes) {
            break;
        }
        if (i % PRD_CHUNK == 0 && !pci_dma_read(&port->hba->function, at, chunk,
                                                (size_t)in_chunk * PRD_SIZE)) {
            ahci_port_fatal(port, AHCI_IS_HBFS, "PRDT out of reach at", at);
            return false;
        }
        if (!add_prd(command, transfer, chunk + i % PRD_CHUNK * PRD_SIZE)) {
            return false;
        }
    }
    if (transfer->size_bytes < size_bytes) {
        ahci_port_fatal(port, AHCI_IS_OFS,
                        "PRDT shorter than the command's data, table at",
                        command->table);
        return false;
    }
    transfer_trim(transfer, size_bytes);
    return true;
}

/* A transfer with the command's memory for SIZE_BYTES; a READ writes to it.  If
 * there is none the port was stopped. */
static struct transfer *prepare(struct ahci_command *command,
                                enum machine_block_op op, uint64_t size_bytes)
{
    struct ahci_port *port = command->port;
    unsigned count = size_bytes != 0 ? command->prdt_count : 0;
    struct transfer *transfer;

    count = count < MACHINE_EXTENTS_MAX ? count : MACHINE_EXTENTS_MAX;
    transfer = transfer_create(port->hba->function.machine, count,
                               sizeof(struct pending));
    if (transfer == NULL) {
        ahci_port_fatal(port, AHCI_IS_HBFS, "no memory for the command at",
                        command->header);
        return NULL;
    }
    transfer->block.op = op;
    transfer->block.slot = port->hba->function.slot;
    if (!gather(command, transfer, size_bytes)) {
        transfer_free(transfer);
        transfer = NULL;
    }
    return transfer;
}

static bool tell_byte_count(struct ahci_command *command, uint64_t size_bytes)
{
    struct ahci_port *port = command->port;
    uint8_t count[4];

    put32(count, (uint32_t)size_bytes);
    if (pci_dma_write(&port->hba->function, command->header + HEADER_PRDBC,
                      count, sizeof count)) {
        return true;
    }
    ahci_port_fatal(port, AHCI_IS_HBFS, "cannot write the command header at",
                    command->header);
    return false;
}

/* --- ends -------------------------------------------------------------------------------- */

/* The device stops all its queue for one command that failed. */
static void fail_queued(struct ahci_port *port,
                        const struct ahci_command *command, uint8_t error)
{
    ahci_port_forget(port);
    ata_ncq_failed(&port->ata, command->fis, error);
    port->ncq_pending = 0;
    ahci_port_answer_bits(port, command->slot, error);
}

static void submit(struct transfer *transfer)
{
    struct ahci_port *port = transfer->owner;

    port->under_way++;
    transfer_submit(transfer);
}

/* --- a sector that fails -------------------------------------------------- */

/* The host says that a transfer failed, not where; a device says the first
 * sector that did.  So halves are tried: of FAILED, in which it is, the first;
 * if that is good, it is in the other.  False: TRANSFER is the sector. */
static bool look_closer(struct transfer *failed)
{
    uint64_t sectors = failed->size_bytes / MACHINE_SECTOR;
    struct transfer *half;

    if (sectors <= 1 || failed->block.op == MACHINE_BLOCK_FLUSH) {
        return false;
    }
    half = transfer_split(failed, sectors / 2 * MACHINE_SECTOR,
                          sizeof(struct pending));
    if (half == NULL) {
        return false;
    }
    submit(half);
    return true;
}

static uint8_t medium_error(const struct transfer *transfer, int status)
{
    if (status >= 0) {
        return 0;
    }
    return transfer->block.op == MACHINE_BLOCK_READ ? ATA_ERROR_UNC
                                                    : ATA_ERROR_ABRT;
}

static void end(struct ahci_command *command, const struct pending *pending,
                uint8_t error, uint64_t size_bytes)
{
    struct ahci_port *port = command->port;

    if (pending->queued && error != 0) {
        fail_queued(port, command, error);
    } else if (pending->queued) {
        ahci_port_answer_bits(port, command->slot, 0);
    } else if (error != 0) {
        ahci_port_answer(port, command, error);
    } else if (size_bytes == 0 || tell_byte_count(command, size_bytes)) {
        if (pending->pio) {
            ahci_port_answer_pio(port, command);
        } else {
            ahci_port_answer(port, command, 0);
        }
    }
    if (command->descriptor && error == 0) {
        port->is |= AHCI_IS_DPS;
    }
}

/* What a transfer's end, or that of the search for a bad sector in it, means. */
static void conclude(struct transfer *transfer, int status)
{
    struct pending *pending = transfer_extra(transfer);
    struct transfer *failed = status < 0 ? transfer : transfer->rest;

    if (failed == NULL) {
        end(&pending->command, pending, 0, transfer->size_bytes);
    } else if (!look_closer(failed)) {
        ata_put_lba(pending->command.fis,
                    failed->block.offset_bytes / MACHINE_SECTOR);
        end(&pending->command, pending, medium_error(failed, -1), 0);
    }
}

static void transfer_done(struct transfer *transfer, int status)
{
    struct pending *pending = transfer_extra(transfer);
    struct ahci_port *port = pending->command.port;

    port->under_way--;
    if (!transfer->orphan && !port->halted) {
        conclude(transfer, status);
    }
    ahci_port_drained(port);
    ahci_port_run(port);
    ahci_update(port->hba);
}

/* --- beginnings ---------------------------------------------------------------------------- */

static void start_medium(struct ahci_command *command,
                         const struct ata_plan *plan)
{
    struct ahci_port *port = command->port;
    struct transfer *transfer = prepare(
        command, plan->op, (uint64_t)plan->sector_count * MACHINE_SECTOR);
    struct pending *pending;

    if (transfer == NULL) {
        return;
    }
    pending = transfer_extra(transfer);
    pending->command = *command;
    pending->queued = plan->queued;
    pending->pio = plan->pio;
    transfer->owner = port;
    transfer->done = transfer_done;
    transfer->flush_after = plan->flush_after;
    transfer->block.disk = port->ata.disk.number;
    transfer->block.offset_bytes = plan->sector * MACHINE_SECTOR;
    if (plan->queued) {
        ahci_port_answer_queued(port, command);
    } else {
        port->status = ATA_STATUS_GOOD | ATA_STATUS_BSY;
    }
    submit(transfer);
}

static void send_data(struct ahci_command *command, const struct ata_plan *plan)
{
    struct ahci_port *port = command->port;
    struct transfer *transfer =
        prepare(command, MACHINE_BLOCK_READ, sizeof plan->data);
    bool good;

    if (transfer == NULL) {
        return;
    }
    good = transfer_fill(transfer, &port->hba->function, plan->data,
                         sizeof plan->data) &&
           tell_byte_count(command, sizeof plan->data);
    transfer_free(transfer);
    if (good) {
        port->is |= command->descriptor ? AHCI_IS_DPS : 0;
        ahci_port_answer_pio(port, command);
    }
}

/* A queued command's tag is its slot, and SACT has it. */
static bool queued_well(const struct ahci_command *command)
{
    const struct ahci_port *port = command->port;

    return command->fis[12] >> 3 == command->slot &&
           (port->sact >> command->slot & 1) != 0 &&
           !(port->ncq_pending >> command->slot & 1);
}

/* A command that may not come while queued ones are under way ends them all. */
static void refuse_in_queue(struct ahci_command *command)
{
    struct ahci_port *port = command->port;

    ahci_port_forget(port);
    port->ncq_pending = 0;
    ata_ncq_failed(&port->ata, command->fis, ATA_ERROR_ABRT);
    ahci_port_answer(port, command, ATA_ERROR_ABRT);
    pci_mistake(&port->hba->function, "port", port->number,
                "command among queued ones:", command->fis[2]);
}

static void execute(struct ahci_command *command)
{
    struct ahci_port *port = command->port;
    bool queued = ata_is_queued(command->fis);
    struct ata_plan plan;

    if ((!queued && port->ncq_pending != 0) ||
        (queued && !queued_well(command))) {
        refuse_in_queue(command);
        return;
    }
    ata_command(&port->ata, command->fis, &plan);
    if (plan.error != 0 && queued && !port->ata.ncq_error) {
        ahci_port_answer_queued(port, command);
        fail_queued(port, command, plan.error);
    } else if (plan.error != 0) {
        ahci_port_answer(port, command, plan.error);
    } else if (plan.kind == ATA_MEDIUM) {
        start_medium(command, &plan);
    } else if (plan.kind == ATA_DATA) {
        send_data(command, &plan);
    } else {
        ahci_port_answer(port, command, 0);
    }
}

/* Not a command but the device control register: SRST, held and let go. */
static void control(struct ahci_command *command)
{
    struct ahci_port *port = command->port;
    bool hold = (command->fis[FIS_CONTROL] & CONTROL_SOFT_RESET) != 0;
    bool held = port->ata.soft_reset;
    static const struct ahci_command none = {.port = NULL};

    port->ci &= ~(1u << command->slot);
    if (hold) {
        ahci_port_forget(port);
        port->ncq_pending = 0;
        port->ata.soft_reset = true;
        port->status = ATA_STATUS_GOOD;
    } else if (held) {
        bool cache = port->ata.write_cache;

        ata_reset(&port->ata);
        port->ata.write_cache = cache;
        port->sig = ATA_SIGNATURE;
        ahci_port_answer(port, &none, 0);
    }
}

static bool fetch(struct ahci_command *command)
{
    struct ahci_port *port = command->port;
    struct pci_function *function = &port->hba->function;
    uint8_t header[HEADER_SIZE];

    command->header = port->clb + command->slot * HEADER_SIZE;
    if (!pci_dma_read(function, command->header, header, sizeof header)) {
        ahci_port_fatal(port, AHCI_IS_HBFS, "command list out of reach at",
                        command->header);
        return false;
    }
    command->prdt_count = get16(header + 2);
    command->table = get64(header + 8) & ~(uint64_t)0x7f;
    if ((header[0] & HEADER_CFL) * 4 < ATA_FIS_SIZE) {
        ahci_port_fatal(port, AHCI_IS_IFS, "command FIS too short, header at",
                        command->header);
        return false;
    }
    if (!pci_dma_read(function, command->table, command->fis,
                      sizeof command->fis)) {
        ahci_port_fatal(port, AHCI_IS_HBFS, "command table out of reach at",
                        command->table);
        return false;
    }
    if (command->fis[0] != ATA_FIS_H2D) {
        ahci_port_fatal(port, AHCI_IS_IFS, "not a command FIS in table at",
                        command->table);
        return false;
    }
    return true;
}

void ahci_command_issue(struct ahci_port *port, unsigned slot)
{
    struct ahci_command command = {.port = port, .slot = slot};

    if (!fetch(&command)) {
        return;
    }
    if (!(command.fis[1] & FIS_IS_COMMAND)) {
        control(&command);
    } else if (port->ata.soft_reset) {
        ahci_port_answer(port, &command, ATA_ERROR_ABRT);
    } else {
        execute(&command);
    }
}
