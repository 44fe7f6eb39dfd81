/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AHCI when things go wrong, and its queue of commands. */
#include "ahci_driver.h"

#define FAILED_STATUS (ATA_STATUS_GOOD | ATA_STATUS_ERR)

static struct machine_controller controllers[1];

static int setup(void **state)
{
    controllers[0] = pc_ahci(0, 2);
    controllers[0].disks[1].read_only = true;
    pc_start(controllers, 1);
    for (unsigned i = 0; i < sizeof pc.disks[0]; i++) {
        pc.disks[0][i] = (uint8_t)(i / MACHINE_SECTOR + i);
    }
    ahci_drive(2);
    port_start(0);
    return 0;
}

static int teardown(void **state)
{
    pc_stop();
    return 0;
}

static const struct ata_request read_8 = {
    .command = ATA_READ_DMA_EXT, .lba = 16, .count = 8, .size_bytes = 4096};

static struct ata_request queued(uint8_t command, uint64_t lba, uint64_t data)
{
    return (struct ata_request){.command = command,
                                .lba = lba,
                                .count = 1,
                                .data = data,
                                .size_bytes = 512,
                                .queued = true};
}

/* The command failed with that in ATA's error register, and the port waits. */
static void assert_failed(unsigned port, unsigned slot, uint8_t error)
{
    assert_int_equal(port_get(port, AHCI_PxTFD), error << 8 | FAILED_STATUS);
    assert_true(port_get(port, AHCI_PxIS) & AHCI_IS_TFES);
    assert_true(port_get(port, AHCI_PxCI) >> slot & 1);
    assert_int_equal(port_get(port, AHCI_PxCMD) >> 8 & 0x1f, slot);
}

static void assert_fatal(unsigned port, uint32_t bit, const char *text)
{
    assert_true(port_get(port, AHCI_PxIS) & bit);
    assert_true(pc.line[PCI_LINE(2)]);
    assert_string_equal(pc.log, text);
}

/* What a driver does after each error: the next command works. */
static void assert_recovers(unsigned port)
{
    port_stop(port);
    port_start(port);
    port_issue(port, 0, read_8);
    assert_int_equal(port_get(port, AHCI_PxCI), 0);
    assert_int_equal(port_get(port, AHCI_PxTFD), 0x50);
}

/* --- what the device refuses ------------------------------------------------------------- */

TEST(an_unknown_command_is_aborted)
{
    port_issue(0, 5, (struct ata_request){.command = 0x99});
    assert_failed(0, 5, ATA_ERROR_ABRT);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x42], FAILED_STATUS);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x43], ATA_ERROR_ABRT);
    assert_recovers(0);
}

TEST(after_an_error_nothing_is_sent_until_ST_is_cleared)
{
    port_issue(0, 5, (struct ata_request){.command = 0x99});
    port_issue(0, 6, read_8);
    assert_int_equal(port_get(0, AHCI_PxCI), 3u << 5);
    assert_int_equal(pc.ram[AT_DATA], 0);
    assert_recovers(0);
}

TEST(beyond_the_end_no_sector_is_found)
{
    port_issue(0, 0,
               (struct ata_request){.command = ATA_READ_DMA_EXT,
                                    .lba = PC_SECTORS - 1,
                                    .count = 2,
                                    .size_bytes = 1024});
    assert_failed(0, 0, ATA_ERROR_IDNF);
    port_stop(0);
    port_start(0);
    port_issue(0, 0,
               (struct ata_request){.command = ATA_READ_DMA_EXT,
                                    .lba = 0xffffffffffff,
                                    .count = 0,
                                    .size_bytes = 1024});
    assert_failed(0, 0, ATA_ERROR_IDNF);
}

TEST(a_read_only_disk_refuses_to_be_written)
{
    port_start(1);
    port_issue(1, 0,
               (struct ata_request){.command = ATA_WRITE_DMA_EXT,
                                    .count = 1,
                                    .size_bytes = 512});
    assert_failed(1, 0, ATA_ERROR_ABRT | ATA_ERROR_WP);
    assert_recovers(1);
}

