/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/directory.h: a directory's blocks, and where its names are.
 *
 * A name has a place: its offset in the directory, in units of 4 bytes.  What
 * is in a directory keeps its place for as long as it is there; so a reader
 * that remembers a place goes on from there, whatever came and went meanwhile.
 *
 * A directory of more than a few blocks gets an index in memory when it is
 * used: where each name is, and how much room each block has.  All indexes
 * together have a bound; the one that was not used for the longest time goes,
 * and is built anew when it is needed.  Without one (the bound, no memory, a
 * block that cannot be read) blocks are searched one by one.
 *
 * All of it under diskfs_lock.
 */
#ifndef EXT2FS_DIRECTORY_H
#define EXT2FS_DIRECTORY_H

#include "ext2fs/private.h"

/* One block of DIR in a buffer that the next dir_block_read fills again. */
struct dir_block {
    struct node *dir;
    uint32_t number; /* in the directory */
    blk64_t phys;    /* on the disk; 0: a hole */
    char *data;
};

/* --- dirblock.c ------------------------------------------------------------- */

uint32_t dir_block_count(const struct node *dir);
/* EIO if it makes no sense. */
error_t dir_block_read(struct node *dir, uint32_t number,
                       struct dir_block *block);
/* Those from FIRST on, before END, will be wanted: DISKFS_NOT_HERE if the disk
 * would have to be waited for. */
error_t dir_blocks_probe(struct node *dir, uint32_t first, uint32_t end);
error_t dir_block_write(const struct dir_block *block);
/* A block more for DIR, empty, with the directory's inode written. */
error_t dir_block_add(struct node *dir, struct dir_block *block);
/* The next record from *OFFSET on, which then stands behind it; NULL at the
 * end. */
struct ext2_dir_entry *dir_block_next(const struct dir_block *block,
                                      uint32_t *offset);
/* NAME's record and the one before it (may be null), or NULL. */
struct ext2_dir_entry *dir_block_find(const struct dir_block *block,
                                      const char *name,
                                      struct ext2_dir_entry **before);
/* The bytes of the longest record that can be put in. */
uint32_t dir_block_room(const struct dir_block *block);
/* EIO if there is no room. */
error_t dir_block_enter(const struct dir_block *block, const char *name,
                        ext2_ino_t ino, int type);
void dir_block_remove(struct ext2_dir_entry *entry,
                      struct ext2_dir_entry *before);
/* The bytes of a record with a name so long. */
uint32_t dir_record_size(size_t length);
/* From now on DIR is a directory without an index of the disk's: names are put
 * where there is room. */
error_t dir_drop_htree(struct node *dir);

/* --- dirindex.c ------------------------------------------------------------- */

struct dir_index;

/* DIR's index, which is good until the next call; or NULL: there is none.
 * DISKFS_NOT_HERE in an attempt. */
error_t dir_index_get(struct node *dir, struct dir_index **result);
void dir_index_forget(ino64_t ino);
/* The blocks that may have NAME: *CURSOR begins as 0. */
boolean_t dir_index_next(const struct dir_index *index, const char *name,
                         uint64_t *cursor, uint32_t *block);
/* A block with so much room. */
boolean_t dir_index_with_room(const struct dir_index *index, uint32_t size,
                              uint32_t *block);
/* What was done to BLOCK; these may be called with a null INDEX.  One that
 * cannot be kept right is forgotten. */
void dir_index_entered(struct dir_index *index, const char *name,
                       const struct dir_block *block);
void dir_index_removed(struct dir_index *index, const char *name,
                       const struct dir_block *block);

#endif
