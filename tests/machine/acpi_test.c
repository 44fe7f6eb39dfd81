/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables and their ports. */
#include "pc.h"
#include "machine/acpi.h"
#include "machine/pci.h"

static int setup(void **state)
{
    pc_start(NULL, 0);
    return 0;
}

static int teardown(void **state)
{
    pc_stop();
    return 0;
}

static const uint8_t *at(uint64_t phys)
{
    assert_true(phys >= MACHINE_BIOS_BASE && phys < MACHINE_BIOS_END);
    return (const uint8_t *)machine_firmware(pc.machine) +
           (phys - MACHINE_BIOS_BASE);
}

static uint32_t get(const uint8_t *bytes, size_t offset, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, bytes + offset, size);
    return value;
}

static uint8_t sum(const uint8_t *bytes, size_t size)
{
    uint8_t total = 0;

    for (size_t i = 0; i < size; i++) {
        total = (uint8_t)(total + bytes[i]);
    }
    return total;
}

/* As every system looks for it. */
static const uint8_t *rsdp(void)
{
    for (uint32_t phys = MACHINE_BIOS_BASE; phys < MACHINE_BIOS_END;
         phys += 16) {
        if (memcmp(at(phys), "RSD PTR ", 8) == 0) {
            return at(phys);
        }
    }
    fail_msg("no RSDP");
    return NULL;
}

static const uint8_t *find(const char *signature)
{
    const uint8_t *xsdt = at(get(rsdp(), 24, 4));
    unsigned count = (get(xsdt, 4, 4) - 36) / 8;

    for (unsigned i = 0; i < count; i++) {
        const uint8_t *table = at(get(xsdt, 36 + i * 8, 4));

        if (memcmp(table, signature, 4) == 0) {
            return table;
        }
    }
    fail_msg("no %s", signature);
    return NULL;
}

static const uint8_t *dsdt(void)
{
    return at(get(find("FACP"), 40, 4));
}

static bool contains(const uint8_t *table, const void *bytes, size_t size)
{
    return memmem(table, get(table, 4, 4), bytes, size) != NULL;
}

TEST(the_root_pointer_is_found_on_16_bytes_and_sums_to_zero)
{
    assert_int_equal(rsdp()[15], 2);
    assert_int_equal(sum(rsdp(), 20), 0);
    assert_int_equal(sum(rsdp(), 36), 0);
}

TEST(both_directories_list_the_same_tables)
{
    const uint8_t *rsdt = at(get(rsdp(), 16, 4));
    const uint8_t *xsdt = at(get(rsdp(), 24, 4));
    unsigned count = (get(xsdt, 4, 4) - 36) / 8;

    assert_int_equal((get(rsdt, 4, 4) - 36) / 4, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(get(rsdt, 36 + i * 4, 4), get(xsdt, 36 + i * 8, 4));
    }
    assert_int_equal(sum(rsdt, get(rsdt, 4, 4)), 0);
    assert_int_equal(sum(xsdt, get(xsdt, 4, 4)), 0);
}

TEST(all_tables_sum_to_zero)
{
    static const char *const names[] = {"FACP", "APIC", "MCFG"};

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(sum(find(names[i]), get(find(names[i]), 4, 4)), 0);
    }
    assert_int_equal(sum(dsdt(), get(dsdt(), 4, 4)), 0);
}

TEST(the_FADT_names_the_ports)
{
    const uint8_t *fadt = find("FACP");

    assert_int_equal(get(fadt, 46, 2), ACPI_SCI);
    assert_int_equal(get(fadt, 48, 4), 0);
    assert_int_equal(get(fadt, 64, 4), ACPI_PM1_CONTROL);
    assert_int_equal(get(fadt, 120, 4), ACPI_RESET_PORT);
    assert_int_equal(get(fadt, 36, 4) % 64, 0);
    assert_memory_equal(at(get(fadt, 36, 4)), "FACS", 4);
    assert_memory_equal(dsdt(), "DSDT", 4);
}

TEST(the_MCFG_names_configuration_space)
{
    assert_int_equal(get(find("MCFG"), 44, 4), MACHINE_ECAM_BASE);
}

