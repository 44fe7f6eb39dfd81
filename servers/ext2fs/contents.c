/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/contents.c: what is in files, links and translator blocks. */

#include <stdlib.h>
#include <string.h>

#include "ext2fs/private.h"

#define FAST_LINK_MAX sizeof(((struct ext2_inode *)0)->i_block)

/* libext2fs changes a copy of the inode: ours follows. */
static error_t contents_close(struct node *np, ext2_file_t file, errcode_t err)
{
    errcode_t closed = ext2fs_file_close(file);
    struct ext2_inode *inode = ext2_node_inode(np);

    errcode_t got = ext2fs_read_inode(fs, np->ino, inode);
    if (!got) { /* also after an error: part may have been done */
        np->st.st_size = EXT2_I_SIZE(inode);
        np->st.st_blocks = inode->i_blocks;
    }
    return fs_error(err ? err : closed ? closed : got);
}

static error_t contents_open(struct node *np, int flags, ext2_file_t *file)
{
    if (flags & EXT2_FILE_WRITE && np->dirty) {
        error_t err = ext2_inode_write(np);
        if (err)
            return err;
    }
    return fs_error(
        ext2fs_file_open2(fs, np->ino, ext2_node_inode(np), flags, file));
}

/* The device's blocks behind COUNT blocks of the file from FIRST on that lie
 * together: their number; *PHYS is 0 for a hole. */
static errcode_t contents_run(struct node *np, blk64_t first, blk64_t count,
                              blk64_t *phys, blk64_t *run)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    blk64_t next;
    errcode_t err =
        ext2fs_bmap2(fs, np->ino, inode, NULL, 0, first, NULL, phys);

    for (*run = 1; !err && *run < count; ++*run) {
        err = ext2fs_bmap2(fs, np->ino, inode, NULL, 0, first + *run, NULL,
                           &next);
        if (next != (*phys ? *phys + *run : 0))
            break;
    }
    return err;
}

error_t ext2_read(struct node *np, int64_t offset, char *data, size_t size,
                  size_t *amount)
{
    size_t block_size = fs->blocksize, done = 0;

    *amount = 0;
    if (offset >= np->st.st_size)
        return 0;
    if ((int64_t)size > np->st.st_size - offset)
        size = np->st.st_size - offset;
    while (done < size) {
        blk64_t first = (offset + done) / block_size, phys, run;
        size_t skip = (offset + done) % block_size;
        blk64_t count = (skip + size - done + block_size - 1) / block_size;
        errcode_t err = contents_run(np, first, count, &phys, &run);
        if (err)
            return fs_error(err);
        size_t n = run * block_size - skip;
        n = n < size - done ? n : size - done;
        if (!phys) {
            memset(data + done, 0, n);
        } else {
            error_t error =
                store_read(phys * block_size + skip, data + done, n);
            if (error)
                return error;
        }
        done += n;
    }
    *amount = done;
    return 0;
}

static int count_block(ext2_filsys unused, blk64_t *block, e2_blkcnt_t where,
                       blk64_t ref, int ref_offset, void *count)
{
    ++*(blk64_t *)count;
    return 0;
}

void contents_recount(struct node *np)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    blk64_t count = 0;

    if (inode->i_flags & EXT4_EXTENTS_FL ||
        ext2fs_block_iterate3(fs, np->ino, BLOCK_FLAG_READ_ONLY, NULL,
                              count_block, &count))
        return;
    ext2fs_iblk_set(fs, inode, count + (np->passive ? 1 : 0));
    np->st.st_blocks = inode->i_blocks;
    ext2_inode_write(np);
}

error_t ext2_write(struct node *np, int64_t offset, const char *data,
                   size_t size, size_t *amount)
{
    ext2_file_t file;
    error_t err = contents_open(np, EXT2_FILE_WRITE, &file);

    *amount = 0;
    if (err)
        return err;
    errcode_t e2 = ext2fs_file_llseek(file, offset, EXT2_SEEK_SET, NULL);
    while (!e2 && *amount < size) {
        unsigned written = 0;
        size_t left = size - *amount;
        e2 = ext2fs_file_write(file, data + *amount,
                               left > 0x40000000 ? 0x40000000 : left, &written);
        *amount += written;
        if (!written)
            break;
    }
    error_t closed = contents_close(np, file, 0);
    if (e2)
        contents_recount(np);
    return e2 ? fs_error(e2) : closed;
}

error_t ext2_set_size(struct node *np, int64_t size)
{
    ext2_file_t file;
    error_t err = contents_open(np, EXT2_FILE_WRITE, &file);

    if (err)
        return err;
    return contents_close(np, file, ext2fs_file_set_size2(file, size));
}

