/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio disk as a driver meets it. */
#include "pc.h"
#include "machine/virtio_blk.h"

#define AT_DESC     0x10000u
#define AT_AVAIL    0x11000u
#define AT_USED     0x12000u
#define AT_HEADER   0x13000u
#define AT_STATUS   0x14000u
#define AT_INDIRECT 0x15000u
#define AT_DATA     0x100000u

#define SIZE 8u

#define NEXT     1u
#define WRITE    2u
#define INDIRECT 4u

static uint64_t base;
static uint16_t avail_index;

static uint32_t get(uint32_t offset, unsigned size)
{
    return (uint32_t)machine_memory_read(pc.machine, base + offset, size);
}

static void set(uint32_t offset, unsigned size, uint64_t value)
{
    pc_write(base + offset, size, value);
}

static void drive(unsigned slot)
{
    base = pc_config_read(slot, PCI_BAR(VIRTIO_BAR), 4);
    pc_config_write(slot, PCI_COMMAND, 2,
                    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static bool negotiate(uint64_t features)
{
    set(VIRTIO_STATUS, 1, 0);
    set(VIRTIO_STATUS, 1, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
    for (unsigned i = 0; i < 2; i++) {
        set(VIRTIO_DRIVER_FEATURE_SELECT, 4, i);
        set(VIRTIO_DRIVER_FEATURE, 4, (uint32_t)(features >> i * 32));
    }
    set(VIRTIO_STATUS, 1,
        VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
            VIRTIO_STATUS_FEATURES_OK);
    return get(VIRTIO_STATUS, 1) & VIRTIO_STATUS_FEATURES_OK;
}

static void start(uint64_t features)
{
    assert_true(negotiate(VIRTIO_F_VERSION_1 | features));
    memset(&pc.ram[AT_DESC], 0, 0x8000);
    avail_index = 0;
    set(VIRTIO_QUEUE_SELECT, 2, 0);
    set(VIRTIO_QUEUE_SIZE, 2, SIZE);
    set(VIRTIO_QUEUE_DESC, 8, AT_DESC);
    set(VIRTIO_QUEUE_DRIVER, 8, AT_AVAIL);
    set(VIRTIO_QUEUE_DEVICE, 8, AT_USED);
    set(VIRTIO_QUEUE_ENABLE, 2, 1);
    set(VIRTIO_STATUS, 1,
        VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
            VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

static int setup(void **state)
{
    struct machine_controller controllers[] = {pc_virtio(0, false),
                                               pc_virtio(1, true)};

    pc_start(controllers, 2);
    for (unsigned i = 0; i < sizeof pc.disks[0]; i++) {
        pc.disks[0][i] = (uint8_t)(i / MACHINE_SECTOR + i);
    }
    drive(2);
    return 0;
}

static int teardown(void **state)
{
    pc_stop();
    return 0;
}

static void put_desc(uint64_t table, unsigned index, uint64_t phys,
                     uint32_t size, uint16_t flags, uint16_t next)
{
    uint64_t at = table + index * 16;

    ram_put32(at, (uint32_t)phys);
    ram_put32(at + 4, (uint32_t)(phys >> 32));
    ram_put32(at + 8, size);
    ram_put32(at + 12, flags | (uint32_t)next << 16);
}

static void put_header(uint32_t type, uint64_t sector)
{
    ram_put32(AT_HEADER, type);
    ram_put32(AT_HEADER + 8, (uint32_t)sector);
    ram_put32(AT_HEADER + 12, (uint32_t)(sector >> 32));
    pc.ram[AT_STATUS] = 0xee;
}

/* Header, data, status in the descriptors from FIRST on. */
static void put_chain(unsigned first, uint32_t type, uint64_t sector,
                      uint32_t size)
{
    uint16_t way = type == VIRTIO_BLK_OUT ? 0 : WRITE;
    unsigned at = first;

    put_header(type, sector);
    put_desc(AT_DESC, at, AT_HEADER, 16, NEXT, (uint16_t)(at + 1));
    at++;
    if (size != 0) {
        put_desc(AT_DESC, at, AT_DATA, size, NEXT | way, (uint16_t)(at + 1));
        at++;
    }
    put_desc(AT_DESC, at, AT_STATUS, 1, WRITE, 0);
}

static void offer(uint16_t head)
{
    memcpy(&pc.ram[AT_AVAIL + 4 + avail_index % SIZE * 2], &head, 2);
    avail_index++;
    memcpy(&pc.ram[AT_AVAIL + 2], &avail_index, 2);
}

static void notify(void)
{
    set(VIRTIO_NOTIFY, 2, 0);
}

static void ask(uint32_t type, uint64_t sector, uint32_t size)
{
    put_chain(0, type, sector, size);
    offer(0);
    notify();
}

static unsigned used_index(void)
{
    return ram_get32(AT_USED) >> 16;
}

static uint32_t used_size(unsigned index)
{
    return ram_get32(AT_USED + 4 + index % SIZE * 8 + 4);
}

static bool needs_reset(void)
{
    return get(VIRTIO_STATUS, 1) & VIRTIO_STATUS_NEEDS_RESET;
}

/* --- what it is -------------------------------------------------------------------------- */

TEST(the_device_says_what_it_is)
{
    assert_int_equal(pc_config_read(2, 0, 4), 0x10421af4);
    set(VIRTIO_DEVICE_FEATURE_SELECT, 4, 1);
    assert_int_equal(get(VIRTIO_DEVICE_FEATURE, 4), 1);
    set(VIRTIO_DEVICE_FEATURE_SELECT, 4, 0);
    assert_true(get(VIRTIO_DEVICE_FEATURE, 4) & VIRTIO_BLK_F_FLUSH);
    assert_false(get(VIRTIO_DEVICE_FEATURE, 4) & VIRTIO_BLK_F_RO);
    assert_int_equal(get(VIRTIO_QUEUE_COUNT, 2), 1);
    assert_int_equal(get(VIRTIO_QUEUE_SIZE, 2), 128);
    assert_int_equal(get(VIRTIO_DEVICE, 4), PC_SECTORS);
    assert_int_equal(get(VIRTIO_DEVICE + 20, 4), 512);
    set(VIRTIO_QUEUE_SELECT, 2, 1);
    assert_int_equal(get(VIRTIO_QUEUE_SIZE, 2), 0);
}

TEST(capabilities_tell_where_the_structures_are)
{
    static const uint32_t where[] = {0,          VIRTIO_COMMON, VIRTIO_NOTIFY,
                                     VIRTIO_ISR, VIRTIO_DEVICE, 0};
    unsigned found = 0;

    assert_true(pc_config_read(2, PCI_STATUS, 2) & PCI_STATUS_CAPS);
    for (unsigned at = pc_config_read(2, PCI_CAPABILITIES, 1); at != 0;
         at = pc_config_read(2, at + 1, 1)) {
        unsigned type = pc_config_read(2, at + 3, 1);

        if (pc_config_read(2, at, 1) == PCI_PM_ID) {
            continue;
        }
        assert_int_equal(pc_config_read(2, at, 1), 9);
        assert_int_equal(pc_config_read(2, at + 4, 1), VIRTIO_BAR);
        assert_int_equal(pc_config_read(2, at + 8, 4), where[type]);
        found |= 1u << type;
    }
    assert_int_equal(found, 0x3e);
}

TEST(the_BAR_is_reached_through_configuration_space_too)
{
    unsigned at = 0x84;

    assert_int_equal(pc_config_read(2, at + 3, 1), 5);
    pc_config_write(2, at + 8, 4, VIRTIO_QUEUE_SIZE);
    pc_config_write(2, at + 12, 4, 2);
    assert_int_equal(pc_config_read(2, at + 16, 2), 128);
    pc_config_write(2, at + 16, 2, 16);
    assert_int_equal(get(VIRTIO_QUEUE_SIZE, 2), 16);
    pc_config_write(2, at + 12, 4, 3); /* no length */
    pc_config_write(2, at + 16, 2, 64);
    assert_int_equal(get(VIRTIO_QUEUE_SIZE, 2), 16);
}

TEST(features_are_agreed_to_or_not)
{
    assert_true(negotiate(VIRTIO_F_VERSION_1));
    assert_false(negotiate(0));
    assert_false(negotiate(VIRTIO_F_VERSION_1 | 1ull << 40));
}

/* --- requests ---------------------------------------------------------------------------- */

TEST(IN_reads_sectors)
{
    start(0);
    ask(VIRTIO_BLK_IN, 16, 4096);
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][16 * 512], 4096);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_OK);
    assert_int_equal(used_index(), 1);
    assert_int_equal(used_size(0), 4097);
    assert_true(pc.line[PCI_LINE(2)]);
    assert_int_equal(get(VIRTIO_ISR, 1), VIRTIO_ISR_QUEUE);
    assert_int_equal(get(VIRTIO_ISR, 1), 0);
    assert_false(pc.line[PCI_LINE(2)]);
}

TEST(OUT_writes_sectors)
{
    start(VIRTIO_BLK_F_FLUSH);
    memset(&pc.ram[AT_DATA], 0xab, 1024);
    ask(VIRTIO_BLK_OUT, 9, 1024);
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][9 * 512], 1024);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_OK);
    assert_int_equal(used_size(0), 1);
    assert_int_equal(pc.flush_count, 0);
}

