/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/acpi/mutations.h: MIG hands the calls of acpi.defs an open file
 * of the tree. */

#define ACPI_INTRAN         protid_t diskfs_begin_using_protid(acpi_t)
#define ACPI_INTRAN_PAYLOAD protid_t diskfs_begin_using_protid_payload
#define ACPI_DESTRUCTOR     diskfs_end_using_protid(protid_t)
#define ACPI_IMPORTS        import <diskfs/diskfs.h>;
