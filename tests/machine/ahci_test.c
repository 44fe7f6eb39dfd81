/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AHCI as a driver meets it: the adapter, its ports, plain commands. */
#include "ahci_driver.h"

#define LINE PCI_LINE(2)

static int setup(void **state)
{
    struct machine_controller controllers[] = {pc_ahci(0, 2), pc_ahci(2, 0)};

    pc_start(controllers, 2);
    for (unsigned i = 0; i < sizeof pc.disks[0]; i++) {
        pc.disks[0][i] = (uint8_t)(i / MACHINE_SECTOR + i);
    }
    ahci_drive(2);
    return 0;
}

static int teardown(void **state)
{
    pc_stop();
    return 0;
}

static bool interrupts(unsigned port, uint32_t bit)
{
    return pc.line[LINE] && (ahci_get(AHCI_IS) >> port & 1) &&
           (port_get(port, AHCI_PxIS) & bit);
}

static void acknowledge(unsigned port)
{
    port_set(port, AHCI_PxIS, port_get(port, AHCI_PxIS));
    ahci_set(AHCI_IS, 1u << port);
}

static const struct ata_request read_8 = {
    .command = ATA_READ_DMA_EXT, .lba = 16, .count = 8, .size_bytes = 4096};

/* --- the adapter ----------------------------------------------------------------------- */

TEST(the_adapter_says_what_it_is)
{
    assert_int_equal(pc_config_read(2, 0x08, 4) >> 8, 0x010601);
    assert_int_equal(ahci_get(AHCI_VS), 0x10301);
    assert_int_equal(ahci_get(AHCI_PI), 3);
    assert_int_equal(ahci_get(AHCI_CAP) & 0x1f, 1);
    assert_int_equal(ahci_get(AHCI_CAP) >> 8 & 0x1f, 31);
    assert_true(ahci_get(AHCI_CAP) & 1u << 31); /* S64A */
    assert_true(ahci_get(AHCI_CAP) & 1u << 30); /* SNCQ */
    assert_true(ahci_get(AHCI_GHC) & AHCI_GHC_AE);
}

TEST(an_adapter_without_disks_has_an_empty_port)
{
    ahci_drive(3);
    assert_int_equal(ahci_get(AHCI_PI), 1);
    assert_int_equal(port_get(0, AHCI_PxSSTS), 0);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x7f);
    assert_int_equal(port_get(0, AHCI_PxSIG), 0xffffffff);
    port_comreset(0);
    assert_int_equal(port_get(0, AHCI_PxSSTS), 0);
}

TEST(a_disk_is_detected_at_power_on)
{
    assert_int_equal(port_get(0, AHCI_PxSSTS), 0x133);
    assert_int_equal(port_get(1, AHCI_PxSSTS), 0x133);
    assert_true(port_get(0, AHCI_PxSERR) & AHCI_SERR_DIAG_X);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_PCS);
    port_set(0, AHCI_PxSERR, AHCI_SERR_DIAG_X);
    assert_false(port_get(0, AHCI_PxIS) & AHCI_IS_PCS);
}

TEST(registers_may_be_read_and_written_by_bytes)
{
    uint64_t base = pc_config_read(2, PCI_BAR(5), 4);

    port_set(0, AHCI_PxIE, 0);
    pc_write(base + AHCI_PORT(0) + AHCI_PxIE + 3, 1, 0x40);
    assert_int_equal(port_get(0, AHCI_PxIE), AHCI_IS_TFES);
    assert_int_equal(machine_memory_read(pc.machine, base + AHCI_VS + 2, 2), 1);
    pc_write(base + AHCI_PORT(0), 8, 0x1234567812345ff);
    assert_int_equal(machine_memory_read(pc.machine, base + AHCI_PORT(0), 8),
                     0x123456781234400);
}

/* --- ports ----------------------------------------------------------------------------- */