TEST(a_driver_that_cannot_flush_writes_through)
{
    start(0);
    ask(VIRTIO_BLK_OUT, 9, 1024);
    assert_int_equal(pc.flush_count, 1);
    ask(VIRTIO_BLK_FLUSH, 0, 0);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_UNSUPP);
}

TEST(FLUSH_ends_when_the_host_has_flushed)
{
    start(VIRTIO_BLK_F_FLUSH);
    pc.defer = true;
    ask(VIRTIO_BLK_FLUSH, 0, 0);
    assert_int_equal(used_index(), 0);
    pc_finish(0);
    assert_int_equal(pc.flush_count, 1);
    assert_int_equal(used_index(), 1);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_OK);
}

TEST(GET_ID_gives_the_serial)
{
    start(0);
    ask(VIRTIO_BLK_GET_ID, 0, 20);
    assert_memory_equal(&pc.ram[AT_DATA], "SERIAL-0\0\0\0\0\0\0\0\0\0\0\0\0",
                        20);
    assert_int_equal(used_size(0), 21);
}

TEST(an_unknown_request_is_unsupported)
{
    start(0);
    ask(77, 0, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_UNSUPP);
    assert_false(needs_reset());
}

TEST(what_cannot_be_read_is_an_error)
{
    start(0);
    ask(VIRTIO_BLK_IN, PC_SECTORS - 1, 1024);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_IOERR);
    ask(VIRTIO_BLK_IN, ~0ull, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_IOERR);
    ask(VIRTIO_BLK_IN, 0, 100);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_IOERR);
    pc.fail_status = -5;
    ask(VIRTIO_BLK_IN, 0, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_IOERR);
    assert_int_equal(used_index(), 4);
    assert_false(needs_reset());
}

