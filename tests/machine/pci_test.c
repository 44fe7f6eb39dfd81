/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bus: configuration space, BARs, interrupt lines; and the clock chip. */
#include "ahci_driver.h"
#include "machine/rtc.h"

static int setup(void **state)
{
    struct machine_controller controllers[] = {pc_ahci(0, 1), pc_ahci(1, 1),
                                               pc_ahci(2, 1)};

    pc_start(controllers, 3);
    return 0;
}

static int teardown(void **state)
{
    pc_stop();
    return 0;
}

/* --- configuration space ----------------------------------------------------------------- */

TEST(mechanism_1_reads_its_address_back)
{
    machine_port_write(pc.machine, 0xcf8, 4, 0x80000000u);
    assert_int_equal(machine_port_read(pc.machine, 0xcf8, 4), 0x80000000u);
    assert_int_equal(machine_port_read(pc.machine, 0xcfc, 4), 0x29c08086);
}

TEST(absent_functions_read_as_all_ones)
{
    assert_int_equal(pc_config_read(9, 0, 4), 0xffffffff);
    assert_int_equal(pc_config_read(9, 0, 2), 0xffff);
    machine_port_write(pc.machine, 0xcf8, 4, 0x80000100u); /* function 1 */
    assert_int_equal(machine_port_read(pc.machine, 0xcfc, 4), 0xffffffff);
    machine_port_write(pc.machine, 0xcf8, 4, 0x80010000u); /* bus 1 */
    assert_int_equal(machine_port_read(pc.machine, 0xcfc, 4), 0xffffffff);
    machine_port_write(pc.machine, 0xcf8, 4, 0); /* not enabled */
    assert_int_equal(machine_port_read(pc.machine, 0xcfc, 4), 0xffffffff);
}

TEST(configuration_is_read_by_bytes_words_and_double_words)
{
    assert_int_equal(pc_config_read(2, 0, 4), 0x29228086);
    assert_int_equal(pc_config_read(2, 2, 2), 0x2922);
    assert_int_equal(pc_config_read(2, 1, 1), 0x80);
    assert_int_equal(pc_config_read(0x1f, 0, 4), 0x29188086);
    assert_int_equal(pc_config_read(0x1f, 0x0a, 2), 0x0601);
}

TEST(read_only_bits_stay)
{
    pc_config_write(2, 0, 4, 0);
    pc_config_write(2, PCI_COMMAND, 2, 0xffff);
    assert_int_equal(pc_config_read(2, 0, 4), 0x29228086);
    assert_int_equal(pc_config_read(2, PCI_COMMAND, 2), 0x406);
    pc_config_write(2, PCI_LINE_REG, 1, 5);
    assert_int_equal(pc_config_read(2, PCI_LINE_REG, 2), 0x105);
}

TEST(configuration_space_stands_in_memory_too)
{
    uint64_t at = MACHINE_ECAM_BASE + (2u << 15);

    assert_int_equal(pc_read32(at), 0x29228086);
    assert_int_equal(machine_memory_read(pc.machine, at, 8),
                     0x29228086ull | (uint64_t)pc_config_read(2, 4, 4) << 32);
    pc_write(at + PCI_LINE_REG, 1, 7);
    assert_int_equal(pc_config_read(2, PCI_LINE_REG, 1), 7);
    assert_int_equal(pc_read32(at + 0x100), 0); /* no extended capability */
    assert_int_equal(pc_read32(at + 0x1000), 0xffffffff);
    assert_int_equal(pc_read32(MACHINE_ECAM_BASE + (9u << 15)), 0xffffffff);
}

/* --- BARs ----------------------------------------------------------------------------------- */

TEST(a_BAR_tells_its_size)
{
    uint32_t base = pc_config_read(2, PCI_BAR(5), 4);

    assert_int_equal(base, MACHINE_BAR_BASE + 2 * 0x10000);
    pc_config_write(2, PCI_BAR(5), 4, 0xffffffff);
    assert_int_equal(pc_config_read(2, PCI_BAR(5), 4), 0xffffe000);
    pc_config_write(2, PCI_BAR(0), 4, 0xffffffff);
    assert_int_equal(pc_config_read(2, PCI_BAR(0), 4), 0);
}

TEST(a_BAR_can_be_moved)
{
    pc_config_write(2, PCI_BAR(5), 4, 0xf8000000);
    assert_int_equal(pc_read32(0xf8000000 + AHCI_VS), 0x10301);
    assert_int_equal(pc_read32(MACHINE_BAR_BASE + 0x20000 + AHCI_VS),
                     0xffffffff);
}

