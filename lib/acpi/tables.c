/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/acpi/tables.c: RSDP, RSDT, XSDT, FADT. */

#include <acpi/tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_START 0xe0000u
#define SCAN_END   0x100000u
#define SCAN_STEP  16u

#define HEADER_SIZE 36u

/* Offsets in the FADT (5.2.9). */
enum {
    FADT_DSDT = 40,
    FADT_SMI_COMMAND = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_SIZE_MIN = 72,
    FADT_X_DSDT = 140
};

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t size;
    uint64_t xsdt;
    uint8_t extended_checksum, reserved[3];
} __attribute__((packed));
#define RSDP_SIZE_1 20u

static uint64_t get(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, at, size);
    return value;
}

static bool sums_to_zero(const void *data, uint32_t size)
{
    const uint8_t *bytes = data;
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++)
        sum += bytes[i];
    return sum == 0;
}

static bool is_rsdp(const struct rsdp *rsdp)
{
    return !memcmp(rsdp->signature, "RSD PTR ", 8) &&
           sums_to_zero(rsdp, RSDP_SIZE_1) &&
           (rsdp->revision < 2 || sums_to_zero(rsdp, sizeof *rsdp));
}

/* All of the area at once: to read physical memory is to map it. */
static bool find_rsdp(acpi_read_fn read, void *context, struct rsdp *rsdp)
{
    uint8_t *area = malloc(SCAN_END - SCAN_START);
    bool found = false;

    if (area && read(context, SCAN_START, area, SCAN_END - SCAN_START))
        for (uint32_t at = 0;
             !found && at + sizeof *rsdp <= SCAN_END - SCAN_START;
             at += SCAN_STEP) {
            memcpy(rsdp, area + at, sizeof *rsdp);
            found = is_rsdp(rsdp);
        }
    free(area);
    return found;
}

static void name_table(const struct acpi_tables *tables,
                       struct acpi_table *table)
{
    unsigned same = 0;

    for (unsigned i = 0; i < tables->count; i++)
        same += !memcmp(tables->tables[i].data, table->data, 4);
    for (unsigned i = 0; i < 4; i++) {
        char c = (char)table->data[i];
        table->name[i] =
            (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    }
    if (same)
        snprintf(table->name + 4, sizeof table->name - 4, "%u", same & 0xff);
}

/* A copy of the table at PHYS, or null. */
static struct acpi_table *add_table(struct acpi_tables *tables, uint64_t phys,
                                    acpi_read_fn read, void *context)
{
    struct acpi_table *table = &tables->tables[tables->count];
    uint8_t header[HEADER_SIZE];

    if (!phys || tables->count == ACPI_TABLES_MAX ||
        !read(context, phys, header, sizeof header))
        return NULL;
    uint32_t size = get(header + 4, 4);
    if (size < HEADER_SIZE || size > ACPI_TABLE_SIZE_MAX)
        return NULL;
    *table =
        (struct acpi_table){.phys = phys, .data = malloc(size), .size = size};
    if (!table->data)
        return NULL;
    if (!read(context, phys, table->data, size) ||
        !sums_to_zero(table->data, size)) {
        free(table->data);
        return NULL;
    }
    name_table(tables, table);
    tables->count++;
    return table;
}

static void add_dsdt(struct acpi_tables *tables, acpi_read_fn read,
                     void *context)
{
    const struct acpi_table *fadt = acpi_tables_find(tables, "FACP");
    uint64_t phys = 0;

    if (!fadt || fadt->size < FADT_SIZE_MIN)
        return;
    if (fadt->size >= FADT_X_DSDT + 8)
        phys = get(fadt->data + FADT_X_DSDT, 8);
    if (!phys)
        phys = get(fadt->data + FADT_DSDT, 4);
    add_table(tables, phys, read, context);
}

enum acpi_result acpi_tables_read(struct acpi_tables *tables, acpi_read_fn read,
                                  void *context)
{
    const struct acpi_table *root = NULL;
    unsigned width = 8;
    struct rsdp rsdp;

    tables->count = 0;
    if (!find_rsdp(read, context, &rsdp))
        return ACPI_NO_RSDP;
    if (rsdp.revision >= 2)
        root = add_table(tables, rsdp.xsdt, read, context);
    if (!root) {
        width = 4;
        root = add_table(tables, rsdp.rsdt, read, context);
    }
    if (!root)
        return ACPI_NO_ROOT;
    for (uint32_t at = HEADER_SIZE; at + width <= root->size; at += width)
        add_table(tables, get(root->data + at, width), read, context);
    add_dsdt(tables, read, context);
    return ACPI_OK;
}

const struct acpi_table *acpi_tables_find(const struct acpi_tables *tables,
                                          const char *signature)
{
    for (unsigned i = 0; i < tables->count; i++)
        if (!memcmp(tables->tables[i].data, signature, 4))
            return &tables->tables[i];
    return NULL;
}

bool acpi_tables_power(const struct acpi_tables *tables,
                       struct acpi_power *power)
{
    const struct acpi_table *fadt = acpi_tables_find(tables, "FACP");

    if (!fadt || fadt->size < FADT_SIZE_MIN)
        return false;
    *power = (struct acpi_power){
        .pm1a_control = get(fadt->data + FADT_PM1A_CONTROL, 4),
        .pm1b_control = get(fadt->data + FADT_PM1B_CONTROL, 4),
        .smi_command = get(fadt->data + FADT_SMI_COMMAND, 4),
        .acpi_enable = fadt->data[FADT_ACPI_ENABLE],
    };
    return power->pm1a_control != 0;
}
