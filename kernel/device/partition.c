/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partitions of raw disks: hd0s1 is the first of hd0, by its DOS or GPT table.
 * The table is read anew each time a partition is opened for the first time.
 * Logical partitions of DOS tables are not known. */
#include "device/private.h"
#include "vm/page.h"

#include "device_reply_user.h"

#define TABLE_ORDER   3 /* pages: protective MBR, GPT header, 16 KiB of it */
#define TABLE_SECTORS ((PAGE_SIZE << TABLE_ORDER) / DEVICE_SECTOR)
#define GPT_SECTOR    1
#define DOS_COUNT     4
#define DOS_ENTRIES   446
#define DOS_GPT       0xee

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
    uint32_t entry_count, entry_size;
};

struct gpt_entry {
    uint8_t type[16], guid[16];
    uint64_t first, last;
};

struct partition_job {
    struct disk_transfer transfer;
    struct vm_page *table; /* a run */
    struct ipc_reply_to reply;
    struct device *disk;
    unsigned number;
    dev_mode_t mode;
    char name[DEVICE_NAME_SIZE];
};

struct extent {
    uint64_t first, count;
};

static bool find_gpt(const char *table, size_t size_bytes, unsigned number,
                     struct extent *found)
{
    const struct gpt_header *header =
        (const void *)(table + GPT_SECTOR * DEVICE_SECTOR);
    const struct gpt_entry *entry;
    uint64_t offset;

    if (memcmp(header->signature, "EFI PART", 8) != 0 ||
        number > header->entry_count || header->entry_size < sizeof *entry ||
        header->entry_size > DEVICE_SECTOR ||
        header->table_sector > TABLE_SECTORS) {
        return false;
    }
    offset = header->table_sector * DEVICE_SECTOR +
             (uint64_t)(number - 1) * header->entry_size;
    if (offset + sizeof *entry > size_bytes) {
        return false;
    }
    entry = (const void *)(table + offset);
    if (entry->first == 0 || entry->last < entry->first) {
        return false;
    }
    *found = (struct extent){entry->first, entry->last - entry->first + 1};
    return true;
}

static bool find(const char *table, size_t size_bytes, unsigned number,
                 struct extent *found)
{
    struct dos_entry entries[DOS_COUNT];

    if ((uint8_t)table[510] != 0x55 || (uint8_t)table[511] != 0xaa) {
        return false;
    }
    memcpy(entries, table + DOS_ENTRIES, sizeof entries);
    if (entries[0].type == DOS_GPT) {
        return find_gpt(table, size_bytes, number, found);
    }
    if (number > DOS_COUNT || entries[number - 1].type == 0) {
        return false;
    }
    *found =
        (struct extent){entries[number - 1].first, entries[number - 1].count};
    return found->count != 0;
}

static kern_return_t make_device(const struct partition_job *job,
                                 struct device **device_out)
{
    size_t size =
        min_of(TABLE_SECTORS, job->disk->sector_count) * DEVICE_SECTOR;
    struct device *device = device_find(job->name);
    struct extent extent;

    if (device == NULL) {
        if (!find(vm_page_data(job->table), size, job->number, &extent) ||
            extent.first >= job->disk->sector_count ||
            extent.count > job->disk->sector_count - extent.first) {
            return D_NO_SUCH_DEVICE;
        }
        device = device_add(job->name, &disk_ops);
        if (device == NULL) {
            return D_NO_MEMORY;
        }
        device->disk = job->disk->disk;
        device->first_sector = extent.first;
        device->sector_count = extent.count;
    }
    *device_out = device;
    return device->ops->open(device, job->mode);
}

static void table_read(struct disk_transfer *transfer, int status)
{
    struct partition_job *job = (struct partition_job *)transfer;
    struct device *device = NULL;
    kern_return_t kr = D_IO_ERROR;
    mach_port_t port;

    if (status >= 0) {
        kr = make_device(job, &device);
    }
    if (kr != D_SUCCESS) {
        ipc_reply_simple(job->reply.port, job->reply.disposition, job->reply.id,
                         kr);
    } else {
        /* The stub makes the right that travels, this one keeps the port. */
        port = convert_device_to_port(device);
        ds_device_open_reply(job->reply.port, job->reply.disposition, D_SUCCESS,
                             (ipc_port_t)port);
        ipc_port_release_send((ipc_port_t)port);
    }
    for (unsigned i = 0; i < 1u << TABLE_ORDER; i++) {
        vm_page_free(vm_page_at(vm_page_phys(job->table) + i * PAGE_SIZE));
    }
    kfree(job);
}

/* Splits "hd0s1"; 0 if NAME is no partition's. */
static unsigned split_name(const char *name, char *disk_name)
{
    const char *s = strrchr(name, 's');
    unsigned number = 0;

    if (s == NULL || s == name || s - name >= DEVICE_NAME_SIZE ||
        strlen(name) >= DEVICE_NAME_SIZE) {
        return 0;
    }
    memcpy(disk_name, name, s - name);
    disk_name[s - name] = '\0';
    for (s++; *s >= '0' && *s <= '9' && number < 1000; s++) {
        number = number * 10 + (*s - '0');
    }
    return *s == '\0' ? number : 0;
}

kern_return_t partition_open(const char *name, dev_mode_t mode,
                             const struct ipc_reply_to *reply)
{
    char disk_name[DEVICE_NAME_SIZE];
    unsigned number = split_name(name, disk_name);
    struct device *disk = number != 0 ? device_find(disk_name) : NULL;
    struct partition_job *job;

    if (disk == NULL || disk->ops != &disk_ops || disk->sector_count == 0) {
        return D_NO_SUCH_DEVICE;
    }
    job = kalloc(sizeof *job);
    if (job == NULL) {
        return D_NO_MEMORY;
    }
    job->table = vm_page_alloc_run(TABLE_ORDER, true);
    if (job->table == NULL) {
        kfree(job);
        return D_NO_MEMORY;
    }
    job->transfer.done = table_read;
    job->reply = *reply;
    job->disk = disk;
    job->number = number;
    job->mode = mode;
    ksnprintf(job->name, sizeof job->name, "%s", name);
    disk_read(disk->disk, disk->first_sector,
              min_of(TABLE_SECTORS, disk->sector_count),
              vm_page_phys(job->table), &job->transfer);
    return D_SUCCESS;
}