TEST(a_read_only_disk_says_so_and_refuses_to_be_written)
{
    drive(3);
    assert_true(get(VIRTIO_DEVICE_FEATURE, 4) & VIRTIO_BLK_F_RO);
    start(VIRTIO_BLK_F_RO);
    ask(VIRTIO_BLK_OUT, 0, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_IOERR);
}

TEST(descriptors_may_be_cut_anywhere)
{
    start(0);
    put_header(VIRTIO_BLK_IN, 16);
    put_desc(AT_DESC, 0, AT_HEADER, 5, NEXT, 1);
    put_desc(AT_DESC, 1, AT_HEADER + 5, 11, NEXT, 2);
    put_desc(AT_DESC, 2, AT_DATA, 100, NEXT | WRITE, 3);
    put_desc(AT_DESC, 3, AT_DATA + 0x1000, 413, WRITE, 0);
    offer(0);
    notify();
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][16 * 512], 100);
    assert_memory_equal(&pc.ram[AT_DATA + 0x1000], &pc.disks[0][16 * 512 + 100],
                        412);
    assert_int_equal(pc.ram[AT_DATA + 0x1000 + 412], VIRTIO_BLK_OK);
}

TEST(an_indirect_table_takes_one_descriptor_of_the_queue)
{
    start(VIRTIO_F_INDIRECT_DESC);
    put_header(VIRTIO_BLK_IN, 16);
    put_desc(AT_INDIRECT, 0, AT_HEADER, 16, NEXT, 1);
    put_desc(AT_INDIRECT, 1, AT_DATA, 512, NEXT | WRITE, 2);
    put_desc(AT_INDIRECT, 2, AT_STATUS, 1, WRITE, 0);
    put_desc(AT_DESC, 7, AT_INDIRECT, 3 * 16, INDIRECT, 0);
    offer(7);
    notify();
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_OK);
    assert_memory_equal(&pc.ram[AT_DATA], &pc.disks[0][16 * 512], 512);
}

