/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI's tables as our machine leaves them, and definition blocks that are hard
 * to read. */
#include <acpi/aml.h>
#include <acpi/tables.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above */
#include <cmocka.h>

#include "dsdt.h"

#define FIRMWARE_BASE 0xe0000u
#define FIRMWARE_SIZE 0x20000u
#define HEADER_SIZE   36u

static uint8_t firmware[FIRMWARE_SIZE];

static bool read_firmware(void *context, uint64_t phys, void *to, uint32_t size)
{
    if (phys < FIRMWARE_BASE || phys > FIRMWARE_BASE + FIRMWARE_SIZE ||
        size > FIRMWARE_BASE + FIRMWARE_SIZE - phys)
        return false;
    memcpy(to, firmware + (phys - FIRMWARE_BASE), size);
    return true;
}

static void free_tables(struct acpi_tables *tables)
{
    while (tables->count)
        free(tables->tables[--tables->count].data);
}

/* --- the machine's ------------------------------------------------------------- */

static void our_dsdt_routes_its_slots(void **state)
{
    static struct aml aml;
    unsigned irq, a, b;

    memset(&aml, 0, sizeof aml);
    aml_read(&aml, dsdt_aml + HEADER_SIZE, sizeof dsdt_aml - HEADER_SIZE);
    assert_false(aml.incomplete);
    assert_int_equal(aml_pci_route(&aml, 0, 2, 0, &irq), AML_FOUND);
    assert_int_equal(irq, 10);
    assert_int_equal(aml_pci_route(&aml, 0, 3, 0, &irq), AML_FOUND);
    assert_int_equal(irq, 11);
    assert_int_equal(aml_pci_route(&aml, 0, 3, 1, &irq), AML_NONE);
    assert_int_equal(aml_pci_route(&aml, 0, 31, 0, &irq), AML_NONE);
    assert_int_equal(aml_pci_route(&aml, 1, 2, 0, &irq), AML_NONE);
    assert_int_equal(aml_sleep_types(&aml, 5, &a, &b), AML_FOUND);
    assert_int_equal(a, 7);
    assert_int_equal(aml_sleep_types(&aml, 3, &a, &b), AML_NONE);
}

/* --- tables -------------------------------------------------------------------- */

static void close_table(uint32_t at, const char *signature, uint32_t size)
{
    uint8_t sum = 0;

    memcpy(firmware + at, signature, 4);
    memcpy(firmware + at + 4, &size, 4);
    firmware[at + 9] = 0;
    for (uint32_t i = 0; i < size; i++)
        sum += firmware[at + i];
    firmware[at + 9] = -sum;
}

static void put_rsdp(uint32_t at, uint32_t rsdt)
{
    uint8_t sum = 0;

    memcpy(firmware + at, "RSD PTR ", 8);
    memcpy(firmware + at + 16, &rsdt, 4);
    firmware[at + 8] = 0;
    for (int i = 0; i < 20; i++)
        sum += firmware[at + i];
    firmware[at + 8] = -sum;
}

static void put_tables(void)
{
    uint32_t entries[] = {FIRMWARE_BASE + 0x200, FIRMWARE_BASE + 0x300,
                          0xfff00000};
    uint32_t dsdt = FIRMWARE_BASE + 0x400;
    uint32_t control = 0x604;

    memset(firmware, 0, sizeof firmware);
    put_rsdp(0x10, FIRMWARE_BASE + 0x100);
    memcpy(firmware + 0x100 + HEADER_SIZE, entries, sizeof entries);
    close_table(0x100, "RSDT", HEADER_SIZE + sizeof entries);
    memcpy(firmware + 0x200 + 40, &dsdt, 4);
    memcpy(firmware + 0x200 + 64, &control, 4);
    close_table(0x200, "FACP", 116);
    close_table(0x300, "SSDT", HEADER_SIZE);
    close_table(0x400, "DSDT", HEADER_SIZE);
}

