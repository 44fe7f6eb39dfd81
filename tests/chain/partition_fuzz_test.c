/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables made by seed: what was put there is found, and nothing else;
 * then bytes are changed, and what is found stays within the disk and costs few
 * reads.
 * PARTITION_SEED and its like: tests/kernel/rounds.h.
 */
#include "tests/kernel/rounds.h"

#include <store/partition.h>

#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the above */
#include <cmocka.h>

#define SECTORS     4096u
#define COUNT_MAX   40u
#define READS_MAX   1100u /* a chain of as many tables as a disk may have */
#define CHANGES_MAX 60u

/* What one disk holds, and what is known of it. */
static struct world {
    uint8_t image[SECTORS * 512u];
    uint32_t sector_size, sectors;
    struct partition expected[COUNT_MAX + 1]; /* count 0: none */
    uint64_t tables[COUNT_MAX + 3];           /* bytes where tables are */
    unsigned table_count, reads, broken;
} w;

static bool read_sector(void *context, uint64_t sector, void *buffer)
{
    (void)context;
    assert_true(sector < w.sectors);
    w.reads++;
    if (w.broken && below(w.broken) == 0)
        return false;
    memcpy(buffer, w.image + sector * w.sector_size, w.sector_size);
    return true;
}

static void put(uint64_t at, uint64_t value, unsigned size)
{
    memcpy(w.image + at, &value, size);
}

static struct partition_disk begin_disk(void)
{
    memset(&w, 0, sizeof w);
    w.sector_size = 512u << below(4);
    w.sectors = (uint32_t)(sizeof w.image / w.sector_size);
    return (struct partition_disk){read_sector, NULL, w.sector_size, w.sectors};
}

/* --- DOS tables --------------------------------------------------------------- */

static void dos_table(uint64_t sector)
{
    uint64_t at = sector * w.sector_size;

    put(at + 510, 0xaa55, 2);
    w.tables[w.table_count++] = at + 446;
}

static void dos_entry(uint64_t sector, unsigned index, uint8_t type,
                      uint64_t first, uint64_t count)
{
    uint64_t at = sector * w.sector_size + 446 + 16 * index;

    put(at + 4, type, 1);
    put(at + 8, first, 4);
    put(at + 12, count, 4);
}

/* Logical partitions from the sector EXTENDED on, each behind its table. */
static void chain(uint64_t extended)
{
    unsigned count = 1 + below(20);
    uint64_t table = extended;

    for (unsigned i = 0; i < count; i++) {
        uint64_t gap = 1 + below(3), size = 1 + below(5);
        uint64_t next = table + gap + size + below(3);

        dos_table(table);
        dos_entry(table, 0, 0x83, gap, size);
        w.expected[5 + i] = (struct partition){table + gap, size};
        if (i + 1 < count)
            dos_entry(table, 1, below(2) ? 0x05 : 0x0f, next - extended, 10);
        table = next;
    }
}

static void make_dos(void)
{
    unsigned extended = below(5); /* 4: none */

    dos_table(0);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t first = 1 + below(w.sectors / 2);
        uint64_t count = 1 + below(w.sectors - (unsigned)first);

        if (i == extended) {
            first = w.sectors / 4;
            count = w.sectors - first;
        } else if (below(3) == 0) {
            continue;
        }
        dos_entry(0, i, i == extended ? 0x85 : 0x83, first, count);
        w.expected[i + 1] = (struct partition){first, count};
    }
    if (extended < 4)
        chain(w.sectors / 4);
}

/* --- GPT ---------------------------------------------------------------------- */

/* The polynomial of Ethernet, reflected, as the UEFI specification has it. */
static uint32_t crc32_of(const uint8_t *data, unsigned size)
{
    uint32_t crc = ~0u;

    for (unsigned i = 0; i < size * 8; i++) {
        uint32_t bit = (data[i / 8] >> i % 8 ^ crc) & 1;
        crc = crc >> 1 ^ (bit ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void gpt_header(uint64_t sector, uint64_t table, unsigned count,
                       unsigned entry_size)
{
    uint64_t at = sector * w.sector_size;

    memcpy(w.image + at, "EFI PART", 8);
    put(at + 8, 0x10000, 4);
    put(at + 12, 92, 4);
    put(at + 24, sector, 8);
    put(at + 72, table, 8);
    put(at + 80, count, 4);
    put(at + 84, entry_size, 4);
    put(at + 16, crc32_of(w.image + at, 92), 4);
    w.tables[w.table_count++] = at;
}

static void make_gpt(void)
{
    unsigned count = 1 + below(COUNT_MAX);
    unsigned entry_size = below(2) ? 128 : 256;
    uint64_t table = 2 + below(8);

    dos_table(0);
    dos_entry(0, below(4), 0xee, 1, w.sectors - 1);
    gpt_header(1, table, count, entry_size);
    gpt_header(w.sectors - 1, table, count, entry_size);
    w.tables[w.table_count++] = table * w.sector_size;
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = table * w.sector_size + i * entry_size;
        uint64_t first = w.sectors / 4 + below(w.sectors / 4);
        uint64_t size = 1 + below(w.sectors / 4);

        if (below(3) == 0)
            continue;
        put(at, 1 + below(1000), 2);
        put(at + 32, first, 8);
        put(at + 40, first + size - 1, 8);
        w.expected[i + 1] = (struct partition){first, size};
    }
    if (below(4) == 0) /* the copy at the end stands in */
        w.image[w.sector_size + below(92)] ^= 1 << below(8);
}

/* --- the tests ---------------------------------------------------------------- */

static void check_what_is_known(const struct partition_disk *disk)
{
    for (unsigned n = 0; n <= COUNT_MAX; n++) {
        struct partition found = {0};
        enum partition_result result = partition_find(disk, n, &found);

        assert_int_equal(result, w.expected[n].count ? PARTITION_FOUND
                                                     : PARTITION_NONE);
        assert_int_equal(found.first, w.expected[n].first);
        assert_int_equal(found.count, w.expected[n].count);
    }
}

static void spoil(void)
{
    for (unsigned i = 1 + below(CHANGES_MAX); i > 0; i--) {
        uint64_t at = w.tables[below(w.table_count)] + below(96);
        w.image[at % sizeof w.image] = (uint8_t)below(256);
    }
    w.image[510] = 0x55;
    w.image[511] = 0xaa;
    w.broken = below(3) ? 0 : 20;
}

static void check_what_is_promised(const struct partition_disk *disk)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = below(4) ? below(COUNT_MAX) : ~0u >> i;
        struct partition found = {~0ull, ~0ull};

        w.reads = 0;
        if (partition_find(disk, n, &found) == PARTITION_FOUND) {
            assert_true(found.first > 0 && found.first < w.sectors);
            assert_true(found.count > 0);
            assert_true(found.count <= w.sectors - found.first);
        }
        assert_true(w.reads <= READS_MAX);
    }
}

static void one_round(void)
{
    struct partition_disk disk = begin_disk();

    if (below(2))
        make_dos();
    else
        make_gpt();
    check_what_is_known(&disk);
    spoil();
    check_what_is_promised(&disk);
}

static void tables_by_seed(void **state)
{
    (void)state;
    rounds_run("PARTITION", 2000, one_round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(tables_by_seed, rounds_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