TEST(a_bad_sector_is_uncorrectable)
{
    pc.fail_status = -5;
    port_issue(0, 0, read_8);
    assert_failed(0, 0, ATA_ERROR_UNC);
    assert_recovers(0);
}

/* The device names the first sector that it could not read (ACS-3, 7.21.5). */
TEST(a_media_error_names_the_bad_sector)
{
    uint8_t *fis = &pc.ram[AT_FIS(0) + AHCI_FIS_D2H];

    for (uint64_t bad = 16; bad < 24; bad++) {
        pc.bad_sector = bad;
        port_issue(0, 2, read_8);
        assert_failed(0, 2, ATA_ERROR_UNC);
        assert_int_equal(fis[4], bad);
        assert_int_equal(fis[5] | fis[6] | fis[8] | fis[9] | fis[10], 0);
        assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][16 * 512],
                            (bad - 16) * 512);
        port_stop(0);
        port_start(0);
    }
    pc.bad_sector = 0;
    assert_recovers(0);
}

TEST(of_two_bad_sectors_the_first_is_named)
{
    struct ata_request request = {
        .command = ATA_READ_DMA, .lba = 0x300, .count = 8, .size_bytes = 4096};

    pc.defer = true;
    pc.bad_sector = 0x305;
    port_issue(0, 2, request);
    while (pc.queue_length != 0) {
        pc_finish(0);
    }
    assert_failed(0, 2, ATA_ERROR_UNC);
    assert_int_equal(pc.ram[AT_FIS(0) + AHCI_FIS_D2H + 4], 0x05);
    assert_int_equal(pc.ram[AT_FIS(0) + AHCI_FIS_D2H + 5], 0x03);
}

TEST(a_search_for_a_bad_sector_can_be_stopped)
{
    pc.defer = true;
    pc.bad_sector = 20;
    port_issue(0, 2, read_8);
    pc_finish(0);
    assert_int_equal(pc.queue_length, 1);
    assert_true(port_stop(0));
    assert_int_equal(pc.queue_length, 0);
    pc.bad_sector = 0;
    pc.defer = false;
    assert_recovers(0);
}

TEST(no_memory_for_the_search_names_what_is_known)
{
    pc.bad_sector = 20;
    pc.alloc_fail_after = 2;
    port_issue(0, 2, read_8);
    assert_failed(0, 2, ATA_ERROR_UNC);
    assert_int_equal(pc.ram[AT_FIS(0) + AHCI_FIS_D2H + 4], 16);
}

/* --- what the adapter cannot do ---------------------------------------------------------- */

TEST(data_outside_of_memory_stops_the_port)
{
    struct ata_request request = read_8;

    request.data = 0x12345678000;
    port_issue(0, 4, request);
    assert_fatal(0, AHCI_IS_HBFS,
                 "ahci 0:2.0 port 0: data out of reach at 0x12345678000");
    assert_int_equal(port_get(0, AHCI_PxCI), 1u << 4);
    assert_recovers(0);
}

TEST(data_that_crosses_the_end_of_memory_stops_the_port)
{
    struct ata_request request = read_8;

    request.data = PC_RAM_SIZE - 2048;
    port_issue(0, 0, request);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_HBFS);
    assert_int_equal(pc.ram[PC_RAM_SIZE - 2048], 0);
}

TEST(a_command_list_outside_of_memory_stops_the_port)
{
    port_set(0, AHCI_PxCLBU, 1);
    port_set(0, AHCI_PxCI, 1);
    assert_fatal(0, AHCI_IS_HBFS,
                 "ahci 0:2.0 port 0: command list out of reach at "
                 "0x100010000");
}

TEST(a_command_table_outside_of_memory_stops_the_port)
{
    port_prepare(0, 0, read_8);
    ram_put32(AT_LIST(0) + 12, 0xff);
    port_set(0, AHCI_PxCI, 1);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_HBFS);
    assert_recovers(0);
}

