/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/store/partition.c: DOS tables with their chain of logical partitions, and
 * GPT tables (UEFI specification, chapter 5). */

#include <store/partition.h>
#include <string.h>

#define DOS_COUNT     4
#define DOS_ENTRIES   446
#define DOS_SIGNATURE 510
#define DOS_EXTENDED  0x05
#define DOS_EXT_LBA   0x0f
#define DOS_EXT_LINUX 0x85
#define DOS_GPT       0xee

#define GPT_SECTOR      1
#define GPT_HEADER_SIZE 92u
#define GPT_ENTRIES_MAX 1024u

struct dos_entry {
    uint8_t active, first_chs[3], type, last_chs[3];
    uint32_t first, count;
} __attribute__((packed));

struct gpt_header {
    char signature[8];
    uint32_t revision, size, crc, reserved;
    uint64_t this_sector, other_sector, first_usable, last_usable;
    uint8_t guid[16];
    uint64_t table_sector;
    uint32_t entry_count, entry_size, table_crc;
} __attribute__((packed));

struct gpt_entry {
    uint8_t type[16], guid[16];
    uint64_t first, last;
};

static bool read_sector(const struct partition_disk *disk, uint64_t sector,
                        void *buffer)
{
    return sector < disk->sector_count &&
           disk->read(disk->context, sector, buffer);
}

static enum partition_result check(const struct partition_disk *disk,
                                   uint64_t first, uint64_t count,
                                   struct partition *found)
{
    if (!first || !count || first >= disk->sector_count ||
        count > disk->sector_count - first)
        return PARTITION_NONE;
    *found = (struct partition){first, count};
    return PARTITION_FOUND;
}

/* --- GPT -------------------------------------------------------------------- */

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

/* BUFFER (a sector) holds a header that belongs to SECTOR. */
static bool is_header(uint8_t *buffer, uint32_t sector_size, uint64_t sector)
{
    struct gpt_header *header = (void *)buffer;
    uint32_t crc = header->crc;

    if (memcmp(header->signature, "EFI PART", 8) != 0 ||
        header->size < GPT_HEADER_SIZE || header->size > sector_size ||
        header->this_sector != sector ||
        header->entry_size < sizeof(struct gpt_entry) ||
        header->entry_size > sector_size ||
        sector_size % header->entry_size != 0 ||
        header->entry_count > GPT_ENTRIES_MAX)
        return false;
    header->crc = 0;
    return crc32_of(buffer, header->size) == crc;
}

/* The header, or the one at the end of the disk if it is damaged. */
static bool find_header(const struct partition_disk *disk, uint8_t *buffer,
                        struct gpt_header *header)
{
    uint64_t places[] = {GPT_SECTOR, disk->sector_count - 1};

    for (int i = 0; i < 2; i++) {
        if (read_sector(disk, places[i], buffer) &&
            is_header(buffer, disk->sector_size, places[i])) {
            memcpy(header, buffer, sizeof *header);
            return true;
        }
    }
    return false;
}

static enum partition_result find_gpt(const struct partition_disk *disk,
                                      unsigned number, struct partition *found)
{
    static const uint8_t unused[16];
    uint8_t buffer[PARTITION_SECTOR_MAX] __attribute__((aligned(8)));
    struct gpt_header header;
    struct gpt_entry entry;

    if (!find_header(disk, buffer, &header))
        return PARTITION_NO_TABLE;
    if (number > header.entry_count)
        return PARTITION_NONE;
    uint64_t offset = (uint64_t)(number - 1) * header.entry_size;
    if (!read_sector(disk, header.table_sector + offset / disk->sector_size,
                     buffer))
        return PARTITION_IO_ERROR;
    memcpy(&entry, buffer + offset % disk->sector_size, sizeof entry);
    if (!memcmp(entry.type, unused, sizeof unused) || entry.last < entry.first)
        return PARTITION_NONE;
    return check(disk, entry.first, entry.last - entry.first + 1, found);
}

/* --- DOS -------------------------------------------------------------------- */

static bool is_extended(const struct dos_entry *entry)
{
    return entry->count &&
           (entry->type == DOS_EXTENDED || entry->type == DOS_EXT_LBA ||
            entry->type == DOS_EXT_LINUX);
}

static bool read_dos(const struct partition_disk *disk, uint64_t sector,
                     struct dos_entry entries[DOS_COUNT])
{
    uint8_t buffer[PARTITION_SECTOR_MAX];

    if (!read_sector(disk, sector, buffer) || buffer[DOS_SIGNATURE] != 0x55 ||
        buffer[DOS_SIGNATURE + 1] != 0xaa)
        return false;
    memcpy(entries, buffer + DOS_ENTRIES, DOS_COUNT * sizeof(struct dos_entry));
    return true;
}

/* Each logical partition has a table of its own, which says where it is,
 * relative to itself, and where the next table is, relative to EXTENDED. */
static enum partition_result find_logical(const struct partition_disk *disk,
                                          uint64_t extended, unsigned number,
                                          struct partition *found)
{
    struct dos_entry entries[DOS_COUNT];
    uint64_t table = extended;

    for (unsigned n = DOS_COUNT + 1; n <= number; n++) {
        if (!read_dos(disk, table, entries))
            return PARTITION_NONE;
        if (n == number)
            return check(disk, table + entries[0].first, entries[0].count,
                         found);
        if (!is_extended(&entries[1]))
            return PARTITION_NONE;
        table = extended + entries[1].first;
    }
    return PARTITION_NONE;
}

static enum partition_result find_dos(const struct partition_disk *disk,
                                      const struct dos_entry *entries,
                                      unsigned number, struct partition *found)
{
    if (number <= DOS_COUNT) {
        const struct dos_entry *entry = &entries[number - 1];
        return entry->type ? check(disk, entry->first, entry->count, found)
                           : PARTITION_NONE;
    }
    for (unsigned i = 0; i < DOS_COUNT; i++)
        if (is_extended(&entries[i]))
            return find_logical(disk, entries[i].first, number, found);
    return PARTITION_NONE;
}

enum partition_result partition_find(const struct partition_disk *disk,
                                     unsigned number, struct partition *found)
{
    struct dos_entry entries[DOS_COUNT];

    /* No table has more; and the walk of a DOS chain that bites its own tail
     * must end. */
    if (number == 0 || number > GPT_ENTRIES_MAX)
        return PARTITION_NONE;
    if (!read_dos(disk, 0, entries))
        return PARTITION_NO_TABLE;
    for (unsigned i = 0; i < DOS_COUNT; i++)
        if (entries[i].type == DOS_GPT)
            return find_gpt(disk, number, found);
    return find_dos(disk, entries, number, found);
}