static void tables_of_revision_1_are_found(void **state)
{
    struct acpi_tables tables;
    struct acpi_power power;

    put_tables();
    assert_int_equal(acpi_tables_read(&tables, read_firmware, NULL), ACPI_OK);
    assert_int_equal(tables.count, 4);
    assert_string_equal(tables.tables[3].name, "DSDT");
    assert_true(acpi_tables_power(&tables, &power));
    assert_int_equal(power.pm1a_control, 0x604);
    free_tables(&tables);
}

static void a_damaged_table_is_left_out(void **state)
{
    struct acpi_tables tables;

    put_tables();
    firmware[0x310]++;
    assert_int_equal(acpi_tables_read(&tables, read_firmware, NULL), ACPI_OK);
    assert_null(acpi_tables_find(&tables, "SSDT"));
    free_tables(&tables);
    firmware[0x110]++;
    assert_int_equal(acpi_tables_read(&tables, read_firmware, NULL),
                     ACPI_NO_ROOT);
    free_tables(&tables);
    firmware[0x12]++;
    assert_int_equal(acpi_tables_read(&tables, read_firmware, NULL),
                     ACPI_NO_RSDP);
}

/* --- what cannot be told -------------------------------------------------------- */

/* Device (PCI0) { Name (_HID, PNP0A03); Method (_PRT) {} } */
static const uint8_t method_prt[] = {
    0x5b, 0x82, 0x16, 'P',  'C',  'I',  '0',  0x08, '_', 'H', 'I', 'D',
    0x0c, 0x41, 0xd0, 0x0a, 0x03, 0x14, 0x06, '_',  'P', 'R', 'T', 0x00};

/* Device (PCI0) { _HID; Name (_PRT, Package {Package {0x0002ffff, 0, LNKA, 0}})
 * } */
static const uint8_t link_prt[] = {
    0x5b, 0x82, 0x28, 'P',  'C',  'I',  '0',  0x08, '_',  'H',  'I',
    'D',  0x0c, 0x41, 0xd0, 0x0a, 0x03, 0x08, '_',  'P',  'R',  'T',
    0x12, 0x13, 0x02, 0x12, 0x0d, 0x04, 0x0c, 0xff, 0xff, 0x02, 0x00,
    0x00, 'L',  'N',  'K',  'A',  0x00, 0x00, 0x00};

static void what_would_have_to_be_run_is_unknown(void **state)
{
    static struct aml aml;
    unsigned irq;

    memset(&aml, 0, sizeof aml);
    aml_read(&aml, method_prt, sizeof method_prt);
    assert_int_equal(aml_pci_route(&aml, 0, 2, 0, &irq), AML_UNKNOWN);
    memset(&aml, 0, sizeof aml);
    aml_read(&aml, link_prt, sizeof link_prt);
    assert_int_equal(aml_pci_route(&aml, 0, 2, 0, &irq), AML_UNKNOWN);
}

static void nonsense_is_survived(void **state)
{
    static struct aml aml;
    uint8_t *bytes = malloc(sizeof dsdt_aml);
    unsigned irq, a, b;

    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        memcpy(bytes, dsdt_aml, sizeof dsdt_aml);
        for (int i = rand() % 8; i >= 0; i--)
            bytes[HEADER_SIZE + rand() % (sizeof dsdt_aml - HEADER_SIZE)] =
                rand();
        aml.count = 0;
        aml.incomplete = false;
        aml_read(&aml, bytes + HEADER_SIZE, sizeof dsdt_aml - HEADER_SIZE);
        aml_pci_route(&aml, 0, rand() % 32, 0, &irq);
        aml_sleep_types(&aml, 5, &a, &b);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_dsdt_routes_its_slots),
        cmocka_unit_test(tables_of_revision_1_are_found),
        cmocka_unit_test(a_damaged_table_is_left_out),
        cmocka_unit_test(what_would_have_to_be_run_is_unknown),
        cmocka_unit_test(nonsense_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