TEST(without_bus_mastering_nothing_is_fetched)
{
    pc_config_write(2, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    port_issue(0, 0, read_8);
    assert_fatal(0, AHCI_IS_HBFS,
                 "ahci 0:2.0 port 0: command list out of reach at "
                 "0x10000 (bus mastering is off)");
}

TEST(odd_counts_stop_the_port)
{
    port_prepare(0, 0, read_8);
    ram_put32(AT_TABLE(0, 0) + 0x80 + 12, 4094);
    port_set(0, AHCI_PxCI, 1);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_HBFS);
    assert_recovers(0);
}

TEST(more_data_than_the_PRDT_has_room_for_is_an_overflow)
{
    struct ata_request request = read_8;

    request.size_bytes = 2048;
    port_issue(0, 0, request);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_OFS);
    assert_int_equal(pc.ram[AT_DATA], 0);
    assert_recovers(0);
}

TEST(a_FIS_that_is_no_command_stops_the_port)
{
    port_prepare(0, 0, read_8);
    pc.ram[AT_TABLE(0, 0)] = 0x46;
    port_set(0, AHCI_PxCI, 1);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_IFS);
    assert_recovers(0);
}

TEST(one_driver_cannot_fill_the_log)
{
    for (unsigned i = 0; i < 1000; i++) {
        port_set(0, AHCI_PxCLBU, 1);
        port_set(0, AHCI_PxCI, 1);
        port_stop(0);
        port_start(0);
    }
    assert_in_range(pc.log_count, 1, 64);
    assert_non_null(strstr(pc.log, "no more of these"));
}

/* --- the queue --------------------------------------------------------------------------- */

TEST(queued_commands_end_in_any_order)
{
    pc.defer = true;
    port_issue(0, 3, queued(ATA_READ_FPDMA_QUEUED, 30, AT_DATA));
    port_issue(0, 9, queued(ATA_READ_FPDMA_QUEUED, 40, AT_DATA + 512));
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_int_equal(port_get(0, AHCI_PxSACT), 1u << 3 | 1u << 9);
    assert_int_equal(pc.queue_length, 2);
    pc_finish(1);
    assert_int_equal(port_get(0, AHCI_PxSACT), 1u << 3);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_SDBS);
    assert_int_equal(pc.ram[AT_FIS(0) + AHCI_FIS_SDB], ATA_FIS_SDB);
    assert_int_equal(ram_get32(AT_FIS(0) + AHCI_FIS_SDB + 4), 1u << 9);
    assert_memory_equal(&pc.ram[AT_DATA + 512], &pc.disks[0][40 * 512], 512);
    pc_finish(0);
    assert_int_equal(port_get(0, AHCI_PxSACT), 0);
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][30 * 512], 512);
}

TEST(all_32_slots_can_be_queued)
{
    pc.defer = true;
    for (unsigned i = 0; i < 32; i++) {
        port_issue(0, i, queued(ATA_READ_FPDMA_QUEUED, i, AT_DATA + i * 512));
    }
    assert_int_equal(pc.queue_length, 32);
    pc_finish_all();
    assert_int_equal(port_get(0, AHCI_PxSACT), 0);
    assert_memory_equal(&pc.ram[AT_DATA], pc.disks[0], 32 * 512);
}

TEST(a_queued_write_with_FUA_is_flushed)
{
    struct ata_request request = queued(ATA_WRITE_FPDMA_QUEUED, 5, 0);

    port_issue(0, 0, request);
    assert_int_equal(pc.flush_count, 0);
    request.device = 0x80;
    port_issue(0, 0, request);
    assert_int_equal(pc.flush_count, 1);
    assert_int_equal(port_get(0, AHCI_PxSACT), 0);
}

static void read_log(unsigned slot)
{
    port_issue(0, slot,
               (struct ata_request){.command = ATA_READ_LOG_EXT,
                                    .lba = ATA_LOG_NCQ_ERROR,
                                    .count = 1,
                                    .size_bytes = 512});
}

