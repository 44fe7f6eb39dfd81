/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/ahci/port.c: a port's hardware: stop, start, reset, detect. */

#include "drivers/ahci/ahci.h"

#define STOP_MS          500u
#define LINK_MS          1000u
#define READY_MS         10000u /* a disk that must spin up takes its time */
#define RESET_US         1000u
#define POLL_US          100u
#define NS_PER_MS        1000000ull
#define MEMORY_OF(field) offsetof(struct hba_port_memory, field)

/* Waits until the bits of MASK are VALUE. */
static bool wait_for(struct hba_port *port, enum ahci_port_register reg,
                     uint32_t mask, uint32_t value, unsigned timeout_ms)
{
    uint64_t until = 0;

    while ((hba_port_read(port, reg) & mask) != value) {
        uint64_t now = hyp_time_ns();

        if (until == 0) {
            until = now + timeout_ms * NS_PER_MS;
        } else if (now > until) {
            return false;
        }
        hyp_sleep_us(POLL_US);
    }
    return true;
}

static void write_address(struct hba_port *port, enum ahci_port_register low,
                          uint64_t phys)
{
    hba_port_write(port, low, (uint32_t)phys);
    hba_port_write(port, low + 4, (uint32_t)(phys >> 32));
}

/* --- stop and start ------------------------------------------------------- */

enum driver_error hba_port_stop(struct hba_port *port)
{
    uint32_t command = hba_port_read(port, AHCI_PXCMD);

    hba_port_write(port, AHCI_PXCMD, command & ~AHCI_PXCMD_ST);
    if (!wait_for(port, AHCI_PXCMD, AHCI_PXCMD_CR, 0, STOP_MS)) {
        return DRIVER_ETIMEDOUT;
    }
    return DRIVER_OK;
}

void hba_port_start(struct hba_port *port)
{
    uint32_t command = hba_port_read(port, AHCI_PXCMD);

    hba_port_write(port, AHCI_PXSERR, AHCI_ALL_ONES);
    hba_port_write(port, AHCI_PXIS, AHCI_ALL_ONES);
    hba_port_write(port, AHCI_PXCMD, command | AHCI_PXCMD_FRE | AHCI_PXCMD_ST);
}

/* The disk's first status comes only once errors of the link are cleared. */
static bool disk_becomes_ready(struct hba_port *port)
{
    hba_port_write(port, AHCI_PXSERR, AHCI_ALL_ONES);
    return wait_for(port, AHCI_PXTFD, AHCI_PXTFD_BSY | AHCI_PXTFD_DRQ, 0,
                    READY_MS);
}

/* COMRESET, and what follows it. */
static bool reset_link(struct hba_port *port)
{
    hba_port_write(port, AHCI_PXSCTL, AHCI_PXSCTL_RESET);
    hyp_sleep_us(RESET_US);
    hba_port_write(port, AHCI_PXSCTL, 0);
    if (!wait_for(port, AHCI_PXSSTS, 0xf, AHCI_DET_READY, LINK_MS)) {
        return false;
    }
    return disk_becomes_ready(port);
}

enum driver_error hba_port_restart(struct hba_port *port, bool reset)
{
    bool stopped = hba_port_stop(port) == DRIVER_OK;
    uint32_t status = hba_port_read(port, AHCI_PXTFD);

    if (!stopped || (status & (AHCI_PXTFD_BSY | AHCI_PXTFD_DRQ)) != 0) {
        reset = true;
    }
    if (reset && !reset_link(port)) {
        return DRIVER_ENXIO;
    }
    /* What would not stop before the reset must have by now: it could still
     * write to memory that is no longer its own. */
    if (!stopped && !wait_for(port, AHCI_PXCMD, AHCI_PXCMD_CR, 0, STOP_MS)) {
        return DRIVER_ENXIO;
    }
    hba_port_start(port);
    return DRIVER_OK;
}

/* --- detection ------------------------------------------------------------ */

bool hba_port_detect(struct hba_port *port, uint64_t detect_until_ns)
{
    while (AHCI_PXSSTS_DET(hba_port_read(port, AHCI_PXSSTS)) == AHCI_DET_NONE) {
        if (hyp_time_ns() > detect_until_ns) {
            return false;
        }
        hyp_sleep_us(POLL_US);
    }
    return wait_for(port, AHCI_PXSSTS, 0xf, AHCI_DET_READY, LINK_MS) &&
           disk_becomes_ready(port);
}

/* --- making and ending ---------------------------------------------------- */

static bool set_up(struct hba_port *port)
{
    uint32_t command;

    if (hba_port_stop(port) != DRIVER_OK) {
        return false;
    }
    command = hba_port_read(port, AHCI_PXCMD) & ~AHCI_PXCMD_FRE;
    hba_port_write(port, AHCI_PXCMD, command);
    if (!wait_for(port, AHCI_PXCMD, AHCI_PXCMD_FR, 0, STOP_MS)) {
        return false;
    }
    hba_port_write(port, AHCI_PXIE, 0);
    write_address(port, AHCI_PXCLB, port->memory_phys + MEMORY_OF(list));
    write_address(port, AHCI_PXFB, port->memory_phys + MEMORY_OF(received));
    hba_port_write(port, AHCI_PXCMD, command | AHCI_PXCMD_SUD | AHCI_PXCMD_POD);
    hba_port_write(port, AHCI_PXCMD,
                   command | AHCI_PXCMD_SUD | AHCI_PXCMD_POD | AHCI_PXCMD_FRE);
    return true;
}

static void fill_list(struct hba_port *port)
{
    for (unsigned slot = 0; slot < AHCI_SLOTS; slot++) {
        uint64_t table = port->memory_phys + MEMORY_OF(tables) +
                         slot * sizeof(struct ahci_command_table);

        port->memory->list[slot].table = (uint32_t)table;
        port->memory->list[slot].table_high = (uint32_t)(table >> 32);
    }
}

static void free_port(struct hba_port *port)
{
    if (port->lock != NULL) {
        hyp_lock_destroy(port->lock);
    }
    if (port->memory != NULL) {
        hyp_dma_free(port->memory, sizeof *port->memory);
    }
    hyp_free(port);
}

struct hba_port *hba_port_create(struct hba *hba, unsigned number)
{
    struct hba_port *port = hyp_alloc(sizeof *port);

    if (port == NULL) {
        return NULL;
    }
    port->hba = hba;
    port->number = number;
    port->registers = AHCI_PORT_BASE + number * AHCI_PORT_SIZE;
    port->disk.ops = &hba_disk_ops;
    port->disk.kind = BLOCK_WD;
    port->lock = hyp_lock_create();
    port->memory = hyp_dma_alloc(sizeof *port->memory, &port->memory_phys);
    if (port->lock != NULL && port->memory != NULL) {
        fill_list(port);
        if (set_up(port)) {
            return port;
        }
        hyp_log("ahci: port %u does not stop", number);
    }
    free_port(port);
    return NULL;
}

void hba_port_destroy(struct hba_port *port)
{
    uint32_t command;

    hba_port_write(port, AHCI_PXIE, 0);
    if (hba_port_stop(port) == DRIVER_OK) {
        command = hba_port_read(port, AHCI_PXCMD);
        hba_port_write(port, AHCI_PXCMD, command & ~AHCI_PXCMD_FRE);
        if (wait_for(port, AHCI_PXCMD, AHCI_PXCMD_FR, 0, STOP_MS)) {
            free_port(port);
            return;
        }
    }
    /* It may still write to its memory, which is therefore never freed. */
    hyp_log("ahci: a port does not stop");
}
