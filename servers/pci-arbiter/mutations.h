/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pci-arbiter/mutations.h: MIG hands the calls of pci.defs an open file
 * of the tree. */

#define PCI_INTRAN         protid_t diskfs_begin_using_protid(pci_t)
#define PCI_INTRAN_PAYLOAD protid_t diskfs_begin_using_protid_payload
#define PCI_DESTRUCTOR     diskfs_end_using_protid(protid_t)
#define PCI_IMPORTS        import <diskfs/diskfs.h>;
