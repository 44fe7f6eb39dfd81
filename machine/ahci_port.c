/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port: its registers, its reset, when it sends commands. */
#include "machine/private.h"
#include "machine/ahci.h"

#define CMD_STORED  (AHCI_CMD_ST | AHCI_CMD_FRE)
#define SCTL_STORED 0x00000fffu
#define IE_STORED   0xfdc000ffu
/* What PxIS has of its own; PCS and PRCS are PxSERR's. */
#define IS_STORED    0xfd8000afu
#define SSTS_WORKING 0x130u /* third speed, active */

/* PxSSTS.DET, and what PxSCTL.DET asks for. */
enum { DET_NONE = 0, DET_RESET = 1, DET_WORKING = 3, DET_OFF = 4 };

#define STATUS_NO_DEVICE 0x7fu
#define NO_SIGNATURE     0xffffffffu

/* --- start, stop, reset ------------------------------------------------------------------- */

void ahci_port_forget(struct ahci_port *port)
{
    bool running = port->running;

    port->running = true;
    transfer_orphan_all(port->hba->function.machine, port);
    port->running = running;
}

static void interface_down(struct ahci_port *port, uint8_t det)
{
    ahci_port_forget(port);
    port->det = det;
    port->status = STATUS_NO_DEVICE;
    port->error = 0;
    port->sig = NO_SIGNATURE;
    port->signature_pending = false;
    port->ncq_pending = 0;
}

/* The device says its signature, if somebody hears it and it has forgotten all
 * about earlier. */
static void send_signature(struct ahci_port *port)
{
    static const struct ahci_command none = {.port = NULL};

    if (!port->signature_pending || port->under_way != 0 ||
        !(port->cmd & AHCI_CMD_FRE)) {
        return;
    }
    port->signature_pending = false;
    port->sig = ATA_SIGNATURE;
    ahci_port_answer(port, &none, 0);
}

static void interface_up(struct ahci_port *port)
{
    if (!port->present) {
        return;
    }
    ata_reset(&port->ata);
    port->det = DET_WORKING;
    port->serr |= AHCI_SERR_DIAG_X | AHCI_SERR_DIAG_N;
    port->status = ATA_STATUS_BSY;
    port->signature_pending = true;
    send_signature(port);
}

static void stop(struct ahci_port *port)
{
    ahci_port_forget(port);
    port->ci = 0;
    port->sact = 0;
    port->current = 0;
    port->next = 0;
    port->halted = false;
    port->ncq_pending = 0;
    ahci_port_drained(port);
}

void ahci_port_create(struct ahci *hba, unsigned number,
                      const struct machine_disk *disk)
{
    struct ahci_port *port = &hba->ports[number];

    port->hba = hba;
    port->number = number;
    port->present = disk != NULL;
    if (disk != NULL) {
        ata_create(&port->ata, disk);
    }
    ahci_port_reset(port);
}

void ahci_port_reset(struct ahci_port *port)
{
    port->cmd = 0;
    stop(port);
    port->is = 0;
    port->ie = 0;
    port->sctl = 0;
    port->serr = 0;
    interface_down(port, DET_NONE);
    interface_up(port);
}

void ahci_port_unplug(struct ahci_port *port)
{
    bool busy = (port->ci | port->sact) != 0;

    port->present = false;
    interface_down(port, DET_NONE);
    port->serr |= AHCI_SERR_DIAG_N;
    if (busy) {
        port->is |= AHCI_IS_IFS;
        port->halted = true;
    }
}

/* Behind the last transfer a device that was busy with forgotten commands is
 * free again. */
void ahci_port_drained(struct ahci_port *port)
{
    if (port->under_way != 0 || !port->present) {
        return;
    }
    if (!port->signature_pending) {
        port->status &= (uint8_t)~ATA_STATUS_BSY;
    }
    send_signature(port);
}

void ahci_port_fatal(struct ahci_port *port, uint32_t bits, const char *what,
                     uint64_t number)
{
    port->is |= bits;
    port->halted = true;
    pci_mistake(&port->hba->function, "port", port->number, what, number);
}

/* The device takes commands while it is not busy. */
static bool may_issue(const struct ahci_port *port)
{
    return (port->cmd & AHCI_CMD_ST) != 0 && !port->halted && port->present &&
           port->det == DET_WORKING && port->ci != 0 &&
           !(port->status & (ATA_STATUS_BSY | ATA_STATUS_DRQ));
}

void ahci_port_run(struct ahci_port *port)
{
    if (port->running) {
        return;
    }
    port->running = true;
    while (may_issue(port)) {
        unsigned slot = port->next;

        while (!(port->ci >> slot & 1)) {
            slot = (slot + 1) % AHCI_SLOTS;
        }
        port->current = (uint8_t)slot;
        port->next = (slot + 1) % AHCI_SLOTS;
        ahci_command_issue(port, slot);
    }
    port->running = false;
}

/* --- registers -------------------------------------------------------------------------------- */

