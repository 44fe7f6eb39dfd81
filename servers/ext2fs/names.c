/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/names.c: directories. */

#include <stdlib.h>
#include <string.h>

#include "ext2fs/directory.h"
#include "ext2fs/disk.h"

/* Blocks of a directory that are read with the first that is wanted. */
#define WALK_AHEAD 64u

/* --- finding ------------------------------------------------------------------ */

/* Where a name is: in which block, and what stands before it there. */
struct found {
    struct dir_index *index;
    struct dir_block block;
    struct ext2_dir_entry *entry, *before;
};

static error_t find_in(struct found *found, struct node *dir, uint32_t number,
                       const char *name)
{
    error_t err = dir_block_read(dir, number, &found->block);

    found->entry =
        err ? NULL : dir_block_find(&found->block, name, &found->before);
    return err;
}

/* A block that cannot be read does not hide what is in others. */
static error_t find_by_reading(struct found *found, struct node *dir,
                               const char *name)
{
    error_t err = 0;

    for (uint32_t i = 0; i < dir_block_count(dir) && !found->entry; i++) {
        error_t one = find_in(found, dir, i, name);
        err = err ? err : one;
    }
    return found->entry ? 0 : err ? err : HURD_ENOENT;
}

static error_t find(struct found *found, struct node *dir, const char *name)
{
    uint64_t cursor = 0;
    uint32_t number;
    error_t err = 0;

    found->entry = NULL;
    err = dir_index_get(dir, &found->index);
    if (err)
        return err;
    if (!found->index)
        return find_by_reading(found, dir, name);
    while (!err && !found->entry &&
           dir_index_next(found->index, name, &cursor, &number))
        err = find_in(found, dir, number, name);
    return err || found->entry ? err : HURD_ENOENT;
}

error_t ext2_lookup(struct node *dir, const char *name, ino64_t *result)
{
    struct found found;
    error_t err = find(&found, dir, name);

    *result = err ? 0 : found.entry->inode;
    return err;
}

/* A directory that is found in another one than it says itself would make a
 * circle, or be two. */
error_t ext2_check_child(struct node *dir, struct node *np)
{
    struct ext2_node *node = ext2_node(np);
    ino64_t parent = node->parent;
    error_t err = parent ? 0 : ext2_lookup(np, "..", &parent);

    if (err)
        return err;
    node->parent = parent;
    return parent == dir->ino ? 0 : HURD_EIO;
}

/* --- showing ------------------------------------------------------------------ */

static int wire_type(int type)
{
    static const int types[] = {HDT_UNKNOWN, HDT_REG,  HDT_DIR,  HDT_CHR,
                                HDT_BLK,     HDT_FIFO, HDT_SOCK, HDT_LNK};

    return type >= 0 && type <= 7 ? types[type] : HDT_UNKNOWN;
}

/* The records of BLOCK from byte START on; non-zero if FN wants no more. */
static int walk_block(const struct dir_block *block, uint32_t start,
                      diskfs_walk_fn fn, void *context)
{
    uint32_t first = block->number * (fs->blocksize / 4);
    uint32_t offset = 0, at = 0;
    const struct ext2_dir_entry *dirent;

    for (; (dirent = dir_block_next(block, &offset)); at = offset) {
        struct diskfs_entry entry = {
            .ino = dirent->inode,
            .type = wire_type(ext2fs_dirent_file_type(dirent)),
            .name = dirent->name,
            .length = ext2fs_dirent_name_len(dirent),
            .place = first + at / 4,
            .next = first + offset / 4};
        if (dirent->inode && at >= start && fn(context, &entry))
            return 1;
    }
    return 0;
}

error_t ext2_walk(struct node *dir, uint32_t from, diskfs_walk_fn fn,
                  void *context)
{
    uint32_t places = fs->blocksize / 4;
    uint32_t start = from % places * 4;
    error_t err = 0;

    for (uint32_t i = from / places; !err && i < dir_block_count(dir); i++) {
        struct dir_block block;
        err = dir_block_read(dir, i, &block);
        if (err == DISKFS_NOT_HERE)
            dir_blocks_probe(dir, i + 1, i + WALK_AHEAD);
        if (!err && walk_block(&block, start, fn, context))
            break;
        start = 0;
    }
    return err;
}

