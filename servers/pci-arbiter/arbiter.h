/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pci-arbiter/arbiter.h: the PCI functions of the machine, and who may
 * use them.
 *
 * The first arbiter takes the configuration ports for itself and looks for
 * functions; one that is started later, in the same machine, asks the first.
 * What it found never changes.
 */

#ifndef PCI_ARBITER_ARBITER_H
#define PCI_ARBITER_ARBITER_H

#include <diskfs/diskfs.h>
#include <pciaccess/pciaccess.h>
#include <pciaccess/wire.h>

struct function {
    unsigned bus, dev, func;
    struct pci_region regions[PCI_REGIONS];
    struct pci_device *remote; /* the other arbiter's, or null */
};

extern struct function *functions;
extern unsigned function_count;

/* --- config.c: configuration space -------------------------------------------- */

/* Takes the ports: PROTECTION_FAILURE if another task has them. */
error_t config_take_ports(mach_port_t device_master);
/* SIZE is 1, 2 or 4, REG aligned to it. */
uint32_t config_read(unsigned bus, unsigned dev, unsigned func, unsigned reg,
                     unsigned size);
void config_write(unsigned bus, unsigned dev, unsigned func, unsigned reg,
                  unsigned size, uint32_t value);
/* Any range of a function's space, in accesses as large as they can be. */
error_t function_read(const struct function *f, unsigned reg, void *data,
                      unsigned size);
error_t function_write(const struct function *f, unsigned reg,
                       const void *data, unsigned size);

/* --- scan.c ---------------------------------------------------------------------- */

/* Lists the functions that can be reached from bus 0. */
error_t scan_buses(void);
/* Takes over those of the other arbiter. */
error_t scan_remote(mach_port_t device_master);

/* --- tree.c: 0000/BB/SS/F/... as a format of lib/diskfs ----------------------------- */

enum { FILE_DIR, FILE_CONFIG, FILE_REGION0 };

extern const struct diskfs_format tree_format;
extern uid_t tree_uid;
extern gid_t tree_gid;
/* The function that NP belongs to and which of its files it is; null for the
 * directories above. */
const struct function *tree_function(const struct node *np, unsigned *file);

/* --- serve.c ------------------------------------------------------------------------- */

mig_routine_t serve_routine(const mach_msg_header_t *request);

#endif
