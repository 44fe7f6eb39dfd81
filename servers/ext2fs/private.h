/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/private.h: between the server's parts. */

#ifndef EXT2FS_PRIVATE_H
#define EXT2FS_PRIVATE_H

#include <diskfs/diskfs.h>
#include <ext2fs/ext2fs.h>

extern ext2_filsys fs; /* under diskfs_lock */

struct ext2_node;

/* The wire's error for one of libext2fs or of the store. */
error_t fs_error(errcode_t err);

/* --- store.c: the device ------------------------------------------------------ */

/* Opens NAME ("device:hd0") on the device MASTER (borrowed), also for writing
 * if WRITABLE; falls back to reading if the device cannot be written and says
 * so in *WRITABLE.  Complains itself. */
error_t store_open(const char *type, const char *name, mach_port_t master,
                   boolean_t *writable);
uint64_t store_size(void);
uint32_t store_sector_size(void);
boolean_t store_writable(void);
/* While the file system is only read, others may write the store by the same
 * way, to check it.  EBUSY if they still do. */
error_t store_take_writing(void);
void store_let_writing_go(void);
/* *DATA is memory of its own pages, the caller's if this succeeds. */
errcode_t store_read(uint64_t offset, uint32_t size, char **data);
errcode_t store_write(uint64_t offset, const char *data, uint32_t size);
/* What was written before the first of these is on the medium after the second,
 * which needs no lock; the third gets its result. */
boolean_t store_begin_flush(void);
errcode_t store_flush_now(void);
errcode_t store_end_flush(errcode_t err);
/* --- mount.c: the file system as a whole ---------------------------------------- */

/* Opens it on the store, replays its journal; a reason why not, or NULL. */
const char *ext2_mount(const char *name);
error_t ext2_set_read_only(boolean_t read_only);
extern struct journal *ext2_journal; /* that runs, or NULL */

/* --- sync.c ---------------------------------------------------------------------- */

/* What was changed so far is whole, and is to be on the disk.  The lock is let go
 * while things are written, by one thread at a time. */
error_t ext2_sync(void);
/* The same, under the lock from when nobody else is at it. */
error_t ext2_sync_now(void);
/* After a request: the same if it is time for it, as a transaction should not grow
 * any further, or little room is left while there could be more.  Who changed
 * something waits while too much is dirty. */
void ext2_settled(void);
/* In the middle of one, where all is whole: the same if it must be.  The lock may
 * be let go. */
void ext2_pause(void);
/* ext2_sync_now if that gives blocks back; else ENOSPC. */
error_t ext2_sync_for_room(void);
/* The inodes of INO's group have changed. */
void ext2_note_inode(ext2_ino_t ino);
boolean_t ext2_has_journal(void); /* that runs */

/* --- replaced.c -----------------------------------------------------------------
 *
 * Without a journal a file whose name was given to another one stays on the
 * disk until the disk has that name. */

/* INO loses a name to another one. */
void replaced_note(ext2_ino_t ino);
/* Whether it must not be gone yet; and that it is to be freed then. */
boolean_t replaced_is_kept(ext2_ino_t ino);
void replaced_free_later(ext2_ino_t ino);
boolean_t replaced_any(void);
/* Their names are home. */
void replaced_let_go(void);

/* --- orphans.c ------------------------------------------------------------------
 *
 * Files without a name that are still open, and files that are being truncated,
 * stand in a list on the disk, so that after a crash they are done away with.
 * Only a journal can keep that list right. */

/* Before NP's inode is written: it is in the list as long as it has no links,
 * or HELD. */
void orphan_update(struct node *np, boolean_t held);
void orphan_remove(struct ext2_node *node);
/* Does away with those that a crash has left. */
error_t orphans_clean(void);

/* --- features.c: reasons, or NULL --------------------------------------------- */

/* The name of a feature without which it cannot even be read. */
const char *ext2_why_not_served(void);
const char *ext2_why_not_written(void);
boolean_t ext2_is_clean(void);

/* --- format.c, names.c, contents.c ----------------------------------------- */

extern struct diskfs_format ext2_format;

/* What NP has of ours. */
struct ext2_node {
    struct ext2_inode_large inode;
    ext2_ino_t ino;
    ext2_ino_t parent; /* of a directory, once it is known */
    /* Among those to be done away with after a crash. */
    boolean_t orphan;
    struct ext2_node *newer, *older;
};

static inline struct ext2_node *ext2_node(struct node *np)
{
    return np->format;
}

struct ext2_inode *ext2_node_inode(struct node *np);
/* Writes the inode in NP to the disk. */
error_t ext2_inode_write(struct node *np);
/* What stat shows of the inode's size and blocks. */
void ext2_node_sizes(struct node *np);
/* What orphans.c needs of a node that has no links. */
error_t ext2_node_load(struct node *np);
error_t ext2_node_free(struct node *np);
error_t ext2_prepare_free(struct node *np);
errcode_t ext2_inode_put(struct ext2_node *node);
/* Frees the node, whatever needs it; the same for what is only on the disk. */
error_t ext2_node_free_now(struct node *np);

error_t ext2_lookup(struct node *dir, const char *name, ino64_t *ino);
error_t ext2_check_child(struct node *dir, struct node *np);
error_t ext2_walk(struct node *dir, uint32_t from, diskfs_walk_fn fn,
                  void *context);
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
error_t ext2_probe(struct node *np, int64_t offset, size_t size,
                   boolean_t data);
error_t ext2_write(struct node *np, int64_t offset, const char *data,
                   size_t size, size_t *amount);
/* The same; the lock is not let go unless it MAY_WAIT for blocks that a sync would
 * give back. */
error_t ext2_write_within(struct node *np, int64_t offset, const char *data,
                          size_t size, size_t *amount, boolean_t may_wait);
/* The device's block behind one of the file's: 0 for a hole, and for what was
 * only set aside. */
errcode_t ext2_map_block(struct node *np, blk64_t block, blk64_t *phys);
/* Blocks that the file's map has room for. */
blk64_t ext2_blocks_max(struct node *np);
/* In an attempt (attempt.h) DISK_NOT_HERE if the disk would have to be waited for:
 * for the map of the file's blocks FIRST to LAST; for what is in one. */
errcode_t ext2_probe_map(struct node *np, blk64_t first, blk64_t last);
errcode_t ext2_probe_block(struct node *np, int64_t offset);
/* The file's size on the disk. */
errcode_t ext2_put_size(struct node *np, int64_t size);

/* --- cut.c --------------------------------------------------------------------- */

/* A shorter link is in its inode. */
#define FAST_LINK_MAX sizeof(((struct ext2_inode *)0)->i_block)

error_t ext2_set_size(struct node *np, int64_t size);
/* Whether the one whom the request is for may take a block: 0, or
 * EXT2_ET_BLOCK_ALLOC_FAIL (room.c). */
errcode_t ext2_room(void);

/* reserve.c */
error_t ext2_reserve(struct node *np, int64_t offset, size_t *size);
/* When the disk is full libext2fs may have given the file a block that maps
 * others without counting it: counts what NP's inode on the disk has. */
void contents_recount(struct node *np);
/* Takes away what the file has behind its size. */
error_t ext2_cut(struct node *np);
/* Gives back the blocks of NP's contents. */
error_t ext2_free_blocks(struct node *np);

#endif