TEST(the_signature_is_posted_when_FRE_is_set)
{
    assert_true(port_get(0, AHCI_PxTFD) & ATA_STATUS_BSY);
    port_set(0, AHCI_PxFB, AT_FIS(0));
    port_set(0, AHCI_PxCMD, AHCI_CMD_FRE);
    assert_true(port_get(0, AHCI_PxCMD) & AHCI_CMD_FR);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x0150);
    assert_int_equal(port_get(0, AHCI_PxSIG), 0x101);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x40], ATA_FIS_D2H);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x42], 0x50);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x44], 1);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x4c], 1);
}

TEST(COMRESET_brings_the_signature_again)
{
    port_start(0);
    port_stop(0);
    port_set(0, AHCI_PxSERR, ~0u);
    port_set(0, AHCI_PxSCTL, 1);
    assert_int_equal(port_get(0, AHCI_PxSSTS) & 0xf, 1);
    assert_int_equal(port_get(0, AHCI_PxSIG), 0xffffffff);
    memset(&pc.ram[AT_FIS(0)], 0, 256);
    port_set(0, AHCI_PxSCTL, 0);
    assert_int_equal(port_get(0, AHCI_PxSSTS), 0x133);
    assert_int_equal(port_get(0, AHCI_PxSIG), 0x101);
    assert_true(port_get(0, AHCI_PxSERR) & AHCI_SERR_DIAG_X);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x40], ATA_FIS_D2H);
}

TEST(HBA_reset_stops_everything_but_keeps_the_addresses)
{
    port_start(0);
    ahci_set(AHCI_GHC, AHCI_GHC_HR | AHCI_GHC_AE);
    assert_int_equal(ahci_get(AHCI_GHC), AHCI_GHC_AE);
    assert_false(port_get(0, AHCI_PxCMD) &
                 (AHCI_CMD_ST | AHCI_CMD_CR | AHCI_CMD_FRE));
    assert_int_equal(port_get(0, AHCI_PxIE), 0);
    assert_int_equal(port_get(0, AHCI_PxCLB), AT_LIST(0));
    assert_int_equal(port_get(0, AHCI_PxSSTS), 0x133);
}

/* AHCI 1.3.1, 10.4.3: HR is to be clear a second later at most, and 10.1.2: CR
 * half a second after ST is cleared, however long the disk takes. */
TEST(a_disk_that_hangs_keeps_neither_CR_nor_HR)
{
    port_start(0);
    pc.defer = true;
    port_issue(0, 3, read_8);
    assert_true(port_stop(0));
    assert_int_equal(pc.abandoned, 1);
    assert_false(port_get(0, AHCI_PxTFD) & ATA_STATUS_BSY);
    port_start(0);
    port_issue(0, 3, read_8);
    ahci_set(AHCI_GHC, AHCI_GHC_HR | AHCI_GHC_AE);
    assert_int_equal(ahci_get(AHCI_GHC), AHCI_GHC_AE);
    assert_int_equal(pc.abandoned, 2);
    port_start(0);
    port_issue(0, 3, read_8);
    port_comreset(0);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x150);
    assert_int_equal(pc.abandoned, 3);
    assert_int_equal(pc.queue_length, 0);
    assert_int_equal(pc.ram[AT_DATA], 0);
}

/* 5.3.2: a command is fetched after the register was written. */
TEST(no_command_ends_within_the_write_of_CI)
{
    port_start(0);
    pc.slow = true;
    port_issue(0, 0,
               (struct ata_request){.command = ATA_IDENTIFY_DEVICE,
                                    .size_bytes = 512});
    assert_int_equal(port_get(0, AHCI_PxCI), 1);
    assert_int_equal(port_get(0, AHCI_PxIS), 0);
    assert_false(pc.line[PCI_LINE(2)]);
    pc_run();
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_PSS);
    assert_true(pc.line[PCI_LINE(2)]);
}

TEST(a_port_stopped_before_its_command_was_fetched_fetches_none)
{
    port_start(0);
    pc.slow = true;
    port_issue(0, 0, read_8);
    assert_true(port_stop(0));
    pc_run();
    assert_int_equal(pc.ram[AT_DATA], 0);
    assert_int_equal(port_get(0, AHCI_PxIS) & AHCI_IS_DHRS, 0);
}

