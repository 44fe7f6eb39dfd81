/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/private.h: between the server's parts. */

#ifndef EXT2FS_PRIVATE_H
#define EXT2FS_PRIVATE_H

#include <diskfs/diskfs.h>
#include <ext2fs/ext2fs.h>

extern ext2_filsys fs; /* under diskfs_lock */

/* The wire's error for one of libext2fs or of the store. */
error_t fs_error(errcode_t err);

/* --- store.c: the device under a write-back cache --------------------------- */

/* libext2fs reads and writes the store through this. */
extern struct struct_io_manager store_manager;

/* Opens NAME ("device:hd0") on the device MASTER (borrowed), also for writing
 * if WRITABLE; falls back to reading if the device cannot be written and says
 * so in *WRITABLE.  Complains itself. */
error_t store_open(const char *type, const char *name, mach_port_t master,
                   boolean_t *writable);
uint64_t store_size(void);
boolean_t store_writable(void);
/* Bytes of the device, by way of the cache. */
error_t store_read(uint64_t offset, char *data, size_t size);
errcode_t store_write(uint64_t offset, const char *data, size_t size);

/* --- features.c: reasons, or NULL --------------------------------------------- */

/* The name of a feature without which it cannot even be read. */
const char *ext2_why_not_served(void);
const char *ext2_why_not_written(void);

/* --- format.c, names.c, contents.c ----------------------------------------- */

extern struct diskfs_format ext2_format;

/* What NP has of ours. */
struct ext2_node {
    struct ext2_inode_large inode;
};

static inline struct ext2_node *ext2_node(struct node *np)
{
    return np->format;
}

struct ext2_inode *ext2_node_inode(struct node *np);
/* Writes the inode in NP to the disk; reads it, after libext2fs has changed
 * it. */
error_t ext2_inode_write(struct node *np);
error_t ext2_inode_reread(struct node *np);
/* What stat shows of the inode's size and blocks. */
void ext2_node_sizes(struct node *np);

error_t ext2_lookup(struct node *dir, const char *name, ino64_t *ino);
error_t ext2_walk(struct node *dir, diskfs_walk_fn fn, void *context);
error_t ext2_enter(struct node *dir, const char *name, struct node *np);
error_t ext2_remove(struct node *dir, const char *name);
error_t ext2_replace(struct node *dir, const char *name, struct node *np);
error_t ext2_init_dir(struct node *np, struct node *parent);
error_t ext2_set_parent(struct node *np, struct node *parent);

error_t ext2_read_link(struct node *np, char *target, size_t *length);
error_t ext2_write_link(struct node *np, const char *target, size_t length);
error_t ext2_get_translator(struct node *np, char **argz, size_t *length);
error_t ext2_set_translator(struct node *np, const char *argz, size_t length);

error_t ext2_read(struct node *np, int64_t offset, char *data, size_t size,
                  size_t *amount);
error_t ext2_write(struct node *np, int64_t offset, const char *data,
                   size_t size, size_t *amount);
error_t ext2_set_size(struct node *np, int64_t size);
/* reserve.c */
error_t ext2_reserve(struct node *np, int64_t offset, size_t *size);
/* Gives back the blocks of NP's contents. */
error_t ext2_free_blocks(struct node *np);

#endif
