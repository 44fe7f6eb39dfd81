/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The adapter: registers for all ports, the interrupt. */
#include "machine/private.h"
#include "machine/ahci.h"

/* 64-bit addresses, NCQ, CLO, third speed, no legacy mode, 32 slots. */
#define CAP_FIXED    0xc1340000u
#define CAP_SLOTS    ((AHCI_SLOTS - 1) << 8)
#define VERSION_131  0x00010301u
#define PORTS_OFFSET AHCI_PORT(0)
#define PORT_SIZE    0x80u

static const struct pci_identity identity = {.vendor = 0x8086,
                                             .device = 0x2922,
                                             .class_code = 0x010601,
                                             .subsystem_vendor = 0x1af4,
                                             .subsystem = 0x1100,
                                             .revision = 2};

/* HR stays until no transfer of before the reset can touch RAM any more. */
static void end_reset(struct ahci *hba)
{
    unsigned under_way = 0;

    for (unsigned i = 0; i < hba->port_count; i++) {
        under_way += hba->ports[i].under_way;
    }
    if (under_way == 0) {
        hba->ghc &= ~AHCI_GHC_HR;
    }
}

void ahci_update(struct ahci *hba)
{
    end_reset(hba);
    for (unsigned i = 0; i < hba->port_count; i++) {
        const struct ahci_port *port = &hba->ports[i];

        if ((ahci_port_read(&hba->ports[i], AHCI_PxIS) & port->ie) != 0) {
            hba->is |= 1u << i;
        }
    }
    pci_function_set_level(&hba->function,
                           (hba->ghc & AHCI_GHC_IE) != 0 && hba->is != 0);
}

/* --- registers ---------------------------------------------------------------------------- */

static uint32_t read_generic(const struct ahci *hba, uint32_t reg)
{
    switch (reg) {
    case AHCI_CAP:
        return CAP_FIXED | CAP_SLOTS | (hba->port_count - 1);
    case AHCI_GHC:
        return AHCI_GHC_AE | hba->ghc;
    case AHCI_IS:
        return hba->is;
    case AHCI_PI:
        return (uint32_t)((1ull << hba->port_count) - 1);
    case AHCI_VS:
        return VERSION_131;
    default:
        return 0;
    }
}

static void reset(struct ahci *hba)
{
    hba->ghc = AHCI_GHC_HR;
    for (unsigned i = 0; i < hba->port_count; i++) {
        ahci_port_reset(&hba->ports[i]);
    }
    hba->is = 0;
    end_reset(hba);
}

static void write_generic(struct ahci *hba, uint32_t reg, uint32_t value,
                          uint32_t mask)
{
    if (reg == AHCI_IS) {
        hba->is &= ~value;
    } else if (reg == AHCI_GHC && (value & AHCI_GHC_HR) != 0) {
        reset(hba);
    } else if (reg == AHCI_GHC && (mask & AHCI_GHC_IE) != 0) {
        hba->ghc = value & AHCI_GHC_IE;
    }
    ahci_update(hba);
}

/* --- the BAR -------------------------------------------------------------------------------- */

static struct ahci_port *port_at(struct ahci *hba, uint32_t offset)
{
    unsigned number = (offset - PORTS_OFFSET) / PORT_SIZE;

    return number < hba->port_count ? &hba->ports[number] : NULL;
}

static uint32_t bar_read(struct pci_function *function, uint32_t offset,
                         unsigned size)
{
    struct ahci *hba = (struct ahci *)function;
    uint32_t reg = offset & ~3u;
    struct ahci_port *port;
    uint32_t value = 0;

    if (offset < PORTS_OFFSET) {
        value = read_generic(hba, reg);
    } else if ((port = port_at(hba, offset)) != NULL) {
        value = ahci_port_read(port, reg % PORT_SIZE);
    }
    return value >> (offset & 3) * 8 & all_ones(size);
}

static void bar_write(struct pci_function *function, uint32_t offset,
                      unsigned size, uint32_t value)
{
    struct ahci *hba = (struct ahci *)function;
    uint32_t mask = all_ones(size) << (offset & 3) * 8;
    uint32_t reg = offset & ~3u;
    struct ahci_port *port;

    value = value << (offset & 3) * 8 & mask;
    if (hba->ghc & AHCI_GHC_HR) {
        return; /* nothing listens during a reset */
    }
    if (offset < PORTS_OFFSET) {
        write_generic(hba, reg, value, mask);
    } else if ((port = port_at(hba, offset)) != NULL) {
        ahci_port_write(port, reg % PORT_SIZE, value, mask);
        ahci_update(hba);
    }
}

/* --- making and ending ------------------------------------------------------------------------ */

static void unplug(struct pci_function *function, unsigned disk)
{
    struct ahci *hba = (struct ahci *)function;

    for (unsigned i = 0; i < hba->port_count; i++) {
        if (hba->ports[i].present && hba->ports[i].ata.disk.number == disk) {
            ahci_port_unplug(&hba->ports[i]);
        }
    }
    ahci_update(hba);
}

/* Commands that PxCI has got are sent to their devices. */
static void run(struct pci_function *function)
{
    struct ahci *hba = (struct ahci *)function;

    for (unsigned i = 0; i < hba->port_count; i++) {
        ahci_port_run(&hba->ports[i]);
    }
    ahci_update(hba);
}

static void function_reset(struct pci_function *function)
{
    struct ahci *hba = (struct ahci *)function;

    reset(hba);
    ahci_update(hba);
}

static void destroy(struct pci_function *function)
{
    function->machine->host.free(function);
}

static const struct pci_ops ops = {.read = bar_read,
                                   .write = bar_write,
                                   .unplug = unplug,
                                   .run = run,
                                   .reset = function_reset,
                                   .destroy = destroy};

/* An adapter without a disk has a port without one. */
bool ahci_create(struct machine *machine, unsigned slot,
                 const struct machine_controller *controller)
{
    unsigned count = controller->disk_count;
    struct ahci *hba;

    count = count > MACHINE_DISKS_MAX ? MACHINE_DISKS_MAX : count;
    hba = machine->host.alloc(sizeof *hba + (count + 1) * sizeof hba->ports[0]);
    if (hba == NULL) {
        return false;
    }
    hba->port_count = count != 0 ? count : 1;
    hba->function.ops = &ops;
    hba->function.kind = "ahci";
    pci_function_add(machine, &hba->function, slot, &identity);
    pci_function_set_bar(&hba->function, AHCI_BAR, AHCI_BAR_SIZE);
    pci_function_add_power(&hba->function, 0);
    for (unsigned i = 0; i < hba->port_count; i++) {
        ahci_port_create(hba, i, i < count ? &controller->disks[i] : NULL);
    }
    return true;
}
