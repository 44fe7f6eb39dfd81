/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/store/partition.h: where partitions are, by DOS and GPT tables.
 *
 * Plain C without Mach: the caller reads sectors.  What stands on the disk is
 * never trusted: every extent is within the disk, every loop ends.
 */

#ifndef LIB_STORE_PARTITION_H
#define LIB_STORE_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#define PARTITION_SECTOR_MAX 4096u

struct partition_disk {
    /* Reads one sector into BUFFER; false if that fails. */
    bool (*read)(void *context, uint64_t sector, void *buffer);
    void *context;
    uint32_t sector_size; /* 512 ... PARTITION_SECTOR_MAX, a power of two */
    uint64_t sector_count;
};

struct partition {
    uint64_t first, count; /* sectors */
};

enum partition_result {
    PARTITION_FOUND,
    PARTITION_NO_TABLE, /* neither a DOS nor a GPT label */
    PARTITION_NONE,     /* no partition of that number, or an impossible one */
    PARTITION_IO_ERROR
};

/* Partition NUMBER: from 1; logical ones of a DOS table from 5. */
enum partition_result partition_find(const struct partition_disk *disk,
                                     unsigned number, struct partition *found);

#endif