TEST(a_BAR_answers_while_memory_is_enabled)
{
    uint64_t base = pc_config_read(2, PCI_BAR(5), 4);

    assert_int_equal(pc_read32(base + AHCI_VS), 0x10301);
    pc_config_write(2, PCI_COMMAND, 2, 0);
    assert_int_equal(pc_read32(base + AHCI_VS), 0xffffffff);
    pc_write32(base + AHCI_GHC, 1);
}

/* As firmware hands over what it has booted from. */
TEST(disk_controllers_may_reach_memory_from_the_start)
{
    for (unsigned slot = 2; slot <= 3; slot++) {
        assert_int_equal(pc_config_read(slot, PCI_COMMAND, 2),
                         PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    }
}

static unsigned find_capability(unsigned slot, uint8_t id)
{
    unsigned at = pc_config_read(slot, PCI_CAPABILITIES, 1);

    while (at != 0 && pc_config_read(slot, at, 1) != id) {
        at = pc_config_read(slot, at + 1, 1);
    }
    return at;
}

/* PCI Power Management 1.2, 3.2 and 5.4: D0 and D3hot, in which a function
 * answers to its configuration space alone and keeps its state. */
TEST(functions_can_sleep)
{
    for (unsigned slot = 2; slot <= 3; slot++) {
        unsigned at = find_capability(slot, PCI_PM_ID);
        uint64_t base = pc_config_read(slot, PCI_BAR(5), 4);

        assert_int_not_equal(at, 0);
        assert_true(pc_config_read(slot, PCI_STATUS, 2) & PCI_STATUS_CAPS);
        assert_int_equal(pc_config_read(slot, at + 2, 2), 3);
        assert_int_equal(pc_config_read(slot, at + 4, 2), 8);
        assert_int_not_equal(pc_read32(base), 0xffffffff);
        pc_config_write(slot, at + 4, 2, 1); /* there is no D1 */
        assert_int_equal(pc_config_read(slot, at + 4, 2), 8);
        pc_config_write(slot, at + 4, 2, 3);
        assert_int_equal(pc_config_read(slot, at + 4, 2), 0xb);
        assert_int_equal(pc_read32(base), 0xffffffff);
        pc_config_write(slot, at + 4, 2, 2); /* nor D2 */
        assert_int_equal(pc_config_read(slot, at + 4, 2), 0xb);
        pc_config_write(slot, at + 4, 2, 0);
        assert_int_not_equal(pc_read32(base), 0xffffffff);
        assert_int_equal(pc_config_read(slot, PCI_COMMAND, 2),
                         PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    }
}

TEST(accesses_that_are_not_aligned_are_taken_apart)
{
    uint64_t base = pc_config_read(2, PCI_BAR(5), 4);

    assert_int_equal(machine_memory_read(pc.machine, base + AHCI_VS + 1, 4),
                     0x00000103);
    assert_int_equal(machine_memory_read(pc.machine, base + 0x1ffe, 4),
                     0xffff0000);
    machine_port_write(pc.machine, 0xcf8, 4, 0x80001000u);
    assert_int_equal(machine_port_read(pc.machine, 0xcfd, 2), 0x2280);
}

TEST(ports_nobody_decodes_read_as_all_ones)
{
    assert_int_equal(pc_in8(0x60), 0xff);
    assert_int_equal(machine_port_read(pc.machine, 0x1f0, 2), 0xffff);
    assert_int_equal(machine_port_read(pc.machine, 0xffff, 4), 0xffffffff);
    machine_port_write(pc.machine, 0xffff, 4, 0);
    assert_int_equal(pc_read32(0xfee00000), 0xffffffff);
}

/* --- interrupts ----------------------------------------------------------------------------- */

/* A port with a disk that was just found asks for attention. */
static void interrupt(unsigned slot)
{
    ahci_drive(slot);
    port_set(0, AHCI_PxIE, AHCI_IS_PCS);
}

static void calm(unsigned slot)
{
    ahci_drive(slot);
    port_set(0, AHCI_PxIE, 0);
    ahci_set(AHCI_IS, 1);
}

TEST(slots_alternate_between_two_lines)
{
    assert_int_equal(pc_config_read(2, PCI_LINE_REG, 1), 10);
    assert_int_equal(pc_config_read(3, PCI_LINE_REG, 1), 11);
    assert_int_equal(pc_config_read(4, PCI_LINE_REG, 1), 10);
    assert_int_equal(pc_config_read(2, PCI_PIN_REG, 1), 1);
    interrupt(3);
    assert_true(pc.line[11]);
    assert_false(pc.line[10]);
}

TEST(a_shared_line_is_up_while_any_function_wants_it)
{
    interrupt(2);
    interrupt(4);
    assert_true(pc.line[10]);
    calm(2);
    assert_true(pc.line[10]);
    calm(4);
    assert_false(pc.line[10]);
}

TEST(the_command_register_can_silence_a_function)
{
    interrupt(2);
    assert_true(pc_config_read(2, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
    pc_config_write(2, PCI_COMMAND, 2,
                    PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF);
    assert_false(pc.line[10]);
    assert_true(pc_config_read(2, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
    pc_config_write(2, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    assert_true(pc.line[10]);
}

TEST(a_function_that_sleeps_asks_for_no_interrupt)
{
    interrupt(2);
    assert_true(pc.line[10]);
    pc_config_write(2, PCI_PM_PMCSR, 2, 3);
    assert_false(pc.line[10]);
    pc_config_write(2, PCI_PM_PMCSR, 2, 0);
    assert_true(pc.line[10]);
}

/* --- the clock chip ------------------------------------------------------------------------- */

static uint8_t rtc(uint8_t index)
{
    pc_out8(RTC_PORT_INDEX, index);
    return pc_in8(RTC_PORT_DATA);
}

static void rtc_set(uint8_t index, uint8_t value)
{
    pc_out8(RTC_PORT_INDEX, index);
    pc_out8(RTC_PORT_DATA, value);
}

TEST(the_clock_shows_the_time_in_decimal_digits)
{
    /* Thursday, 2024-02-29 23:58:59 */
    pc.time_ns = 1709251139ull * 1000000000;
    assert_int_equal(rtc(0), 0x59);
    assert_int_equal(rtc(2), 0x58);
    assert_int_equal(rtc(4), 0x23);
    assert_int_equal(rtc(6), 5);
    assert_int_equal(rtc(7), 0x29);
    assert_int_equal(rtc(8), 0x02);
    assert_int_equal(rtc(9), 0x24);
    assert_int_equal(rtc(RTC_CENTURY), 0x20);
    assert_int_equal(rtc(10) & 0x80, 0); /* no update is under way */
    assert_int_equal(rtc(13), 0x80);
}

TEST(the_clock_shows_the_time_in_binary_and_12_hours_if_told)
{
    pc.time_ns = 1709251139ull * 1000000000;
    rtc_set(11, 0x04);
    assert_int_equal(rtc(0), 59);
    assert_int_equal(rtc(4), 0x80 | 11);
    pc.time_ns = 0;
    assert_int_equal(rtc(4), 12);
    assert_int_equal(rtc(9), 70);
    assert_int_equal(rtc(RTC_CENTURY), 19);
}

TEST(the_clock_cannot_be_set_but_remembers_other_bytes)
{
    rtc_set(0, 30);
    assert_int_equal(rtc(0), 0);
    rtc_set(0x40, 0x5a);
    assert_int_equal(rtc(0x40), 0x5a);
    assert_int_equal(rtc(0x15) | rtc(0x16) << 8, 640);
    assert_int_equal(rtc(0x17) | rtc(0x18) << 8, (PC_RAM_SIZE >> 10) - 1024);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(mechanism_1_reads_its_address_back),
        T(absent_functions_read_as_all_ones),
        T(configuration_is_read_by_bytes_words_and_double_words),
        T(read_only_bits_stay),
        T(configuration_space_stands_in_memory_too),
        T(a_BAR_tells_its_size),
        T(a_BAR_can_be_moved),
        T(a_BAR_answers_while_memory_is_enabled),
        T(disk_controllers_may_reach_memory_from_the_start),
        T(functions_can_sleep),
        T(a_function_that_sleeps_asks_for_no_interrupt),
        T(accesses_that_are_not_aligned_are_taken_apart),
        T(ports_nobody_decodes_read_as_all_ones),
        T(slots_alternate_between_two_lines),
        T(a_shared_line_is_up_while_any_function_wants_it),
        T(the_command_register_can_silence_a_function),
        T(the_clock_shows_the_time_in_decimal_digits),
        T(the_clock_shows_the_time_in_binary_and_12_hours_if_told),
        T(the_clock_cannot_be_set_but_remembers_other_bytes),
    };

    return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
