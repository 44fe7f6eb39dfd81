/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/partition.h: where partitions begin, by MBR and GPT tables. */
#ifndef TOOLS_PARTITION_H
#define TOOLS_PARTITION_H

#include <ext2fs/ext2fs.h>
#include <stdint.h>

#define PARTITION_SECTOR 512

/* The first sector of partition NUMBER (from 1; logical ones of an MBR from 5)
 * of DISK, an open channel with blocks of a sector; 0 if there is none. */
uint64_t partition_start(io_channel disk, unsigned number);

#endif /* TOOLS_PARTITION_H */