/* --- interrupts ------------------------------------------------------------------------------ */

TEST(the_driver_can_ask_not_to_be_interrupted)
{
    start(0);
    pc.ram[AT_AVAIL] = 1;
    ask(VIRTIO_BLK_IN, 0, 512);
    assert_int_equal(used_index(), 1);
    assert_false(pc.line[PCI_LINE(2)]);
}

TEST(with_EVENT_IDX_the_driver_says_at_which_entry)
{
    start(VIRTIO_F_EVENT_IDX);
    pc.ram[AT_AVAIL + 4 + SIZE * 2] = 1;
    ask(VIRTIO_BLK_IN, 0, 512);
    assert_false(pc.line[PCI_LINE(2)]);
    assert_int_equal(pc.ram[AT_USED + 4 + SIZE * 8], 1); /* avail_event */
    ask(VIRTIO_BLK_IN, 0, 512);
    assert_true(pc.line[PCI_LINE(2)]);
    assert_int_equal(pc.ram[AT_USED + 4 + SIZE * 8], 2);
}

/* --- ill-formed chains ------------------------------------------------------------------------ */

static void assert_broken(const char *text)
{
    assert_true(needs_reset());
    assert_string_equal(pc.log, text);
    assert_int_equal(used_index(), 0);
    assert_int_equal(get(VIRTIO_ISR, 1), VIRTIO_ISR_CONFIG);
    /* The reset makes all good again. */
    start(0);
    ask(VIRTIO_BLK_IN, 1, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_OK);
    assert_int_equal(used_index(), 1);
}

TEST(a_loop_is_not_followed)
{
    start(0);
    put_desc(AT_DESC, 0, AT_HEADER, 16, NEXT, 1);
    put_desc(AT_DESC, 1, AT_HEADER, 16, NEXT, 0);
    offer(0);
    notify();
    assert_broken("virtio-blk 0:2.0 queue 0: endless chain 0x0");
}

TEST(a_buffer_outside_of_memory_is_not_touched)
{
    start(0);
    put_chain(0, VIRTIO_BLK_IN, 0, 512);
    put_desc(AT_DESC, 1, PC_RAM_SIZE - 256, 512, NEXT | WRITE, 2);
    offer(0);
    notify();
    assert_broken("virtio-blk 0:2.0 queue 0: buffer out of reach at "
                  "0x3fff00");
}

/* Reads and writes are told apart: of the same memory, that a driver may read
 * and not write, the disk may have what it says, but not put anything there. */
