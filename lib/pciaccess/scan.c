/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pciaccess/scan.c: which functions there are, and what memory and
 * ports they answer to (PCI Local Bus specification 3.0, 6.1 and 6.2.5). */

#include <pciaccess/private.h>

#define BUSES     256
#define SLOTS     32
#define FUNCTIONS 8

#define NOBODY         0xffffu
#define MULTI_FUNCTION 0x80u
#define HEADER_DEVICE  0
#define HEADER_BRIDGE  1
#define BRIDGE_REGIONS 2

#define COMMAND_DECODE 0x3u /* I/O and memory */

#define BAR_IO       0x1u
#define BAR_TYPE     0x6u
#define BAR_64       0x4u
#define BAR_PREFETCH 0x8u
#define BAR_IO_MASK  (~0x3u)
#define BAR_MEM_MASK (~0xfu)

/* --- base addresses -------------------------------------------------------------- */

/* Which bits of the register at REG can be set; its value stays. */
static uint32_t settable(const struct pci_device *d, unsigned reg)
{
    uint32_t value = conf1_read(d->bus, d->dev, d->func, reg, 4);

    conf1_write(d->bus, d->dev, d->func, reg, 4, ~0u);
    uint32_t mask = conf1_read(d->bus, d->dev, d->func, reg, 4);
    conf1_write(d->bus, d->dev, d->func, reg, 4, value);
    return mask;
}

/* Looks at the register of region INDEX; returns how many it takes. */
static unsigned probe_region(struct pci_device *d, unsigned index,
                             unsigned count)
{
    struct pci_region *region = &d->regions[index];
    unsigned reg = PCI_BAR0 + 4 * index;
    uint32_t low = conf1_read(d->bus, d->dev, d->func, reg, 4);
    uint32_t mask = settable(d, reg);

    region->is_io = (low & BAR_IO) != 0;
    if (region->is_io) {
        region->base_addr = low & BAR_IO_MASK;
        mask &= BAR_IO_MASK & 0xffff;
        region->size = mask & -mask;
        return 1;
    }
    region->is_prefetchable = (low & BAR_PREFETCH) != 0;
    region->is_64 = (low & BAR_TYPE) == BAR_64 && index + 1 < count;
    region->base_addr = low & BAR_MEM_MASK;
    uint64_t wide = mask & BAR_MEM_MASK;
    if (region->is_64) {
        uint64_t high = conf1_read(d->bus, d->dev, d->func, reg + 4, 4);
        region->base_addr |= high << 32;
        wide |= (uint64_t)settable(d, reg + 4) << 32;
    }
    region->size = wide & -wide; /* the lowest bit that can be set */
    return region->is_64 ? 2 : 1;
}

/* While the registers say nonsense the function must not answer to it. */
static void probe_regions(struct pci_device *d, unsigned count)
{
    uint32_t command = conf1_read(d->bus, d->dev, d->func, PCI_COMMAND, 2);

    conf1_write(d->bus, d->dev, d->func, PCI_COMMAND, 2,
                command & ~COMMAND_DECODE);
    for (unsigned i = 0; i < count;)
        i += probe_region(d, i, count);
    conf1_write(d->bus, d->dev, d->func, PCI_COMMAND, 2, command);
}

/* --- buses ------------------------------------------------------------------------- */

/* Buses that are still to be looked at; each once, whatever bridges say. */
struct scan {
    boolean_t known[BUSES];
    uint8_t queue[BUSES];
    unsigned next, count;
};

static void scan_add_bus(struct scan *scan, unsigned bus)
{
    if (scan->known[bus])
        return;
    scan->known[bus] = TRUE;
    scan->queue[scan->count++] = bus;
}

/* *MORE: the slot has further functions. */
static error_t scan_function(struct scan *scan, unsigned bus, unsigned dev,
                             unsigned func, boolean_t *more)
{
    if ((conf1_read(bus, dev, func, PCI_VENDOR, 4) & 0xffff) == NOBODY)
        return 0;
    unsigned header = conf1_read(bus, dev, func, PCI_HEADER_TYPE, 1);
    struct pci_device *d = pci_add_device(0, bus, dev, func);
    if (!d)
        return HURD_ENOMEM;
    if (func == 0)
        *more = (header & MULTI_FUNCTION) != 0;
    header &= ~MULTI_FUNCTION;
    if (header == HEADER_DEVICE)
        probe_regions(d, PCI_REGIONS);
    if (header == HEADER_BRIDGE) {
        probe_regions(d, BRIDGE_REGIONS);
        scan_add_bus(scan, conf1_read(bus, dev, func, PCI_SECONDARY_BUS, 1));
    }
    return pci_read_header(d);
}

static error_t scan_bus(struct scan *scan, unsigned bus)
{
    error_t err = 0;

    for (unsigned dev = 0; !err && dev < SLOTS; dev++) {
        boolean_t more = FALSE;
        err = scan_function(scan, bus, dev, 0, &more);
        for (unsigned func = 1; !err && more && func < FUNCTIONS; func++)
            err = scan_function(scan, bus, dev, func, &more);
    }
    return err;
}

error_t pci_scan_buses(void)
{
    struct scan scan = {0};
    error_t err = 0;

    scan_add_bus(&scan, 0);
    while (!err && scan.next < scan.count)
        err = scan_bus(&scan, scan.queue[scan.next++]);
    return err;
}
