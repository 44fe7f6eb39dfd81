/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device says: FISes in memory, PxTFD and PxIS. */
#include "machine/private.h"
#include "machine/ahci.h"

#define FIS_INTERRUPT 0x40u
#define FIS_TO_HOST   0x20u

static void post(struct ahci_port *port, uint32_t offset, const uint8_t *fis,
                 size_t size)
{
    if (!(port->cmd & AHCI_CMD_FRE)) {
        return;
    }
    if (!pci_dma_write(&port->hba->function, port->fb + offset, fis, size)) {
        ahci_port_fatal(port, AHCI_IS_HBFS, "cannot write the received FIS at",
                        port->fb + offset);
    }
}

/* A device's FIS: where the command was, with the new state. */
static void echo(uint8_t fis[ATA_FIS_SIZE], const struct ahci_command *command,
                 uint8_t type, uint8_t flags)
{
    memset(fis, 0, ATA_FIS_SIZE);
    memcpy(fis + 4, command->fis + 4, 7);
    memcpy(fis + 12, command->fis + 12, 2);
    fis[0] = type;
    fis[1] = flags;
}

/* The signature is an answer to no command. */
static void fill_signature(uint8_t fis[ATA_FIS_SIZE])
{
    fis[1] = 0;
    fis[4] = 1;
    fis[12] = 1;
}

void ahci_port_answer(struct ahci_port *port,
                      const struct ahci_command *command, uint8_t error)
{
    bool signature = command->port == NULL;
    uint8_t fis[ATA_FIS_SIZE];

    port->status = ATA_STATUS_GOOD | (error != 0 ? ATA_STATUS_ERR : 0);
    port->error = signature ? 1 : error;
    echo(fis, command, ATA_FIS_D2H, FIS_INTERRUPT);
    fis[2] = port->status;
    fis[3] = port->error;
    if (signature) {
        fill_signature(fis);
    } else if (error == 0) {
        port->ci &= ~(1u << command->slot);
    }
    post(port, AHCI_FIS_D2H, fis, sizeof fis);
    port->is |= signature ? 0 : AHCI_IS_DHRS;
    if (error != 0) {
        port->is |= AHCI_IS_TFES;
        port->halted = true;
    }
}

void ahci_port_answer_pio(struct ahci_port *port,
                          const struct ahci_command *command)
{
    uint8_t fis[ATA_FIS_SIZE];

    port->status = ATA_STATUS_GOOD;
    port->error = 0;
    port->ci &= ~(1u << command->slot);
    echo(fis, command, ATA_FIS_PIO, FIS_INTERRUPT | FIS_TO_HOST);
    fis[2] = ATA_STATUS_GOOD | ATA_STATUS_DRQ;
    fis[15] = ATA_STATUS_GOOD;
    put16(fis + 16, MACHINE_SECTOR);
    post(port, AHCI_FIS_PIO, fis, sizeof fis);
    port->is |= AHCI_IS_PSS;
}

void ahci_port_answer_queued(struct ahci_port *port,
                             const struct ahci_command *command)
{
    uint8_t fis[ATA_FIS_SIZE];

    port->status = ATA_STATUS_GOOD;
    port->error = 0;
    port->ci &= ~(1u << command->slot);
    port->ncq_pending |= 1u << command->slot;
    echo(fis, command, ATA_FIS_D2H, 0);
    fis[2] = port->status;
    post(port, AHCI_FIS_D2H, fis, sizeof fis);
}

void ahci_port_answer_bits(struct ahci_port *port, unsigned tag, uint8_t error)
{
    uint8_t fis[8] = {ATA_FIS_SDB, FIS_INTERRUPT};

    port->ncq_pending &= ~(1u << tag);
    port->status &= (uint8_t)~ATA_STATUS_ERR;
    port->status |= error != 0 ? ATA_STATUS_ERR : 0;
    port->error = error;
    fis[2] = port->status & 0x77;
    fis[3] = error;
    if (error == 0) {
        put32(fis + 4, 1u << tag);
        port->sact &= ~(1u << tag);
    }
    post(port, AHCI_FIS_SDB, fis, sizeof fis);
    port->is |= AHCI_IS_SDBS;
    if (error != 0) {
        port->is |= AHCI_IS_TFES;
        port->halted = true;
    }
}