TEST(an_error_in_the_queue_ends_all_of_it)
{
    pc.defer = pc.clings = true;
    port_issue(0, 3, queued(ATA_READ_FPDMA_QUEUED, 30, AT_DATA));
    port_issue(0, 9, queued(ATA_READ_FPDMA_QUEUED, 40, AT_DATA + 512));
    pc.fail_status = -5;
    pc_finish(1);
    assert_int_equal(port_get(0, AHCI_PxTFD),
                     ATA_ERROR_UNC << 8 | FAILED_STATUS);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_TFES);
    assert_int_equal(port_get(0, AHCI_PxSACT), 1u << 3 | 1u << 9);
    pc_finish(0);
    assert_int_equal(port_get(0, AHCI_PxSACT), 1u << 3 | 1u << 9);
    port_stop(0);
    assert_int_equal(port_get(0, AHCI_PxSACT), 0);
}

TEST(the_log_tells_which_queued_command_failed)
{
    uint8_t sum = 0;

    pc.fail_status = -5;
    port_issue(0, 9, queued(ATA_READ_FPDMA_QUEUED, 0x123, AT_DATA));
    port_stop(0);
    port_start(0);
    read_log(0);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x50);
    assert_int_equal(pc.ram[AT_DATA], 9);
    assert_int_equal(pc.ram[AT_DATA + 2], FAILED_STATUS);
    assert_int_equal(pc.ram[AT_DATA + 3], ATA_ERROR_UNC);
    assert_int_equal(pc.ram[AT_DATA + 4], 0x23);
    assert_int_equal(pc.ram[AT_DATA + 5], 0x01);
    for (unsigned i = 0; i < 512; i++) {
        sum = (uint8_t)(sum + pc.ram[AT_DATA + i]);
    }
    assert_int_equal(sum, 0);
    assert_recovers(0);
}

TEST(the_log_names_the_bad_sector)
{
    struct ata_request request = {.command = ATA_READ_FPDMA_QUEUED,
                                  .lba = 0x120,
                                  .count = 8,
                                  .data = AT_DATA,
                                  .size_bytes = 4096,
                                  .queued = true};

    pc.bad_sector = 0x126;
    port_issue(0, 9, request);
    pc.bad_sector = 0;
    port_stop(0);
    port_start(0);
    read_log(0);
    assert_int_equal(pc.ram[AT_DATA], 9);
    assert_int_equal(pc.ram[AT_DATA + 4], 0x26);
    assert_int_equal(pc.ram[AT_DATA + 5], 0x01);
}

TEST(before_the_log_is_read_everything_else_is_aborted)
{
    pc.fail_status = -5;
    port_issue(0, 9, queued(ATA_READ_FPDMA_QUEUED, 0x123, AT_DATA));
    port_stop(0);
    port_start(0);
    port_issue(0, 0, read_8);
    assert_failed(0, 0, ATA_ERROR_ABRT);
    port_stop(0);
    port_comreset(0); /* forgets it too */
    assert_recovers(0);
}

TEST(a_command_among_queued_ones_ends_them_all)
{
    pc.defer = true;
    port_issue(0, 3, queued(ATA_READ_FPDMA_QUEUED, 30, AT_DATA));
    port_issue(0, 4, read_8);
    assert_failed(0, 4, ATA_ERROR_ABRT);
    pc_finish_all();
    assert_int_equal(port_get(0, AHCI_PxSACT), 1u << 3);
    port_stop(0);
    port_start(0);
    read_log(0);
    assert_int_equal(pc.ram[AT_DATA], 0x80);
}

TEST(a_tag_must_be_the_slot)
{
    port_prepare(0, 3, queued(ATA_READ_FPDMA_QUEUED, 30, AT_DATA));
    pc.ram[AT_TABLE(0, 3) + 12] = 4 << 3;
    port_set(0, AHCI_PxSACT, 1u << 3);
    port_set(0, AHCI_PxCI, 1u << 3);
    assert_failed(0, 3, ATA_ERROR_ABRT);
}

TEST(queued_transfers_under_way_end_unseen_after_a_stop)
{
    pc.defer = pc.clings = true;
    port_issue(0, 3, queued(ATA_READ_FPDMA_QUEUED, 30, AT_DATA));
    assert_false(port_stop(0));
    pc_finish_all();
    assert_false(port_get(0, AHCI_PxCMD) & AHCI_CMD_CR);
    assert_int_equal(port_get(0, AHCI_PxIS) & AHCI_IS_SDBS, 0);
    pc.defer = false;
    assert_recovers(0);
}

