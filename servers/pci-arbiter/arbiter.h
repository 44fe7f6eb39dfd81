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

/* --- tree.c: 0000/BB/SS/F/... as a format of lib/diskfs ----------------------------- */

enum { FILE_DIR, FILE_CONFIG, FILE_REGION0 };

extern const struct diskfs_format tree_format;
extern uid_t tree_uid;
extern gid_t tree_gid;
/* The function that NP belongs to and which of its files it is; null for the
 * directories above. */
struct pci_device *tree_function(const struct node *np, unsigned *file);

/* --- serve.c ------------------------------------------------------------------------- */

mig_routine_t serve_routine(const mach_msg_header_t *request);

#endif