TEST(what_may_only_be_read_goes_to_the_disk_and_not_back)
{
    pc.constant = (struct machine_extent){AT_DATA, 512};
    start(0);
    memset(&pc.ram[AT_DATA], 0x5a, 512);
    ask(VIRTIO_BLK_OUT, 3, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_OK);
    assert_int_equal(pc.disks[0][3 * 512 + 7], 0x5a);
    start(0);
    pc.disks[0][3 * 512 + 7] = 1;
    ask(VIRTIO_BLK_IN, 3, 512);
    assert_int_equal(pc.ram[AT_DATA + 7], 0x5a);
    pc.constant.size_bytes = 0;
    assert_broken("virtio-blk 0:2.0 queue 0: buffer out of reach at 0x100000");
}

TEST(a_used_ring_that_may_only_be_read_is_no_used_ring)
{
    pc.constant = (struct machine_extent){AT_USED, 16};
    start(0);
    assert_true(needs_reset());
    pc.constant = (struct machine_extent){AT_AVAIL, 16};
    start(0);
    assert_false(needs_reset());
}

TEST(a_reset_function_forgets_its_queue)
{
    start(0);
    pc.defer = true;
    ask(VIRTIO_BLK_IN, 0, 512);
    assert_int_equal(pc.queue_length, 1);
    put_chain(3, VIRTIO_BLK_IN, 1, 512);
    offer(3);
    machine_function_reset(pc.machine, 2);
    assert_int_equal(pc.abandoned, 1);
    notify();
    assert_int_equal(pc.queue_length, 0);
    assert_int_equal(used_index(), 0);
    assert_int_equal(pc.ram[AT_DATA], 0);
    assert_int_equal(get(VIRTIO_STATUS, 1), 0);
    pc.defer = false;
    start(0);
    ask(VIRTIO_BLK_IN, 1, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_OK);
}

TEST(a_chain_without_a_status_is_an_error)
{
    start(0);
    put_header(VIRTIO_BLK_OUT, 0);
    put_desc(AT_DESC, 0, AT_HEADER, 528, 0, 0);
    offer(0);
    notify();
    assert_broken("virtio-blk 0:2.0 queue 0: no room for header or status in "
                  "chain 0x0");
}

TEST(readable_behind_writable_is_an_error)
{
    start(0);
    put_desc(AT_DESC, 0, AT_STATUS, 1, NEXT | WRITE, 1);
    put_desc(AT_DESC, 1, AT_HEADER, 16, 0, 0);
    offer(0);
    notify();
    assert_broken("virtio-blk 0:2.0 queue 0: readable behind writable in "
                  "chain 0x0");
}

TEST(a_descriptor_out_of_range_is_an_error)
{
    start(0);
    put_desc(AT_DESC, 0, AT_HEADER, 16, NEXT, SIZE);
    offer(0);
    notify();
    assert_broken("virtio-blk 0:2.0 queue 0: descriptor out of range: 0x8");
}

TEST(an_indirect_table_that_was_not_agreed_to_is_an_error)
{
    start(0);
    put_desc(AT_DESC, 0, AT_INDIRECT, 48, INDIRECT, 0);
    offer(0);
    notify();
    assert_broken("virtio-blk 0:2.0 queue 0: bad indirect descriptor in chain "
                  "0x0");
}

TEST(a_chain_is_not_taken_twice)
{
    start(0);
    pc.defer = pc.clings = true;
    put_chain(0, VIRTIO_BLK_IN, 0, 512);
    offer(0);
    offer(0);
    notify();
    assert_true(needs_reset());
    set(VIRTIO_STATUS, 1, 0);
    assert_int_not_equal(get(VIRTIO_STATUS, 1), 0);
    pc_finish_all();
    assert_int_equal(get(VIRTIO_STATUS, 1), 0);
    assert_int_equal(pc.ram[AT_STATUS], 0xee);
}