TEST(HBA_reset_lasts_until_the_last_transfer_has_ended)
{
    port_start(0);
    pc.defer = pc.clings = true;
    port_issue(0, 0, read_8);
    ahci_set(AHCI_GHC, AHCI_GHC_HR);
    assert_true(ahci_get(AHCI_GHC) & AHCI_GHC_HR);
    pc_finish(0);
    assert_false(ahci_get(AHCI_GHC) & AHCI_GHC_HR);
    assert_int_equal(port_get(0, AHCI_PxIS) & AHCI_IS_DHRS, 0);
}

TEST(CR_stays_while_a_transfer_may_touch_memory)
{
    port_start(0);
    pc.defer = pc.clings = true;
    port_issue(0, 3, read_8);
    assert_int_equal(port_get(0, AHCI_PxCI), 1u << 3);
    assert_int_equal(port_get(0, AHCI_PxCMD) >> 8 & 0x1f, 3);
    assert_false(port_stop(0));
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_true(port_get(0, AHCI_PxTFD) & ATA_STATUS_BSY);
    pc_finish(0);
    assert_false(port_get(0, AHCI_PxCMD) & AHCI_CMD_CR);
    assert_false(port_get(0, AHCI_PxTFD) & ATA_STATUS_BSY);
    assert_false(port_get(0, AHCI_PxIS) & AHCI_IS_DHRS);
}

TEST(CI_takes_no_bits_while_ST_is_clear)
{
    port_set(0, AHCI_PxCI, 1);
    port_set(0, AHCI_PxSACT, 1);
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_int_equal(port_get(0, AHCI_PxSACT), 0);
}

TEST(software_reset_brings_the_signature)
{
    port_start(0);
    port_issue(0, 0, (struct ata_request){.control = 4});
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    memset(&pc.ram[AT_FIS(0)], 0, 256);
    port_issue(0, 0, (struct ata_request){.control = 0});
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x0150);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x40], ATA_FIS_D2H);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x44], 1);
}

/* --- commands ---------------------------------------------------------------------------- */

static unsigned identify_word(unsigned number)
{
    return pc.ram[AT_DATA + 2 * number] | pc.ram[AT_DATA + 2 * number + 1] << 8;
}

static void identify(void)
{
    port_issue(0, 0,
               (struct ata_request){.command = ATA_IDENTIFY_DEVICE,
                                    .size_bytes = 512});
}

TEST(IDENTIFY_DEVICE_tells_size_and_features)
{
    port_start(0);
    identify();
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x50);
    assert_true(interrupts(0, AHCI_IS_PSS));
    assert_int_equal(ram_get32(AT_LIST(0) + 4), 512);
    assert_int_equal(pc.ram[AT_FIS(0) + 0x20], ATA_FIS_PIO);
    assert_int_equal(identify_word(100), PC_SECTORS);
    assert_int_equal(identify_word(60), PC_SECTORS);
    assert_int_equal(identify_word(75), 31);
    assert_true(identify_word(76) & 0x100);  /* NCQ */
    assert_true(identify_word(83) & 0x2400); /* 48 bits, FLUSH CACHE EXT */
    assert_true(identify_word(85) & 0x20);   /* write cache is on */
}

TEST(IDENTIFY_DEVICE_has_its_strings_with_bytes_swapped)
{
    uint8_t sum = 0;

    port_start(0);
    identify();
    assert_memory_equal(&pc.ram[AT_DATA + 54], "EHLLD SI K", 10);
    assert_memory_equal(&pc.ram[AT_DATA + 20], "ESIRLA0-  ", 10);
    assert_int_equal(pc.ram[AT_DATA + 510], 0xa5);
    for (unsigned i = 0; i < 512; i++) {
        sum = (uint8_t)(sum + pc.ram[AT_DATA + i]);
    }
    assert_int_equal(sum, 0);
}

TEST(READ_DMA_EXT_brings_the_sectors)
{
    port_start(0);
    port_issue(0, 0, read_8);
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][16 * 512], 4096);
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x50);
    assert_int_equal(ram_get32(AT_LIST(0) + 4), 4096);
    assert_true(interrupts(0, AHCI_IS_DHRS));
}