static uint32_t read_is(const struct ahci_port *port)
{
    return port->is | ((port->serr & AHCI_SERR_DIAG_X) ? AHCI_IS_PCS : 0) |
           ((port->serr & AHCI_SERR_DIAG_N) ? AHCI_IS_PRCS : 0);
}

/* CR stays while a transfer may touch RAM: the driver waits for it, but for
 * 0.5 s at most (AHCI 1.3.1, 10.1.2).  Only a host that could not abandon the
 * transfer takes that long. */
static uint32_t read_cmd(const struct ahci_port *port)
{
    uint32_t cmd = port->cmd | AHCI_CMD_SUD | AHCI_CMD_POD;

    if (port->cmd & AHCI_CMD_FRE) {
        cmd |= AHCI_CMD_FR;
    }
    if ((port->cmd & AHCI_CMD_ST) || port->under_way != 0) {
        cmd |= AHCI_CMD_CR;
    }
    return cmd | (uint32_t)port->current << 8;
}

uint32_t ahci_port_read(struct ahci_port *port, uint32_t reg)
{
    switch (reg) {
    case AHCI_PxCLB:
    case AHCI_PxCLBU:
        return (uint32_t)(port->clb >> (reg == AHCI_PxCLBU ? 32 : 0));
    case AHCI_PxFB:
    case AHCI_PxFBU:
        return (uint32_t)(port->fb >> (reg == AHCI_PxFBU ? 32 : 0));
    case AHCI_PxIS:
        return read_is(port);
    case AHCI_PxIE:
        return port->ie;
    case AHCI_PxCMD:
        return read_cmd(port);
    case AHCI_PxTFD:
        return port->status | (uint32_t)port->error << 8;
    case AHCI_PxSIG:
        return port->sig;
    case AHCI_PxSSTS:
        return port->det | (port->det == DET_WORKING ? SSTS_WORKING : 0);
    case AHCI_PxSCTL:
        return port->sctl;
    case AHCI_PxSERR:
        return port->serr;
    case AHCI_PxSACT:
        return port->sact;
    case AHCI_PxCI:
        return port->ci;
    default:
        return 0;
    }
}

static void write_cmd(struct ahci_port *port, uint32_t value, uint32_t mask)
{
    uint32_t old = port->cmd;

    port->cmd = (old & ~mask) | (value & CMD_STORED);
    if (port->cmd & AHCI_CMD_ST) {
        port->cmd |= old & AHCI_CMD_FRE; /* must not be cleared now */
    }
    if ((old & AHCI_CMD_ST) && !(port->cmd & AHCI_CMD_ST)) {
        stop(port);
    }
    if ((value & AHCI_CMD_CLO) && !(old & AHCI_CMD_ST)) {
        port->status &= (uint8_t) ~(ATA_STATUS_BSY | ATA_STATUS_DRQ);
    }
    send_signature(port);
    ahci_port_run(port);
}

static void write_sctl(struct ahci_port *port, uint32_t value, uint32_t mask)
{
    unsigned before = port->sctl & 0xf;
    unsigned now;

    port->sctl = (port->sctl & ~mask) | (value & SCTL_STORED);
    now = port->sctl & 0xf;
    if (now == before) {
        return;
    }
    if (now == DET_RESET || now == DET_OFF) {
        interface_down(port, port->present || now == DET_OFF ? (uint8_t)now
                                                             : DET_NONE);
        port->ci = 0;
        port->sact = 0;
    } else if (now == 0) {
        port->det = DET_NONE;
        interface_up(port);
    }
}

static void put_address(uint64_t *address, uint32_t value, uint32_t mask,
                        bool upper, uint32_t align)
{
    unsigned shift = upper ? 32 : 0;

    *address &= ~((uint64_t)mask << shift);
    *address |= (uint64_t)value << shift;
    *address &= ~(uint64_t)(align - 1);
}

void ahci_port_write(struct ahci_port *port, uint32_t reg, uint32_t value,
                     uint32_t mask)
{
    switch (reg) {
    case AHCI_PxCLB:
    case AHCI_PxCLBU:
        put_address(&port->clb, value, mask, reg == AHCI_PxCLBU, 1024);
        break;
    case AHCI_PxFB:
    case AHCI_PxFBU:
        put_address(&port->fb, value, mask, reg == AHCI_PxFBU, 256);
        break;
    case AHCI_PxIS:
        port->is &= ~(value & IS_STORED);
        break;
    case AHCI_PxIE:
        port->ie = (port->ie & ~mask) | (value & IE_STORED);
        break;
    case AHCI_PxCMD:
        write_cmd(port, value, mask);
        break;
    case AHCI_PxSCTL:
        write_sctl(port, value, mask);
        break;
    case AHCI_PxSERR:
        port->serr &= ~value;
        break;
    case AHCI_PxSACT:
        port->sact |= (port->cmd & AHCI_CMD_ST) ? value : 0;
        break;
    case AHCI_PxCI:
        /* No device answers before the write is over. */
        port->ci |= (port->cmd & AHCI_CMD_ST) ? value : 0;
        machine_later(port->hba->function.machine);
        break;
    default:
        break;
    }
}
