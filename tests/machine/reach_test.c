/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function may reach, as the host says; and its end without its driver. */
#include "ahci_driver.h"

#define FIRST  2u
#define SECOND 3u
#define PAGE   4096u
#define MINUTE (60 * 1000000000ull)

static int setup(void **state)
{
    struct machine_controller controllers[] = {pc_ahci(0, 2), pc_ahci(2, 1)};

    pc_start(controllers, 2);
    for (unsigned i = 0; i < sizeof pc.disks[0]; i++) {
        pc.disks[0][i] = (uint8_t)(i / MACHINE_SECTOR + i);
    }
    ahci_drive(FIRST);
    port_start(0);
    return 0;
}

static int teardown(void **state)
{
    pc_stop();
    return 0;
}

static const struct ata_request read_8 = {
    .command = ATA_READ_DMA_EXT, .lba = 16, .count = 8, .size_bytes = PAGE};
static const struct ata_request write_8 = {
    .command = ATA_WRITE_DMA_EXT, .lba = 16, .count = 8, .size_bytes = PAGE};

static void assert_works(void)
{
    port_stop(0);
    port_start(0);
    port_issue(0, 0, read_8);
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][16 * 512], PAGE);
}

static void assert_refused(const char *text)
{
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_HBFS);
    assert_int_equal(port_get(0, AHCI_PxCI), 1);
    assert_string_equal(pc.log, text);
}

TEST(a_function_asks_in_its_own_name)
{
    assert_works();
    assert_int_equal(pc.dma_slots, 1u << FIRST);
    pc.dma_slots = 0;
    ahci_drive(SECOND);
    port_start(0);
    port_issue(0, 0, read_8);
    assert_int_equal(pc.dma_slots, 1u << SECOND);
}

TEST(data_out_of_reach_stay_as_they_are)
{
    pc.forbidden = (struct machine_extent){AT_DATA, PAGE};
    memset(&pc.ram[AT_DATA], 0x5a, PAGE);
    port_issue(0, 0, read_8);
    assert_refused("ahci 0:2.0 port 0: data out of reach at 0x100000");
    assert_int_equal(pc.ram[AT_DATA], 0x5a);
    pc.forbidden.size_bytes = 0;
    assert_works();
}

/* The first PRD is good, the second one not: nothing is moved. */
TEST(one_piece_out_of_reach_is_enough)
{
    pc.forbidden = (struct machine_extent){AT_DATA + 4 * PAGE, PAGE};
    port_prepare(0, 0, read_8);
    port_prd(0, 0, 0, AT_DATA, 2048);
    port_prd(0, 0, 1, AT_DATA + 4 * PAGE, 2048);
    port_prd_count(0, 0, 2);
    port_set(0, AHCI_PxCI, 1);
    assert_refused("ahci 0:2.0 port 0: data out of reach at 0x104000");
    assert_int_equal(pc.ram[AT_DATA + 1], 0);
    assert_works();
}

TEST(what_may_only_be_read_goes_to_the_disk_and_not_back)
{
    pc.constant = (struct machine_extent){AT_DATA, PAGE};
    memset(&pc.ram[AT_DATA], 0x5a, PAGE);
    port_issue(0, 0, write_8);
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_int_equal(pc.disks[0][16 * 512 + 7], 0x5a);
    pc.disks[0][16 * 512 + 7] = 1;
    port_issue(0, 0, read_8);
    assert_refused("ahci 0:2.0 port 0: data out of reach at 0x100000");
    assert_int_equal(pc.ram[AT_DATA + 7], 0x5a);
}

TEST(what_the_device_says_of_itself_is_data_too)
{
    struct ata_request identify = {
        .command = ATA_IDENTIFY_DEVICE, .count = 1, .size_bytes = 512};

    pc.constant = (struct machine_extent){AT_DATA, PAGE};
    port_issue(0, 0, identify);
    assert_refused("ahci 0:2.0 port 0: data out of reach at 0x100000");
    assert_int_equal(pc.ram[AT_DATA], 0);
}

/* A device's answer has nowhere to go. */
TEST(an_answer_out_of_reach_is_fatal)
{
    pc.constant = (struct machine_extent){AT_FIS(0), 256};
    memset(&pc.ram[AT_FIS(0)], 0, 256);
    port_issue(0, 0, read_8);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_HBFS);
    assert_int_equal(pc.ram[AT_FIS(0) + AHCI_FIS_D2H], 0);
}

/* Each of the halves in which a bad sector is looked for is looked at anew. */
TEST(the_search_for_a_bad_sector_asks_in_the_same_name)
{
    pc.bad_sector = 20;
    port_issue(0, 0, read_8);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_TFES);
    assert_int_equal(pc.dma_slots, 1u << FIRST);
}

/* --- a driver that is gone --------------------------------------------------- */

static void issue_three(void)
{
    pc.defer = true;
    memset(&pc.ram[AT_DATA], 0, 3 * PAGE);
    for (unsigned i = 0; i < 3; i++) {
        struct ata_request request = read_8;

        request.data = AT_DATA + i * PAGE;
        port_issue(0, i, request);
    }
    assert_int_equal(pc.queue_length, 1);
}

