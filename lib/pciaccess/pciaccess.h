/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pciaccess/pciaccess.h: the PCI functions that pci-arbiter lets one see.
 *
 * The arbiter is found as the device "pci" of the device master, which at boot
 * is the stage before this one, else on /servers/bus/pci (HURD-FACTS 6.2).
 * Where there is no arbiter this task becomes the machine's only PCI client.
 * Everything may wait for it.  Calls on one device must not overlap, except
 * reads and writes of the configuration space.  Errors are the wire's.
 */
#ifndef LIB_PCIACCESS_PCIACCESS_H
#define LIB_PCIACCESS_PCIACCESS_H

#include <hurd/libhurd.h>
#include <stdbool.h>
#include <stdint.h>

#define PCI_REGIONS 6

struct pci_region {
    uint64_t base_addr, size; /* size 0: there is no such region */
    bool is_io, is_64, is_prefetchable;
};

/* A function: the library's, for ever.  The program reads the first part. */
struct pci_device {
    unsigned domain, bus, dev, func;
    uint16_t vendor_id, device_id, subvendor_id, subdevice_id;
    uint32_t device_class; /* 24 bits: class, subclass, interface */
    uint8_t revision;
    unsigned irq; /* what the interrupt line register says; 0: none */
    struct pci_region regions[PCI_REGIONS];

    file_t dir; /* send rights, null until needed */
    file_t config, files[PCI_REGIONS];
    bool claimed;
};

/* Finds the arbiter and lists its functions; where there is none, and the device
 * master gives the configuration ports, looks for functions itself.
 * DEVICE_MASTER (borrowed) may be null.  PROTECTION_FAILURE if another task has
 * the ports, ENODEV if there is no PCI. */
error_t pci_system_init(mach_port_t device_master);
/* The same from the device "pci" alone, and from the ports alone: for an
 * arbiter, which must not look itself up. */
error_t pci_system_init_device(mach_port_t device_master);
error_t pci_system_init_direct(mach_port_t device_master);
/* Lets the ports go that pci_system_init_direct took; no function can be used
 * any more. */
void pci_system_release(void);
/* The INDEX'th function, null behind the last. */
struct pci_device *pci_device_get(unsigned index);

/* SIZE bytes at OFFSET of the configuration space: at most 256 in all. */
error_t pci_device_cfg_read(struct pci_device *device, void *data,
                            unsigned offset, unsigned size);
error_t pci_device_cfg_write(struct pci_device *device, const void *data,
                             unsigned offset, unsigned size);

/* Maps a memory region, shared; it stays until the task ends.  EINVAL for a
 * region of I/O ports. */
error_t pci_device_map_region(struct pci_device *device, unsigned region,
                              bool writable, void **address_out);

/* The memory object behind it, from the page on that the region begins in: a
 * new send right. */
error_t pci_device_region_object(struct pci_device *device, unsigned region,
                                 bool writable, mach_port_t *object);

/* Takes the function for this task alone, until it ends: others may read, but
 * neither write nor map for writing.  EBUSY if another one has it. */
error_t pci_device_claim(struct pci_device *device);

#endif