static int release_block(ext2_filsys unused, blk64_t *block, e2_blkcnt_t where,
                         blk64_t ref, int ref_offset, void *context)
{
    if (*block < ext2fs_blocks_count(fs->super) &&
        ext2fs_test_block_bitmap2(fs->block_map, *block))
        ext2fs_block_alloc_stats2(fs, *block, -1);
    return 0;
}

/* The inode goes too, so nothing has to be right in it but what is mapped. */
error_t ext2_free_blocks(struct node *np)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    boolean_t fast_link =
        HS_ISLNK(np->st.st_mode) && np->st.st_size < (int64_t)FAST_LINK_MAX;

    if (fast_link || !ext2fs_inode_has_valid_blocks2(fs, inode))
        return 0;
    error_t err = ext2_inode_write(np);
    return err ? err
               : fs_error(ext2fs_block_iterate3(fs, np->ino,
                                                BLOCK_FLAG_READ_ONLY, NULL,
                                                release_block, NULL));
}

/* --- links --------------------------------------------------------------------- */

error_t ext2_read_link(struct node *np, char *target, size_t *length)
{
    size_t size = np->st.st_size;

    if (!HS_ISLNK(np->st.st_mode))
        return HURD_EINVAL;
    if (size > *length)
        return HURD_ENAMETOOLONG;
    *length = size;
    if (size < FAST_LINK_MAX) {
        memcpy(target, ext2_node_inode(np)->i_block, size);
        return 0;
    }
    return ext2_read(np, 0, target, size, length);
}

error_t ext2_write_link(struct node *np, const char *target, size_t length)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    size_t amount;

    if (length >= fs->blocksize)
        return HURD_ENAMETOOLONG;
    if (length >= FAST_LINK_MAX)
        return ext2_write(np, 0, target, length, &amount);
    inode->i_flags &= ~EXT4_EXTENTS_FL;
    memset(inode->i_block, 0, FAST_LINK_MAX);
    memcpy(inode->i_block, target, length);
    np->st.st_size = inode->i_size = length;
    return 0;
}

/* --- passive translators ---------------------------------------------------------
 *
 * A file system made for the Hurd has, in each inode, the number of a block
 * that holds a 16-bit length and the argz. */

static boolean_t has_translator_field(void)
{
    return fs->super->s_creator_os == EXT2_OS_HURD;
}

error_t ext2_get_translator(struct node *np, char **argz, size_t *length)
{
    blk64_t block = ext2_node_inode(np)->osd1.hurd1.h_i_translator;
    char *buffer = malloc(fs->blocksize);
    error_t err = buffer ? 0 : HURD_ENOMEM;

    if (!err && (!has_translator_field() || !block))
        err = HURD_EINVAL;
    if (!err)
        err = fs_error(io_channel_read_blk64(fs->io, block, 1, buffer));
    if (!err) {
        *length = (unsigned char)buffer[0] | (unsigned char)buffer[1] << 8;
        if (!*length || *length + 2 > fs->blocksize || buffer[1 + *length] != 0)
            err = HURD_EFTYPE;
    }
    if (err) {
        free(buffer);
        return err;
    }
    memmove(buffer, buffer + 2, *length);
    *argz = buffer;
    return 0;
}

static error_t translator_drop(struct node *np)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    blk64_t block = inode->osd1.hurd1.h_i_translator;

    if (!block)
        return 0;
    ext2fs_block_alloc_stats2(fs, block, -1);
    ext2fs_iblk_sub_blocks(fs, inode, 1);
    inode->osd1.hurd1.h_i_translator = 0;
    np->st.st_blocks = inode->i_blocks;
    return ext2_inode_write(np);
}

error_t ext2_set_translator(struct node *np, const char *argz, size_t length)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    blk64_t block = inode->osd1.hurd1.h_i_translator;
    errcode_t err = 0;

    if (!has_translator_field())
        return length ? HURD_EOPNOTSUPP : 0;
    if (!length)
        return translator_drop(np);
    if (length + 2 > fs->blocksize)
        return HURD_ENAMETOOLONG;
    char *buffer = calloc(1, fs->blocksize);
    if (!buffer)
        return HURD_ENOMEM;
    buffer[0] = length;
    buffer[1] = length >> 8;
    memcpy(buffer + 2, argz, length);
    if (!block) {
        err = ext2fs_new_block2(fs, 0, NULL, &block);
        if (!err) {
            ext2fs_block_alloc_stats2(fs, block, +1);
            err = ext2fs_iblk_add_blocks(fs, inode, 1);
            inode->osd1.hurd1.h_i_translator = block;
            np->st.st_blocks = inode->i_blocks;
        }
    }
    if (!err)
        err = io_channel_write_blk64(fs->io, block, 1, buffer);
    free(buffer);
    return err ? fs_error(err) : ext2_inode_write(np);
}