TEST(a_queue_outside_of_memory_is_not_enabled)
{
    assert_true(negotiate(VIRTIO_F_VERSION_1));
    set(VIRTIO_QUEUE_DESC, 8, PC_RAM_SIZE);
    set(VIRTIO_QUEUE_ENABLE, 2, 1);
    assert_int_equal(get(VIRTIO_QUEUE_ENABLE, 2), 0);
    assert_true(needs_reset());
}

/* --- ends -------------------------------------------------------------------------------------- */

TEST(reset_abandons_what_a_disk_does_not_answer)
{
    start(0);
    pc.defer = true;
    ask(VIRTIO_BLK_IN, 0, 512);
    set(VIRTIO_STATUS, 1, 0);
    assert_int_equal(get(VIRTIO_STATUS, 1), 0);
    assert_int_equal(pc.abandoned, 1);
    assert_int_equal(used_index(), 0);
}

TEST(no_request_ends_within_the_notification)
{
    start(0);
    pc.slow = true;
    ask(VIRTIO_BLK_IN, 0, 512);
    assert_int_equal(used_index(), 0);
    pc_run();
    assert_int_equal(used_index(), 1);
}

TEST(reset_waits_for_transfers)
{
    start(0);
    pc.defer = pc.clings = true;
    ask(VIRTIO_BLK_IN, 0, 512);
    set(VIRTIO_STATUS, 1, 0);
    assert_int_not_equal(get(VIRTIO_STATUS, 1), 0);
    pc_finish_all();
    assert_int_equal(get(VIRTIO_STATUS, 1), 0);
    assert_int_equal(used_index(), 0);
}

TEST(a_disk_that_is_pulled_out_fails_its_requests)
{
    start(0);
    pc.defer = true;
    ask(VIRTIO_BLK_IN, 0, 512);
    machine_disk_unplug(pc.machine, 0);
    assert_int_equal(get(VIRTIO_ISR, 1), VIRTIO_ISR_CONFIG);
    assert_int_equal(get(VIRTIO_DEVICE, 4), 0);
    pc_finish_all();
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_IOERR);
    ask(VIRTIO_BLK_IN, 0, 512);
    assert_int_equal(pc.ram[AT_STATUS], VIRTIO_BLK_IOERR);
    assert_int_equal(used_index(), 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_device_says_what_it_is),
        T(capabilities_tell_where_the_structures_are),
        T(the_BAR_is_reached_through_configuration_space_too),
        T(features_are_agreed_to_or_not),
        T(IN_reads_sectors),
        T(OUT_writes_sectors),
        T(a_driver_that_cannot_flush_writes_through),
        T(FLUSH_ends_when_the_host_has_flushed),
        T(GET_ID_gives_the_serial),
        T(an_unknown_request_is_unsupported),
        T(what_cannot_be_read_is_an_error),
        T(a_read_only_disk_says_so_and_refuses_to_be_written),
        T(descriptors_may_be_cut_anywhere),
        T(an_indirect_table_takes_one_descriptor_of_the_queue),
        T(the_driver_can_ask_not_to_be_interrupted),
        T(with_EVENT_IDX_the_driver_says_at_which_entry),
        T(a_loop_is_not_followed),
        T(a_buffer_outside_of_memory_is_not_touched),
        T(what_may_only_be_read_goes_to_the_disk_and_not_back),
        T(a_used_ring_that_may_only_be_read_is_no_used_ring),
        T(a_reset_function_forgets_its_queue),
        T(a_chain_without_a_status_is_an_error),
        T(readable_behind_writable_is_an_error),
        T(a_descriptor_out_of_range_is_an_error),
        T(an_indirect_table_that_was_not_agreed_to_is_an_error),
        T(a_chain_is_not_taken_twice),
        T(a_queue_outside_of_memory_is_not_enabled),
        T(reset_abandons_what_a_disk_does_not_answer),
        T(no_request_ends_within_the_notification),
        T(reset_waits_for_transfers),
        T(a_disk_that_is_pulled_out_fails_its_requests),
    };

    return cmocka_run_group_tests_name("virtio", tests, NULL, NULL);
}
