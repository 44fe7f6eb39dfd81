/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables made by seed: what was put there is found, and nothing else;
 * then bytes are changed, and what is found stays within the disk and costs few
 * reads.
 *
 * PARTITION_SEED repeats from one seed on, PARTITION_COUNT says how many.
 */
#include <store/partition.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 20) % limit;
}

static bool read_sector(void *context, uint64_t sector, void *buffer)
{
    (void)context;
    assert_true(sector < w.sectors);
    w.reads++;
    if (w.broken && random_below(w.broken) == 0)
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
    w.sector_size = 512u << random_below(4);
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
    unsigned count = 1 + random_below(20);
    uint64_t table = extended;

    for (unsigned i = 0; i < count; i++) {
        uint64_t gap = 1 + random_below(3), size = 1 + random_below(5);
        uint64_t next = table + gap + size + random_below(3);

        dos_table(table);
        dos_entry(table, 0, 0x83, gap, size);
        w.expected[5 + i] = (struct partition){table + gap, size};
        if (i + 1 < count)
            dos_entry(table, 1, random_below(2) ? 0x05 : 0x0f, next - extended,
                      10);
        table = next;
    }
}

static void make_dos(void)
{
    unsigned extended = random_below(5); /* 4: none */

    dos_table(0);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t first = 1 + random_below(w.sectors / 2);
        uint64_t count = 1 + random_below(w.sectors - (unsigned)first);

        if (i == extended) {
            first = w.sectors / 4;
            count = w.sectors - first;
        } else if (random_below(3) == 0) {
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
    unsigned count = 1 + random_below(COUNT_MAX);
    unsigned entry_size = random_below(2) ? 128 : 256;
    uint64_t table = 2 + random_below(8);

    dos_table(0);
    dos_entry(0, random_below(4), 0xee, 1, w.sectors - 1);
    gpt_header(1, table, count, entry_size);
    gpt_header(w.sectors - 1, table, count, entry_size);
    w.tables[w.table_count++] = table * w.sector_size;
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = table * w.sector_size + i * entry_size;
        uint64_t first = w.sectors / 4 + random_below(w.sectors / 4);
        uint64_t size = 1 + random_below(w.sectors / 4);

        if (random_below(3) == 0)
            continue;
        put(at, 1 + random_below(1000), 2);
        put(at + 32, first, 8);
        put(at + 40, first + size - 1, 8);
        w.expected[i + 1] = (struct partition){first, size};
    }
    if (random_below(4) == 0) /* the copy at the end stands in */
        w.image[w.sector_size + random_below(92)] ^= 1 << random_below(8);
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
    for (unsigned i = 1 + random_below(CHANGES_MAX); i > 0; i--) {
        uint64_t at = w.tables[random_below(w.table_count)] + random_below(96);
        w.image[at % sizeof w.image] = (uint8_t)random_below(256);
    }
    w.image[510] = 0x55;
    w.image[511] = 0xaa;
    w.broken = random_below(3) ? 0 : 20;
}

static void check_what_is_promised(const struct partition_disk *disk)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = random_below(4) ? random_below(COUNT_MAX) : ~0u >> i;
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

static unsigned long number_from(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 0) : otherwise;
}

static unsigned long seed, seeds_end;

static void tables_by_seed(void **state)
{
    (void)state;
    seed = number_from("PARTITION_SEED", 1);
    seeds_end = seed + number_from("PARTITION_COUNT", 2000);
    for (; seed < seeds_end; seed++) {
        random_state = seed * 0x9e3779b97f4a7c15ull + 1;
        struct partition_disk disk = begin_disk();

        if (random_below(2))
            make_dos();
        else
            make_gpt();
        check_what_is_known(&disk);
        spoil();
        check_what_is_promised(&disk);
    }
}

static int tell_seed(void **state)
{
    (void)state;
    if (seed != seeds_end)
        print_error("PARTITION_SEED=%lu repeats it\n", seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(tables_by_seed, tell_seed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
