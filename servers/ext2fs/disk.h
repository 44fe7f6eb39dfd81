/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/disk.h: what the file system stands on: bytes of a disk behind
 * a write-back cache.
 *
 * Data and what describes it (metadata) are kept apart, as the journal wants
 * the one at home before it says that the other is.  store.c has it on a
 * device; tests have it in memory.
 */
#ifndef EXT2FS_DISK_H
#define EXT2FS_DISK_H

#include <ext2fs/ext2fs.h>
#include <stdint.h>

/* In the order in which they must come home if no journal sees to it, so that
 * no name stands for what is not there. */
enum disk_kind {
    DISK_DATA,
    DISK_METADATA, /* also all of it, if there is a journal */
    DISK_INODES,
    DISK_NAMES,
    DISK_KINDS
};

errcode_t disk_read(uint64_t offset, void *data, uint64_t size);
errcode_t disk_write(uint64_t offset, const void *data, uint64_t size,
                     enum disk_kind kind);
/* Past the cache, which knows of it afterwards.  OFFSET and SIZE are whole
 * sectors. */
errcode_t disk_write_now(uint64_t offset, const void *data, uint64_t size);
/* Brings home what was written; one bad sector does not keep the others. */
errcode_t disk_clean(enum disk_kind kind);
/* What came home so far is on the medium. */
errcode_t disk_flush(void);
/* How many bytes others may keep in memory beside the cache. */
uint64_t disk_room(void);

#endif
