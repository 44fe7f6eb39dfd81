/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pci-arbiter/scan.c: which functions there are, and what memory and
 * ports they answer to (PCI Local Bus specification 3.0, 6.1 and 6.2.5). */

#include <stdlib.h>
#include <string.h>

#include "pci-arbiter/arbiter.h"

#define BUSES     256
#define SLOTS     32
#define FUNCTIONS 8

#define NOBODY         0xffffu
#define MULTI_FUNCTION 0x80u
#define HEADER_DEVICE  0
#define HEADER_BRIDGE  1
#define BRIDGE_REGIONS 2

#define COMMAND_DECODE 0x3u /* I/O and memory */

#define BAR_IO        0x1u
#define BAR_TYPE      0x6u
#define BAR_64        0x4u
#define BAR_PREFETCH  0x8u
#define BAR_IO_MASK   (~0x3u)
#define BAR_MEM_MASK  (~0xfu)

struct function *functions;
unsigned function_count;

static struct function *add(unsigned bus, unsigned dev, unsigned func)
{
    struct function *more =
        realloc(functions, (function_count + 1) * sizeof *more);

    if (!more)
        return NULL;
    functions = more;
    struct function *f = &functions[function_count++];
    *f = (struct function){.bus = bus, .dev = dev, .func = func};
    return f;
}

/* --- base addresses -------------------------------------------------------------- */

/* Which bits of the register at REG can be set; its value stays. */
static uint32_t settable(const struct function *f, unsigned reg)
{
    uint32_t value = config_read(f->bus, f->dev, f->func, reg, 4);

    config_write(f->bus, f->dev, f->func, reg, 4, ~0u);
    uint32_t mask = config_read(f->bus, f->dev, f->func, reg, 4);
    config_write(f->bus, f->dev, f->func, reg, 4, value);
    return mask;
}

/* Looks at the register of region INDEX; returns how many it takes. */
static unsigned probe_region(struct function *f, unsigned index, unsigned count)
{
    struct pci_region *region = &f->regions[index];
    unsigned reg = PCI_BAR0 + 4 * index;
    uint32_t low = config_read(f->bus, f->dev, f->func, reg, 4);
    uint32_t mask = settable(f, reg);

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
        uint64_t high = config_read(f->bus, f->dev, f->func, reg + 4, 4);
        region->base_addr |= high << 32;
        wide |= (uint64_t)settable(f, reg + 4) << 32;
    }
    region->size = wide & -wide; /* the lowest bit that can be set */
    return region->is_64 ? 2 : 1;
}

/* While the registers say nonsense the function must not answer to it. */
static void probe_regions(struct function *f, unsigned count)
{
    uint32_t command = config_read(f->bus, f->dev, f->func, PCI_COMMAND, 2);

    config_write(f->bus, f->dev, f->func, PCI_COMMAND, 2,
                 command & ~COMMAND_DECODE);
    for (unsigned i = 0; i < count;)
        i += probe_region(f, i, count);
    config_write(f->bus, f->dev, f->func, PCI_COMMAND, 2, command);
}

/* --- buses ------------------------------------------------------------------------- */

/* Buses that are still to be looked at; each once, whatever bridges say. */
struct scan {
    boolean_t known[BUSES];
    uint8_t todo[BUSES];
    unsigned next, count;
};

static void scan_add_bus(struct scan *scan, unsigned bus)
{
    if (scan->known[bus])
        return;
    scan->known[bus] = TRUE;
    scan->todo[scan->count++] = bus;
}

/* *MORE: the slot has further functions. */
static error_t scan_function(struct scan *scan, unsigned bus, unsigned dev,
                             unsigned func, boolean_t *more)
{
    if ((config_read(bus, dev, func, PCI_VENDOR, 4) & 0xffff) == NOBODY)
        return 0;
    unsigned header = config_read(bus, dev, func, PCI_HEADER_TYPE, 1);
    struct function *f = add(bus, dev, func);
    if (!f)
        return HURD_ENOMEM;
    if (func == 0)
        *more = (header & MULTI_FUNCTION) != 0;
    header &= ~MULTI_FUNCTION;
    if (header == HEADER_DEVICE)
        probe_regions(f, PCI_REGIONS);
    if (header == HEADER_BRIDGE) {
        probe_regions(f, BRIDGE_REGIONS);
        scan_add_bus(scan, config_read(bus, dev, func, PCI_SECONDARY_BUS, 1));
    }
    return 0;
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

error_t scan_buses(void)
{
    struct scan scan = {0};
    error_t err = 0;

    scan_add_bus(&scan, 0);
    while (!err && scan.next < scan.count)
        err = scan_bus(&scan, scan.todo[scan.next++]);
    return err;
}

error_t scan_remote(mach_port_t device_master)
{
    struct pci_device *device;
    error_t err = pci_system_init(device_master);

    for (unsigned i = 0; !err && (device = pci_device_get(i)); i++) {
        struct function *f = add(device->bus, device->dev, device->func);
        if (!f)
            return HURD_ENOMEM;
        memcpy(f->regions, device->regions, sizeof f->regions);
        f->remote = device;
    }
    return err;
}
