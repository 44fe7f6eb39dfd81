/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables: what is found, and that nonsense finds nothing. */
#include <store/partition.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above */
#include <cmocka.h>

#define SECTOR  512u
#define SECTORS 4096u

static uint8_t image[SECTORS * SECTOR];
static unsigned reads;

static bool read_image(void *context, uint64_t sector, void *buffer)
{
    assert_true(sector < SECTORS);
    reads++;
    memcpy(buffer, image + sector * SECTOR, SECTOR);
    return true;
}

static const struct partition_disk disk = {read_image, NULL, SECTOR, SECTORS};

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}

static void dos_entry(unsigned sector, unsigned index, uint8_t type,
                      uint32_t first, uint32_t count)
{
    uint8_t *at = image + sector * SECTOR + 446 + 16 * index;

    memset(at, 0, 16);
    at[4] = type;
    put32(at + 8, first);
    put32(at + 12, count);
    image[sector * SECTOR + 510] = 0x55;
    image[sector * SECTOR + 511] = 0xaa;
}

static void expect(unsigned number, uint64_t first, uint64_t count)
{
    struct partition found;

    assert_int_equal(partition_find(&disk, number, &found), PARTITION_FOUND);
    assert_int_equal(found.first, first);
    assert_int_equal(found.count, count);
}

static void expect_none(unsigned number, enum partition_result result)
{
    struct partition found;

    assert_int_equal(partition_find(&disk, number, &found), result);
}

static int clear(void **state)
{
    memset(image, 0, sizeof image);
    reads = 0;
    return 0;
}

static void an_empty_disk_has_no_table(void **state)
{
    expect_none(1, PARTITION_NO_TABLE);
    expect_none(0, PARTITION_NONE);
}

static void primary_partitions_are_1_to_4(void **state)
{
    dos_entry(0, 0, 0x83, 63, 100);
    dos_entry(0, 3, 0x83, 1000, 3096);
    expect(1, 63, 100);
    expect_none(2, PARTITION_NONE);
    expect(4, 1000, 3096);
    expect_none(5, PARTITION_NONE);
}

static void logical_partitions_follow_the_chain(void **state)
{
    dos_entry(0, 1, 0x0f, 1000, 2000);
    dos_entry(1000, 0, 0x83, 10, 90);
    dos_entry(1000, 1, 0x05, 100, 200);
    dos_entry(1100, 0, 0x83, 10, 190);
    expect(5, 1010, 90);
    expect(6, 1110, 190);
    expect_none(7, PARTITION_NONE);
}

static void a_chain_that_bites_its_tail_ends(void **state)
{
    dos_entry(0, 0, 0x05, 1000, 2000);
    dos_entry(1000, 0, 0x83, 10, 90);
    dos_entry(1000, 1, 0x05, 0, 200);
    expect(1000, 1010, 90);
    assert_true(reads <= 1001);
    expect_none(100000, PARTITION_NONE);
}

static void what_is_beyond_the_disk_is_none(void **state)
{
    dos_entry(0, 0, 0x83, SECTORS, 1);
    dos_entry(0, 1, 0x83, 10, SECTORS);
    dos_entry(0, 2, 0x05, 0xffffffff, 10);
    expect_none(1, PARTITION_NONE);
    expect_none(2, PARTITION_NONE);
    expect_none(5, PARTITION_NONE);
}

static uint32_t crc32_of(const uint8_t *data, uint32_t size)
{
    uint32_t crc = ~0u;

    for (uint32_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void gpt_header(uint32_t sector, uint32_t table)
{
    uint8_t *at = image + sector * SECTOR;

    memcpy(at, "EFI PART", 8);
    put32(at + 12, 92);
    put32(at + 24, sector);
    put32(at + 72, table);
    put32(at + 80, 128);
    put32(at + 84, 128);
    put32(at + 16, 0);
    put32(at + 16, crc32_of(at, 92));
}

static void gpt(void)
{
    dos_entry(0, 0, 0xee, 1, SECTORS - 1);
    gpt_header(1, 2);
    gpt_header(SECTORS - 1, 2);
    uint8_t *entry = image + 2 * SECTOR + 4 * 128; /* the fifth */
    entry[0] = 1;
    put32(entry + 32, 2048);
    put32(entry + 40, 3047);
}

static void gpt_partitions_are_found(void **state)
{
    gpt();
    expect(5, 2048, 1000);
    expect_none(1, PARTITION_NONE);
    expect_none(129, PARTITION_NONE);
}

static void a_damaged_gpt_is_replaced_by_the_other(void **state)
{
    gpt();
    image[SECTOR + 40] ^= 1;
    expect(5, 2048, 1000);
    image[(SECTORS - 1) * SECTOR + 40] ^= 1;
    expect_none(5, PARTITION_NO_TABLE);
}

static void nonsense_is_survived(void **state)
{
    struct partition found;

    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        if (round % 1000 == 0) {
            memset(image, 0, sizeof image);
            gpt();
            if (round % 2000)
                dos_entry(0, 0, 0x05, 1000, 2000);
        }
        image[rand() % (6 * SECTOR)] = rand();
        image[510] = 0x55;
        image[511] = 0xaa;
        if (partition_find(&disk, rand() % 10, &found) == PARTITION_FOUND) {
            assert_true(found.count && found.first < SECTORS);
            assert_true(found.count <= SECTORS - found.first);
        }
    }
}

#define T(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_empty_disk_has_no_table),
        T(primary_partitions_are_1_to_4),
        T(logical_partitions_follow_the_chain),
        T(a_chain_that_bites_its_tail_ends),
        T(what_is_beyond_the_disk_is_none),
        T(gpt_partitions_are_found),
        T(a_damaged_gpt_is_replaced_by_the_other),
        T(nonsense_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