TEST(the_line_falls_when_PxIS_and_then_IS_are_cleared)
{
    port_start(0);
    port_issue(0, 0, read_8);
    ahci_set(AHCI_IS, 1); /* comes back: PxIS is the cause */
    assert_true(pc.line[LINE]);
    port_set(0, AHCI_PxIS, ~0u);
    assert_true(pc.line[LINE]);
    ahci_set(AHCI_IS, 1);
    assert_false(pc.line[LINE]);
}

TEST(GHC_IE_and_PxIE_hold_interrupts_back)
{
    port_start(0);
    port_set(0, AHCI_PxIE, 0);
    port_issue(0, 0, read_8);
    assert_int_equal(ahci_get(AHCI_IS), 0);
    ahci_set(AHCI_GHC, AHCI_GHC_AE);
    port_set(0, AHCI_PxIE, AHCI_IS_DHRS);
    assert_int_equal(ahci_get(AHCI_IS), 1);
    assert_false(pc.line[LINE]);
    ahci_set(AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_IE);
    assert_true(pc.line[LINE]);
}

TEST(READ_DMA_takes_28_bits_and_a_count_of_0_for_256)
{
    port_start(0);
    port_issue(0, 0,
               (struct ata_request){.command = ATA_READ_DMA,
                                    .lba = 7,
                                    .count = 0,
                                    .size_bytes = 256 * 512});
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][7 * 512], 256 * 512);
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x50);
}

TEST(WRITE_DMA_EXT_brings_memory_to_the_disk)
{
    port_start(1);
    memset(&pc.ram[AT_DATA], 0xab, 1024);
    port_issue(1, 31,
               (struct ata_request){.command = ATA_WRITE_DMA_EXT,
                                    .lba = 100,
                                    .count = 2,
                                    .size_bytes = 1024});
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[1][100 * 512], 1024);
    assert_int_equal(pc.disks[1][102 * 512], 0);
    assert_true(interrupts(1, AHCI_IS_DHRS));
    assert_int_equal(pc.flush_count, 0);
}

TEST(data_is_scattered_as_the_PRDT_says)
{
    port_start(0);
    port_prepare(0, 0, read_8);
    port_prd(0, 0, 0, AT_DATA + 2, 510);
    port_prd(0, 0, 1, AT_DATA + 0x10000, 2);
    port_prd(0, 0, 2, AT_DATA + 0x20000, 8192); /* more than is left */
    port_prd_count(0, 0, 3);
    port_set(0, AHCI_PxCI, 1);
    assert_memory_equal(&pc.ram[AT_DATA + 2], &pc.disks[0][16 * 512], 510);
    assert_memory_equal(&pc.ram[AT_DATA + 0x10000],
                        &pc.disks[0][16 * 512 + 510], 2);
    assert_memory_equal(&pc.ram[AT_DATA + 0x20000], &pc.disks[0][17 * 512],
                        7 * 512);
    assert_int_equal(pc.ram[AT_DATA + 0x20000 + 7 * 512], 0);
}

TEST(one_command_after_the_other_is_sent_to_the_device)
{
    port_start(0);
    pc.defer = true;
    port_prepare(0, 1, read_8);
    port_prepare(0, 2, read_8);
    port_set(0, AHCI_PxCI, 6);
    assert_int_equal(pc.queue_length, 1);
    assert_true(port_get(0, AHCI_PxTFD) & ATA_STATUS_BSY);
    pc_finish(0);
    assert_int_equal(port_get(0, AHCI_PxCI), 4);
    assert_int_equal(pc.queue_length, 1);
    pc_finish(0);
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
}

TEST(FLUSH_CACHE_EXT_ends_when_the_host_has_flushed)
{
    port_start(0);
    pc.defer = true;
    port_issue(0, 0, (struct ata_request){.command = ATA_FLUSH_CACHE_EXT});
    assert_int_equal(port_get(0, AHCI_PxCI), 1);
    pc_finish(0);
    assert_int_equal(pc.flush_count, 1);
    assert_int_equal(port_get(0, AHCI_PxCI), 0);
}

