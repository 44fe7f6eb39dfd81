/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pciaccess/private.h: between the library's parts. */

#ifndef LIB_PCIACCESS_PRIVATE_H
#define LIB_PCIACCESS_PRIVATE_H

#include <pciaccess/pciaccess.h>
#include <pciaccess/wire.h>
#include <pthread.h>

/* --- conf1.c: configuration space by the ports ---------------------------- */

/* Takes the ports: PROTECTION_FAILURE if another task has them, ENODEV if
 * there is nothing behind them. */
error_t conf1_take_ports(mach_port_t device_master, mach_port_t *ports);
/* SIZE is 1, 2 or 4, REG aligned to it. */
uint32_t conf1_read(unsigned bus, unsigned dev, unsigned func, unsigned reg,
                    unsigned size);
void conf1_write(unsigned bus, unsigned dev, unsigned func, unsigned reg,
                 unsigned size, uint32_t value);

/* --- scan.c ---------------------------------------------------------------- */

/* Lists the functions that can be reached from bus 0. */
error_t pci_scan_buses(void);

/* --- pciaccess.c ------------------------------------------------------------ */

/* A new function, with nothing but its place; null if there is no room. */
struct pci_device *pci_add_device(unsigned domain, unsigned bus, unsigned dev,
                                  unsigned func);

/* --- tree.c ----------------------------------------------------------------- */

/* Adds the functions of an arbiter's tree; consumes ROOT. */
error_t pci_walk_tree(file_t root);
/* Fills in what the header says, save the regions. */
error_t pci_read_header(struct pci_device *device);

#endif
