/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/names.c: directories. */

#include <stdlib.h>
#include <string.h>

#include "ext2fs/private.h"

error_t ext2_lookup(struct node *dir, const char *name, ino64_t *result)
{
    ext2_ino_t ino;
    errcode_t err = ext2fs_lookup(fs, dir->ino, name, strlen(name), NULL, &ino);

    *result = ino;
    return fs_error(err);
}

struct walk {
    diskfs_walk_fn fn;
    void *context;
};

static int wire_type(int type)
{
    static const int types[] = {HDT_UNKNOWN, HDT_REG,  HDT_DIR,  HDT_CHR,
                                HDT_BLK,     HDT_FIFO, HDT_SOCK, HDT_LNK};

    return type >= 0 && type <= 7 ? types[type] : HDT_UNKNOWN;
}

static int walk_entry(struct ext2_dir_entry *dirent, int offset, int blocksize,
                      char *buf, void *data)
{
    const struct walk *walk = data;
    struct diskfs_entry entry = {.ino = dirent->inode,
                                 .type =
                                     wire_type(ext2fs_dirent_file_type(dirent)),
                                 .name = dirent->name,
                                 .length = ext2fs_dirent_name_len(dirent)};

    return walk->fn(walk->context, &entry) ? DIRENT_ABORT : 0;
}

error_t ext2_walk(struct node *dir, diskfs_walk_fn fn, void *context)
{
    struct walk walk = {fn, context};

    return fs_error(
        ext2fs_dir_iterate(fs, dir->ino, 0, NULL, walk_entry, &walk));
}

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

/* libext2fs has written the directory's inode: its size and blocks changed. */
static error_t reread(struct node *dir)
{
    struct ext2_inode *inode = ext2_node_inode(dir);
    errcode_t err = ext2fs_read_inode(fs, dir->ino, inode);

    dir->st.st_size = EXT2_I_SIZE(inode);
    dir->st.st_blocks = inode->i_blocks;
    return fs_error(err);
}

/* A directory that gets a name in no order loses its index, in our copy of the
 * inode as on the disk. */
static error_t drop_index(struct node *dir)
{
    struct ext2_inode *inode = ext2_node_inode(dir);

    if (!(inode->i_flags & EXT2_INDEX_FL))
        return 0;
    inode->i_flags &= ~EXT2_INDEX_FL;
    return ext2_inode_write(dir);
}

error_t ext2_enter(struct node *dir, const char *name, struct node *np)
{
    error_t error = drop_index(dir);
    if (error)
        return error;
    errcode_t err = ext2fs_link(fs, dir->ino, name, np->ino, ext2_type(np));

    if (err == EXT2_ET_DIR_NO_SPACE) {
        /* Our idea of its times and links first: the inode is read anew. */
        error = ext2_inode_write(dir);
        if (error)
            return error;
        err = ext2fs_expand_dir(fs, dir->ino);
        if (!err)
            err = reread(dir);
        if (!err)
            err = ext2fs_link(fs, dir->ino, name, np->ino, ext2_type(np));
    }
    return fs_error(err);
}

error_t ext2_remove(struct node *dir, const char *name)
{
    return fs_error(ext2fs_unlink(fs, dir->ino, name, 0, 0));
}

struct replacement {
    const char *name;
    size_t length;
    ext2_ino_t ino;
    int type;
    boolean_t done;
};

static int replace_entry(struct ext2_dir_entry *dirent, int offset,
                         int blocksize, char *buf, void *data)
{
    struct replacement *new = data;

    if ((size_t)ext2fs_dirent_name_len(dirent) != new->length ||
        memcmp(dirent->name, new->name, new->length) != 0)
        return 0;
    dirent->inode = new->ino;
    if (ext2fs_has_feature_filetype(fs->super))
        ext2fs_dirent_set_file_type(dirent, new->type);
    new->done = TRUE;
    return DIRENT_CHANGED | DIRENT_ABORT;
}

error_t ext2_replace(struct node *dir, const char *name, struct node *np)
{
    struct replacement new = {name, strlen(name), np->ino, ext2_type(np),
                              FALSE};
    errcode_t err =
        ext2fs_dir_iterate(fs, dir->ino, 0, NULL, replace_entry, &new);

    return err ? fs_error(err) : new.done ? 0 : HURD_ENOENT;
}

error_t ext2_init_dir(struct node *np, struct node *parent)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    char *block = NULL;
    blk64_t where;
    errcode_t err = ext2fs_new_dir_block(fs, np->ino, parent->ino, &block);

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

static int set_dotdot(struct ext2_dir_entry *dirent, int offset, int blocksize,
                      char *buf, void *data)
{
    if (ext2fs_dirent_name_len(dirent) != 2 || memcmp(dirent->name, "..", 2))
        return 0;
    dirent->inode = *(ext2_ino_t *)data;
    return DIRENT_CHANGED | DIRENT_ABORT;
}

error_t ext2_set_parent(struct node *np, struct node *parent)
{
    ext2_ino_t ino = parent->ino;

    return fs_error(ext2fs_dir_iterate(fs, np->ino, 0, NULL, set_dotdot, &ino));
}