/* AML: a package of four: a double word, zero, zero, a byte. */
TEST(the_DSDT_routes_each_slot_as_the_bus_does)
{
    for (unsigned i = 0; i < MACHINE_CONTROLLERS_MAX; i++) {
        uint8_t slot = (uint8_t)(PCI_SLOT_FIRST + i);
        uint8_t entry[] = {0x04, 0x0c, 0xff, 0xff, slot,
                           0,    0,    0,    0x0a, (uint8_t)PCI_LINE(slot)};

        assert_true(contains(dsdt(), entry, sizeof entry));
    }
}

TEST(the_DSDT_has_the_type_of_S5)
{
    uint8_t bytes[] = {'_',  'S',  '5',  '_',         0x12,
                       0x08, 0x04, 0x0a, ACPI_S5_TYPE};

    assert_true(contains(dsdt(), bytes, sizeof bytes));
}

TEST(S5_turns_the_power_off)
{
    assert_int_equal(machine_port_read(pc.machine, ACPI_PM1_CONTROL, 2), 1);
    machine_port_write(pc.machine, ACPI_PM1_CONTROL, 2, ACPI_S5_TYPE << 10);
    assert_int_equal(pc.power_off_count, 0);
    machine_port_write(pc.machine, ACPI_PM1_CONTROL, 2, 1u << 13 | 1u << 10);
    assert_int_equal(pc.power_off_count, 0);
    machine_port_write(pc.machine, ACPI_PM1_CONTROL, 2,
                       1u << 13 | ACPI_S5_TYPE << 10);
    assert_int_equal(pc.power_off_count, 1);
    assert_int_equal(pc.reset_count, 0);
    assert_int_equal(machine_port_read(pc.machine, ACPI_PM1_CONTROL, 2),
                     1u | ACPI_S5_TYPE << 10);
}

TEST(the_reset_register_resets_when_its_bit_rises)
{
    pc_out8(ACPI_RESET_PORT, 0x02);
    assert_int_equal(pc.reset_count, 0);
    pc_out8(ACPI_RESET_PORT, ACPI_RESET_VALUE);
    assert_int_equal(pc.reset_count, 1);
    assert_int_equal(pc.power_off_count, 0);
}

TEST(the_timer_counts_at_its_rate)
{
    uint32_t before = machine_port_read(pc.machine, ACPI_PM_TIMER, 4);

    pc.time_ns += 2000000000;
    assert_int_equal(machine_port_read(pc.machine, ACPI_PM_TIMER, 4) - before,
                     2 * 3579545);
}

static void save(const char *directory, const uint8_t *table, const char *name)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.aml", directory, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(table, 1, get(table, 4, 4), file);
    fclose(file);
}

/* iasl complains if a length or a field is odd. */
static void check_by_iasl(const char *directory, const char *name)
{
    char command[1024];

    snprintf(command, sizeof command,
             "cd '%s' && iasl -d %s.aml >iasl.log 2>&1 && test -s %s.dsl "
             "&& ! grep -Ei 'error|incorrect|invalid' iasl.log",
             directory, name, name);
    assert_int_equal(system(command), 0);
}

TEST(iasl_takes_the_tables_apart_without_complaint)
{
    static const char *const names[] = {"dsdt", "facp", "apic", "mcfg", "facs"};
    const uint8_t *tables[] = {dsdt(), find("FACP"), find("APIC"), find("MCFG"),
                               at(get(find("FACP"), 36, 4))};
    char directory[] = "/tmp/machine-tables.XXXXXX";
    char command[64];

    assert_non_null(mkdtemp(directory));
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        save(directory, tables[i], names[i]);
        check_by_iasl(directory, names[i]);
    }
    snprintf(command, sizeof command, "rm -r '%s'", directory);
    assert_int_equal(system(command), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_root_pointer_is_found_on_16_bytes_and_sums_to_zero),
        T(both_directories_list_the_same_tables),
        T(all_tables_sum_to_zero),
        T(the_FADT_names_the_ports),
        T(the_MCFG_names_configuration_space),
        T(the_DSDT_routes_each_slot_as_the_bus_does),
        T(the_DSDT_has_the_type_of_S5),
        T(S5_turns_the_power_off),
        T(the_reset_register_resets_when_its_bit_rises),
        T(the_timer_counts_at_its_rate),
        T(iasl_takes_the_tables_apart_without_complaint),
    };

    return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
