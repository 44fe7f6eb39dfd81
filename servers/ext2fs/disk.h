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

/* In an attempt (attempt.h), which waits for nothing, reading says this of what
 * is not known without the disk; and has copied nothing then. */
#define DISK_NOT_HERE ((errcode_t)0x3fff0001)

errcode_t disk_read(uint64_t offset, void *data, uint64_t size);
/* Whether that would say so; 0 outside of an attempt. */
errcode_t disk_probe(uint64_t offset, uint64_t size);
/* Whether it is in memory, attempt or not. */
int disk_is_known(uint64_t offset, uint64_t size);
/* Something is going to be changed that stays: what is read from now on waits.
 * DISK_NOT_HERE if the attempt has already failed: then nothing may be changed. */
errcode_t disk_commit(void);
errcode_t disk_write(uint64_t offset, const void *data, uint64_t size,
                     enum disk_kind kind);
/* Past the cache, which knows of it afterwards.  OFFSET and SIZE are whole
 * sectors. */
errcode_t disk_write_now(uint64_t offset, const void *data, uint64_t size);
/* From now on the lock is let go (ON), or not, while one of disk_write_now,
 * disk_clean and disk_flush writes: by one thread at a time. */
void disk_write_aside(int on);
/* Brings home what was written; one bad sector does not keep the others. */
errcode_t disk_clean(enum disk_kind kind);
/* What came home so far is on the medium. */
errcode_t disk_flush(void);
/* How many bytes others may keep in memory beside the cache. */
uint64_t disk_room(void);

#endif