/* --- changing ----------------------------------------------------------------- */

static int ext2_type(const struct node *np)
{
    switch (HS_TYPE(np->st.st_mode)) {
    case HS_IFREG:
        return EXT2_FT_REG_FILE;
    case HS_IFDIR:
        return EXT2_FT_DIR;
    case HS_IFCHR:
        return EXT2_FT_CHRDEV;
    case HS_IFBLK:
        return EXT2_FT_BLKDEV;
    case HS_IFIFO:
        return EXT2_FT_FIFO;
    case HS_IFSOCK:
        return EXT2_FT_SOCK;
    case HS_IFLNK:
        return EXT2_FT_SYMLINK;
    default:
        return EXT2_FT_UNKNOWN;
    }
}

/* A block of DIR's with room for SIZE bytes, made if there is none. */
static error_t find_room(struct node *dir, const struct dir_index *index,
                         uint32_t size, struct dir_block *block)
{
    uint32_t number = 0;
    boolean_t found = index && dir_index_with_room(index, size, &number);

    if (found)
        return dir_block_read(dir, number, block);
    for (; !index && number < dir_block_count(dir); number++)
        if (!dir_block_read(dir, number, block) &&
            dir_block_room(block) >= size)
            return 0;
    return dir_block_add(dir, block);
}

error_t ext2_enter(struct node *dir, const char *name, struct node *np)
{
    struct dir_index *index;
    struct dir_block block;
    error_t err = dir_index_get(dir, &index);

    if (!err)
        err = fs_error(disk_commit());
    if (!err)
        err = dir_drop_htree(dir);
    if (!err)
        err = find_room(dir, index, dir_record_size(strlen(name)), &block);
    if (err)
        return err;
    err = dir_block_enter(&block, name, np->ino, ext2_type(np));
    if (!err)
        err = dir_block_write(&block);
    if (err)
        dir_index_forget(dir->ino);
    else
        dir_index_entered(index, name, &block);
    return err;
}

error_t ext2_remove(struct node *dir, const char *name)
{
    struct found found;
    error_t err = find(&found, dir, name);

    if (!err)
        err = fs_error(disk_commit());
    if (err)
        return err;
    dir_block_remove(found.entry, found.before);
    err = dir_block_write(&found.block);
    if (err)
        dir_index_forget(dir->ino);
    else
        dir_index_removed(found.index, name, &found.block);
    return err;
}

error_t ext2_replace(struct node *dir, const char *name, struct node *np)
{
    struct found found;
    error_t err = find(&found, dir, name);

    if (!err)
        err = fs_error(disk_commit());
    if (err)
        return err;
    found.entry->inode = np->ino;
    if (ext2fs_has_feature_filetype(fs->super))
        ext2fs_dirent_set_file_type(found.entry, ext2_type(np));
    return dir_block_write(&found.block);
}

error_t ext2_init_dir(struct node *np, struct node *parent)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    char *block = NULL;
    blk64_t where;
    errcode_t err = disk_commit();

    if (!err)
        err = ext2fs_new_dir_block(fs, np->ino, parent->ino, &block);
    ext2_node(np)->parent = 0;
    dir_index_forget(np->ino); /* of a directory before it */
    if (!err)
        err = ext2_room();
    if (!err)
        err = ext2fs_new_block2(fs, 0, NULL, &where);
    if (!err)
        err = ext2fs_write_dir_block4(fs, where, block, 0, np->ino);
    if (!err) {
        ext2fs_block_alloc_stats2(fs, where, +1);
        inode->i_size = fs->blocksize;
        err = ext2fs_iblk_set(fs, inode, 1);
    }
    if (!err && inode->i_flags & EXT4_EXTENTS_FL)
        err = ext2fs_bmap2(fs, np->ino, inode, NULL, BMAP_SET, 0, NULL, &where);
    else if (!err)
        inode->i_block[0] = where;
    np->st.st_size = inode->i_size;
    np->st.st_blocks = inode->i_blocks;
    ext2fs_free_mem(&block);
    return err ? fs_error(err) : ext2_inode_write(np);
}

error_t ext2_set_parent(struct node *np, struct node *parent)
{
    ext2_node(np)->parent = 0;
    return ext2_replace(np, "..", parent);
}
