/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/pci.h: one bus of PCI functions.
 *
 * A function has its configuration space and at most one BAR, of memory, whose
 * accesses go to its operations.  Its interrupt pin is INTA, routed by its slot
 * to one of two lines; it may only reach RAM through pci_dma_..., which the bus
 * master bit governs, and of RAM what the host lets the function reach. */
#ifndef MACHINE_PCI_H
#define MACHINE_PCI_H

#include "machine/machine.h"

#define PCI_SLOTS        MACHINE_SLOTS
#define PCI_CONFIG_SIZE  256u
#define PCI_SLOT_FIRST   2u    /* of the controllers */
#define PCI_SLOT_ISA     0x1fu /* the bridge to what is no PCI device */
#define PCI_BAR_DISTANCE 0x10000u

/* Where INTA of a slot goes; dsdt.asl says the same. */
#define PCI_LINE_FIRST 10u
#define PCI_LINE(slot) (PCI_LINE_FIRST + ((slot)&1u))

#define PCI_VENDOR        0x00u
#define PCI_DEVICE        0x02u
#define PCI_COMMAND       0x04u
#define PCI_STATUS        0x06u
#define PCI_REVISION      0x08u
#define PCI_CLASS         0x09u /* three bytes, the interface first */
#define PCI_BAR(n)        (0x10u + 4 * (n))
#define PCI_SUBSYS_VENDOR 0x2cu
#define PCI_SUBSYS        0x2eu
#define PCI_CAPABILITIES  0x34u
#define PCI_LINE_REG      0x3cu
#define PCI_PIN_REG       0x3du

/* Power management (PCI Power Management Interface 1.2, 3.2): the capability,
 * the same place in each function.  A function keeps all its state in D3hot
 * (No_Soft_Reset), but answers to its configuration space alone. */
#define PCI_PM            0xe0u
#define PCI_PM_PMC        (PCI_PM + 2)
#define PCI_PM_PMCSR      (PCI_PM + 4)
#define PCI_PM_ID         0x01u
#define PCI_PM_VERSION    0x0003u /* of PMC: 1.2, neither D1 nor D2, no PME */
#define PCI_PM_STATE      0x0003u /* of PMCSR */
#define PCI_PM_D3HOT      0x0003u
#define PCI_PM_SOFT_RESET 0x0008u /* there is none from D3hot to D0 */

#define PCI_COMMAND_MEMORY   0x0002u
#define PCI_COMMAND_MASTER   0x0004u
#define PCI_COMMAND_INTX_OFF 0x0400u
#define PCI_STATUS_INTERRUPT 0x0008u
#define PCI_STATUS_CAPS      0x0010u

struct pci_function;

/* SIZE is 1, 2 or 4 and OFFSET, within the BAR, aligned to it. */
struct pci_ops {
    uint32_t (*read)(struct pci_function *function, uint32_t offset,
                     unsigned size);
    void (*write)(struct pci_function *function, uint32_t offset, unsigned size,
                  uint32_t value);
    /* Configuration space will be read, or was written; NULL: nothing to do. */
    void (*config_reading)(struct pci_function *function, unsigned reg,
                           unsigned size);
    void (*config_written)(struct pci_function *function, unsigned reg,
                           unsigned size);
    void (*unplug)(struct pci_function *function, unsigned disk);
    /* What the driver has asked for is done now (machine_later). */
    void (*run)(struct pci_function *function);
    /* As at power on, but for what the driver may have to find again: all that
     * was under way is forgotten, and nothing begins. */
    void (*reset)(struct pci_function *function);
    /* Frees what the function is part of. */
    void (*destroy)(struct pci_function *function);
};

struct pci_identity {
    uint16_t vendor, device;
    uint32_t class_code; /* 24 bits */
    uint16_t subsystem_vendor, subsystem;
    uint8_t revision;
};

struct pci_function {
    struct machine *machine;
    const struct pci_ops *ops; /* NULL: a bridge, of which nobody asks much */
    const char *kind;          /* for people */
    unsigned slot;
    unsigned bar;
    uint32_t bar_size; /* 0: none */
    bool level;        /* it asks for an interrupt */
    bool line_up;      /* and the line shows it */
    unsigned mistakes; /* that were told since MISTAKES_NS */
    uint64_t mistakes_ns;
    uint8_t config[PCI_CONFIG_SIZE];
    uint8_t writable[PCI_CONFIG_SIZE];
};

struct pci {
    uint32_t address; /* what stands in 0xcf8 */
    struct pci_function *functions[PCI_SLOTS];
    struct pci_function host_bridge, isa_bridge;
};

void pci_create(struct machine *machine);
void pci_destroy(struct machine *machine);

/* Puts a function into its slot, with SIZE bytes (a power of two, 0 for none)
 * of memory at its BAR, where firmware would have put it, and which firmware
 * would have left able to reach memory, as it boots from disks. */
void pci_function_add(struct machine *machine, struct pci_function *function,
                      unsigned slot, const struct pci_identity *identity);
void pci_function_set_bar(struct pci_function *function, unsigned bar,
                          uint32_t size);
/* The power management capability, behind the last of those that are there
 * (LAST, 0: none). */
void pci_function_add_power(struct pci_function *function, unsigned last);
void pci_function_set_level(struct pci_function *function, bool level);

/* Whether the function may read the range, or with WRITE, write it. */
bool pci_dma_valid(const struct pci_function *function, uint64_t phys,
                   uint64_t size, bool write);
bool pci_dma_read(struct pci_function *function, uint64_t phys, void *to,
                  size_t size);
bool pci_dma_write(struct pci_function *function, uint64_t phys,
                   const void *from, size_t size);

/* Tells people of a driver's mistake: the function, UNIT of it, what, and the
 * number (an address mostly) that was wrong.  A function tells so many a minute
 * only. */
void pci_mistake(struct pci_function *function, const char *unit,
                 unsigned unit_number, const char *what, uint64_t number);

/* Ports 0xcf8 and 0xcfc.. .  SIZE is 1, 2 or 4, aligned. */
uint32_t pci_port_read(struct machine *machine, uint16_t port, unsigned size);
void pci_port_write(struct machine *machine, uint16_t port, unsigned size,
                    uint32_t value);
/* The hole: configuration space and BARs.  SIZE is 1, 2 or 4, aligned. */
uint32_t pci_memory_read(struct machine *machine, uint64_t phys, unsigned size);
void pci_memory_write(struct machine *machine, uint64_t phys, unsigned size,
                      uint32_t value);
void pci_unplug(struct machine *machine, unsigned disk);
/* As machine_slot_at. */
int pci_slot_at(const struct machine *machine, uint64_t phys);

#endif
