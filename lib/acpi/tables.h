/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/acpi/tables.h: the tables that firmware leaves in memory (ACPI
 * specification 6.5, chapter 5).  Plain C: the caller reads memory.
 */

#ifndef LIB_ACPI_TABLES_H
#define LIB_ACPI_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_TABLES_MAX     64u
#define ACPI_TABLE_SIZE_MAX (1u << 20)

struct acpi_table {
    char name
        [8]; /* the signature; from the second of a kind on, with a number */
    uint64_t phys;
    uint8_t *data; /* malloced */
    uint32_t size;
};

struct acpi_tables {
    struct acpi_table tables[ACPI_TABLES_MAX];
    unsigned count;
};

/* Copies SIZE bytes of physical memory; false if they cannot be had. */
typedef bool (*acpi_read_fn)(void *context, uint64_t phys, void *to,
                             uint32_t size);

enum acpi_result {
    ACPI_OK,
    ACPI_NO_RSDP, /* nothing at 0xe0000 ... 0xfffff */
    ACPI_NO_ROOT, /* RSDT and XSDT are damaged or out of reach */
    ACPI_NO_MEMORY,
};

/* Reads all tables that RSDT or XSDT names, and the DSDT; what is damaged or out
 * of reach is left out. */
enum acpi_result acpi_tables_read(struct acpi_tables *tables, acpi_read_fn read,
                                  void *context);
/* The first table of that signature, or NULL. */
const struct acpi_table *acpi_tables_find(const struct acpi_tables *tables,
                                          const char *signature);

/* From the FADT; ports are 0 where there is none. */
struct acpi_power {
    uint16_t pm1a_control, pm1b_control;
    uint16_t smi_command;
    uint8_t acpi_enable;
};
bool acpi_tables_power(const struct acpi_tables *tables,
                       struct acpi_power *power);

#endif