TEST(without_a_write_cache_a_write_is_flushed)
{
    port_start(0);
    port_issue(
        0, 0,
        (struct ata_request){.command = ATA_SET_FEATURES, .features = 0x82});
    port_issue(0, 0,
               (struct ata_request){.command = ATA_WRITE_DMA_EXT,
                                    .count = 1,
                                    .size_bytes = 512});
    assert_int_equal(pc.flush_count, 1);
    identify();
    assert_false(identify_word(85) & 0x20);
}

TEST(SET_FEATURES_takes_the_modes_that_there_are)
{
    port_start(0);
    port_issue(0, 0,
               (struct ata_request){
                   .command = ATA_SET_FEATURES, .features = 3, .count = 0x45});
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x50);
    identify();
    assert_int_equal(identify_word(88), 0x207f);
    port_issue(0, 0,
               (struct ata_request){
                   .command = ATA_SET_FEATURES, .features = 3, .count = 0x47});
    assert_int_equal(port_get(0, AHCI_PxTFD), 0x451);
}

TEST(CHECK_POWER_MODE_knows_of_standby)
{
    port_start(0);
    port_issue(0, 0, (struct ata_request){.command = ATA_CHECK_POWER_MODE});
    assert_int_equal(pc.ram[AT_FIS(0) + 0x4c], 0xff);
    port_issue(0, 0, (struct ata_request){.command = ATA_STANDBY_IMMEDIATE});
    assert_int_equal(pc.flush_count, 1);
    port_issue(0, 0, (struct ata_request){.command = ATA_CHECK_POWER_MODE});
    assert_int_equal(pc.ram[AT_FIS(0) + 0x4c], 0);
    port_issue(0, 0, read_8);
    port_issue(0, 0, (struct ata_request){.command = ATA_CHECK_POWER_MODE});
    assert_int_equal(pc.ram[AT_FIS(0) + 0x4c], 0xff);
}

TEST(an_interrupt_of_a_PRD_is_told)
{
    port_start(0);
    port_prepare(0, 0, read_8);
    ram_put32(AT_TABLE(0, 0) + 0x80 + 12, 4095 | 1u << 31);
    port_set(0, AHCI_PxCI, 1);
    assert_true(port_get(0, AHCI_PxIS) & AHCI_IS_DPS);
    acknowledge(0);
    assert_false(port_get(0, AHCI_PxIS) & AHCI_IS_DPS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_adapter_says_what_it_is),
        T(an_adapter_without_disks_has_an_empty_port),
        T(a_disk_is_detected_at_power_on),
        T(registers_may_be_read_and_written_by_bytes),
        T(the_signature_is_posted_when_FRE_is_set),
        T(COMRESET_brings_the_signature_again),
        T(HBA_reset_stops_everything_but_keeps_the_addresses),
        T(a_disk_that_hangs_keeps_neither_CR_nor_HR),
        T(no_command_ends_within_the_write_of_CI),
        T(a_port_stopped_before_its_command_was_fetched_fetches_none),
        T(HBA_reset_lasts_until_the_last_transfer_has_ended),
        T(CR_stays_while_a_transfer_may_touch_memory),
        T(CI_takes_no_bits_while_ST_is_clear),
        T(software_reset_brings_the_signature),
        T(IDENTIFY_DEVICE_tells_size_and_features),
        T(IDENTIFY_DEVICE_has_its_strings_with_bytes_swapped),
        T(READ_DMA_EXT_brings_the_sectors),
        T(the_line_falls_when_PxIS_and_then_IS_are_cleared),
        T(GHC_IE_and_PxIE_hold_interrupts_back),
        T(READ_DMA_takes_28_bits_and_a_count_of_0_for_256),
        T(WRITE_DMA_EXT_brings_memory_to_the_disk),
        T(data_is_scattered_as_the_PRDT_says),
        T(one_command_after_the_other_is_sent_to_the_device),
        T(FLUSH_CACHE_EXT_ends_when_the_host_has_flushed),
        T(without_a_write_cache_a_write_is_flushed),
        T(SET_FEATURES_takes_the_modes_that_there_are),
        T(CHECK_POWER_MODE_knows_of_standby),
        T(an_interrupt_of_a_PRD_is_told),
    };

    return cmocka_run_group_tests_name("ahci", tests, NULL, NULL);
}
