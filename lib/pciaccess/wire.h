/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pciaccess/wire.h: the structures of pci.defs (HURD-FACTS 6.1). */

#ifndef LIB_PCIACCESS_WIRE_H
#define LIB_PCIACCESS_WIRE_H

#include <stdint.h>

enum { PCI_BAR_IO = 1, PCI_BAR_PREFETCHABLE = 2, PCI_BAR_64 = 4 };

struct pci_bar {
    uint64_t base_addr, size;
    uint32_t flags; /* PCI_BAR_... */
    uint32_t unused;
};

struct pci_xrom_bar {
    uint64_t base_addr, size;
};

_Static_assert(sizeof(struct pci_bar) == 24, "as on the wire");
_Static_assert(sizeof(struct pci_xrom_bar) == 16, "as on the wire");

/* Registers of the configuration space. */
enum {
    PCI_VENDOR = 0x00,
    PCI_COMMAND = 0x04,
    PCI_COMMAND_MASTER = 1u << 2, /* of PCI_COMMAND */
    PCI_REVISION = 0x08,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SECONDARY_BUS = 0x19, /* of a bridge */
    PCI_SUBVENDOR = 0x2c,
    PCI_IRQ_LINE = 0x3c
};
#define PCI_CONFIG_SIZE 256u

#endif
