/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/acpi/acpi.h: between the server's parts.  What was found at the start
 * never changes. */

#ifndef ACPI_ACPI_H
#define ACPI_ACPI_H

#include <acpi/aml.h>
#include <acpi/tables.h>
#include <diskfs/diskfs.h>

extern struct acpi_tables tables;
extern struct aml aml;

/* --- pins.c: which interrupt pin each PCI function has ----------------------- */

/* Looks, by way of an arbiter or of the ports, which are free afterwards. */
error_t pins_read(mach_port_t device_master);
/* 1 ... 4, 0 if the function has none, -1 if it is not known. */
int pins_find(unsigned bus, unsigned dev, unsigned func);

/* --- tree.c: tables/NAME ------------------------------------------------------ */

extern const struct diskfs_format tree_format;

/* --- serve.c -------------------------------------------------------------------- */

mig_routine_t serve_routine(const mach_msg_header_t *request);

#endif