/* What the ports' memory and that of the data say. */
static void assert_untouched(const uint8_t *before)
{
    assert_memory_equal(&pc.ram[AT_LIST(0)], before, 0x40000);
    for (unsigned i = 0; i < 3 * PAGE; i++) {
        assert_int_equal(pc.ram[AT_DATA + i], 0);
    }
}

TEST(a_reset_function_forgets_what_is_under_way)
{
    static uint8_t before[0x40000];

    issue_three();
    memcpy(before, &pc.ram[AT_LIST(0)], sizeof before);
    machine_function_reset(pc.machine, FIRST);
    assert_int_equal(pc.abandoned, 1);
    assert_int_equal(pc.queue_length, 0);
    pc_run();
    assert_untouched(before);
    assert_false(pc.line[PCI_LINE(FIRST)]);
    pc.defer = false;
    assert_works();
}

/* The host cannot let go: its end is told to nobody, and begins nothing. */
TEST(a_reset_function_says_nothing_of_what_the_host_ends)
{
    static uint8_t before[0x40000];

    pc.clings = true;
    issue_three();
    memcpy(before, &pc.ram[AT_LIST(0)], sizeof before);
    machine_function_reset(pc.machine, FIRST);
    assert_int_equal(pc.queue_length, 1);
    pc.fail_status = -5; /* nothing is moved either */
    pc_finish_all();
    pc_run();
    assert_int_equal(pc.queue_length, 0);
    assert_untouched(before);
    pc.defer = false;
    assert_works();
}

TEST(a_command_that_was_given_just_before_the_reset_does_not_begin)
{
    pc.slow = true;
    port_issue(0, 0, read_8);
    machine_function_reset(pc.machine, FIRST);
    pc.dma_count = 0;
    pc_run();
    assert_int_equal(pc.dma_count, 0);
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
}

TEST(other_functions_go_on_over_a_reset)
{
    pc.defer = true;
    port_issue(0, 0, read_8);
    machine_function_reset(pc.machine, SECOND);
    machine_function_reset(pc.machine, 0);             /* a bridge */
    machine_function_reset(pc.machine, 9);             /* nothing */
    machine_function_reset(pc.machine, MACHINE_SLOTS); /* no slot */
    pc_finish_all();
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][16 * 512], PAGE);
}

/* --- names and words --------------------------------------------------------- */

TEST(a_slot_is_known_by_where_firmware_put_its_registers)
{
    uint32_t bar = PCI_BAR(AHCI_BAR);
    uint64_t first = pc_config_read(FIRST, bar, 4);
    uint64_t second = pc_config_read(SECOND, bar, 4);

    assert_int_equal(machine_slot_at(pc.machine, first), FIRST);
    assert_int_equal(machine_slot_at(pc.machine, second + AHCI_BAR_SIZE - 1),
                     SECOND);
    assert_int_equal(machine_slot_at(pc.machine, second + AHCI_BAR_SIZE), -1);
    assert_int_equal(machine_slot_at(pc.machine, first - 1), -1);
    assert_int_equal(machine_slot_at(pc.machine, MACHINE_ECAM_BASE), -1);
    assert_int_equal(machine_slot_at(pc.machine, 0), -1);
    /* One that moves into another's place is not the other. */
    pc_config_write(FIRST, bar, 4, (uint32_t)second);
    assert_int_equal(machine_slot_at(pc.machine, first), FIRST);
    assert_int_equal(machine_slot_at(pc.machine, second), SECOND);
}

TEST(a_minute_later_mistakes_are_told_again)
{
    for (unsigned i = 0; i < 100; i++) {
        port_set(0, AHCI_PxCLBU, 1);
        port_set(0, AHCI_PxCI, 1);
        port_stop(0);
        port_start(0);
    }
    assert_int_equal(pc.log_count, 32);
    pc.time_ns += MINUTE;
    port_set(0, AHCI_PxCLBU, 1);
    port_set(0, AHCI_PxCI, 1);
    assert_int_equal(pc.log_count, 33);
    assert_string_equal(pc.log, "ahci 0:2.0 port 0: command list out of reach "
                                "at 0x100010000");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_function_asks_in_its_own_name),
        T(data_out_of_reach_stay_as_they_are),
        T(one_piece_out_of_reach_is_enough),
        T(what_may_only_be_read_goes_to_the_disk_and_not_back),
        T(what_the_device_says_of_itself_is_data_too),
        T(an_answer_out_of_reach_is_fatal),
        T(the_search_for_a_bad_sector_asks_in_the_same_name),
        T(a_reset_function_forgets_what_is_under_way),
        T(a_reset_function_says_nothing_of_what_the_host_ends),
        T(a_command_that_was_given_just_before_the_reset_does_not_begin),
        T(other_functions_go_on_over_a_reset),
        T(a_slot_is_known_by_where_firmware_put_its_registers),
        T(a_minute_later_mistakes_are_told_again),
    };

    return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
