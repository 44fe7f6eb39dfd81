/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/partition.h"
#include <string.h>

#define MBR_TABLE      446
#define MBR_ENTRY_SIZE 16
#define MBR_SIGNATURE  0xaa55
#define MBR_TYPE_GPT   0xee
#define PRIMARY_COUNT  4
#define EXTENDED_LIMIT 60 /* logical partitions looked at */

/* UEFI specification, chapter 5: offsets in the header and in an entry. */
#define GPT_SECTOR      1
#define GPT_TABLE       72
#define GPT_COUNT       80
#define GPT_ENTRY_SIZE  84
#define GPT_FIRST       32
#define GPT_ENTRIES_MAX 1024

static uint32_t little32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
           (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t little64(const uint8_t *bytes)
{
    return little32(bytes) | (uint64_t)little32(bytes + 4) << 32;
}

static int read_sector(io_channel disk, uint64_t sector,
                       uint8_t data[PARTITION_SECTOR])
{
    return io_channel_read_blk64(disk, sector, -PARTITION_SECTOR, data) == 0
               ? 0
               : -1;
}

static int read_table(io_channel disk, uint64_t sector,
                      uint8_t table[PARTITION_SECTOR])
{
    if (read_sector(disk, sector, table) != 0)
        return -1;
    return table[510] + (table[511] << 8) == MBR_SIGNATURE ? 0 : -1;
}

static int is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

static uint64_t logical_start(io_channel disk, uint64_t extended,
                              unsigned number)
{
    uint8_t table[PARTITION_SECTOR];
    uint64_t at = extended;

    for (unsigned i = 5; i < 5 + EXTENDED_LIMIT; i++) {
        const uint8_t *entry = table + MBR_TABLE;
        if (read_table(disk, at, table) != 0 || entry[4] == 0)
            return 0;
        if (i == number)
            return at + little32(entry + 8);
        entry += MBR_ENTRY_SIZE;
        if (!is_extended(entry[4]))
            return 0;
        at = extended + little32(entry + 8);
    }
    return 0;
}

static uint64_t gpt_start(io_channel disk, unsigned number)
{
    uint8_t header[PARTITION_SECTOR], entries[PARTITION_SECTOR];
    static const uint8_t nothing[16];
    uint64_t offset;
    uint32_t size;

    if (read_sector(disk, GPT_SECTOR, header) != 0 ||
        memcmp(header, "EFI PART", 8) != 0)
        return 0;
    size = little32(header + GPT_ENTRY_SIZE);
    if (number > little32(header + GPT_COUNT) || number > GPT_ENTRIES_MAX ||
        size < 128 || size > PARTITION_SECTOR || PARTITION_SECTOR % size != 0)
        return 0;
    offset = (uint64_t)(number - 1) * size;
    if (read_sector(disk,
                    little64(header + GPT_TABLE) + offset / PARTITION_SECTOR,
                    entries) != 0)
        return 0;
    const uint8_t *entry = entries + offset % PARTITION_SECTOR;
    if (memcmp(entry, nothing, sizeof(nothing)) == 0)
        return 0;
    return little64(entry + GPT_FIRST);
}

uint64_t partition_start(io_channel disk, unsigned number)
{
    uint8_t table[PARTITION_SECTOR];
    uint64_t start = 0;

    if (read_table(disk, 0, table) != 0)
        return 0;
    for (unsigned i = 0; i < PRIMARY_COUNT; i++) {
        const uint8_t *entry = table + MBR_TABLE + i * MBR_ENTRY_SIZE;
        if (entry[4] == MBR_TYPE_GPT)
            return gpt_start(disk, number);
        if (i + 1 == number && entry[4] != 0)
            start = little32(entry + 8);
        else if (number > PRIMARY_COUNT && is_extended(entry[4]))
            start = logical_start(disk, little32(entry + 8), number);
    }
    return start;
}