/* --- the end of a disk, of a machine -------------------------------------------------------- */

TEST(a_disk_that_is_pulled_out_is_gone)
{
    pc.defer = true;
    port_issue(0, 0, read_8);
    machine_disk_unplug(pc.machine, 0);
    assert_int_equal(port_get(0, AHCI_PxSSTS), 0);
    assert_true(port_get(0, AHCI_PxSERR) & AHCI_SERR_DIAG_N);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_PRCS);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_IFS);
    assert_true(pc.line[PCI_LINE(2)]);
    pc_finish_all();
    port_stop(0);
    port_comreset(0);
    assert_int_equal(port_get(0, AHCI_PxSSTS), 0);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x7f);
    assert_int_equal(port_get(1, AHCI_PxSSTS), 0x133);
}

TEST(COMRESET_waits_for_transfers_before_it_says_ready)
{
    pc.defer = pc.clings = true;
    port_issue(0, 0, read_8);
    port_stop(0);
    port_comreset(0);
    assert_true(port_get(0, AHCI_PxTFD) & ATA_STATUS_BSY);
    pc_finish_all();
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x150);
}

TEST(a_machine_can_end_with_transfers_under_way)
{
    pc.defer = true;
    port_issue(0, 0, read_8);
    port_start(1);
    port_issue(1, 0, read_8);
    assert_int_equal(pc.queue_length, 2);
}

TEST(a_machine_that_gets_no_memory_is_not_made)
{
    struct machine_host host = pc_host();
    struct machine_config config = {.controller_count = 1,
                                    .controllers = controllers};

    for (unsigned i = 1; i <= 3; i++) {
        pc.alloc_fail_after = i;
        assert_null(machine_create(&host, &config));
    }
    pc.alloc_fail_after = 0;
}

TEST(a_command_that_gets_no_memory_stops_the_port)
{
    pc.alloc_fail_after = 1;
    port_issue(0, 0, read_8);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_HBFS);
    assert_recovers(0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_unknown_command_is_aborted),
        T(after_an_error_nothing_is_sent_until_ST_is_cleared),
        T(beyond_the_end_no_sector_is_found),
        T(a_read_only_disk_refuses_to_be_written),
        T(a_bad_sector_is_uncorrectable),
        T(a_media_error_names_the_bad_sector),
        T(of_two_bad_sectors_the_first_is_named),
        T(a_search_for_a_bad_sector_can_be_stopped),
        T(no_memory_for_the_search_names_what_is_known),
        T(the_log_names_the_bad_sector),
        T(data_outside_of_memory_stops_the_port),
        T(data_that_crosses_the_end_of_memory_stops_the_port),
        T(a_command_list_outside_of_memory_stops_the_port),
        T(a_command_table_outside_of_memory_stops_the_port),
        T(without_bus_mastering_nothing_is_fetched),
        T(odd_counts_stop_the_port),
        T(more_data_than_the_PRDT_has_room_for_is_an_overflow),
        T(a_FIS_that_is_no_command_stops_the_port),
        T(one_driver_cannot_fill_the_log),
        T(queued_commands_end_in_any_order),
        T(all_32_slots_can_be_queued),
        T(a_queued_write_with_FUA_is_flushed),
        T(an_error_in_the_queue_ends_all_of_it),
        T(the_log_tells_which_queued_command_failed),
        T(before_the_log_is_read_everything_else_is_aborted),
        T(a_command_among_queued_ones_ends_them_all),
        T(a_tag_must_be_the_slot),
        T(queued_transfers_under_way_end_unseen_after_a_stop),
        T(a_disk_that_is_pulled_out_is_gone),
        T(COMRESET_waits_for_transfers_before_it_says_ready),
        T(a_machine_can_end_with_transfers_under_way),
        T(a_machine_that_gets_no_memory_is_not_made),
        T(a_command_that_gets_no_memory_stops_the_port),
    };

    return cmocka_run_group_tests_name("ahci errors", tests, NULL, NULL);
}
