/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/cut.c: files become shorter, or go. */

#include "ext2fs/attempt.h"
#include "ext2fs/private.h"

/* What is taken from a file at a time: a transaction may end in between. */
#define STEP_BLOCKS 4096u

/* --- extents -----------------------------------------------------------------------
 *
 * libext2fs does not punch an extent that has the disk's last block, hence the
 * longer way. */

/* COUNT blocks from PHYS on belonged to the file, from BLOCK on; nothing
 * behind them does any more.  A cluster that begins before them stays if the
 * file has a part of it left. */
static errcode_t release_blocks(struct node *np, blk64_t block, blk64_t phys,
                                blk64_t count)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    blk64_t ratio = EXT2FS_CLUSTER_RATIO(fs), end = phys + count, kept = 0;
    blk64_t freed = 0;
    errcode_t err = 0;

    if (phys < fs->super->s_first_data_block ||
        end > ext2fs_blocks_count(fs->super))
        return EXT2_ET_BAD_BLOCK_NUM;
    if (phys % ratio)
        err = ext2fs_map_cluster_block(fs, np->ino, inode, block, &kept);
    if (err)
        return err;
    for (blk64_t at = kept ? phys - phys % ratio + ratio : phys; at < end;
         at += ratio - at % ratio) {
        if (!ext2fs_test_block_bitmap2(fs->block_map, at))
            continue; /* the disk was wrong */
        ext2fs_block_alloc_stats2(fs, at, -1);
        freed++;
    }
    if (ext2fs_iblk_sub_blocks(fs, inode, freed))
        ext2fs_iblk_set(fs, inode, 0);
    return 0;
}

/* Takes no more than STEP_BLOCKS off the last extent; *DONE if nothing lies at
 * or behind END. */
static errcode_t shorten_last(struct node *np, ext2_extent_handle_t handle,
                              blk64_t end, boolean_t *done)
{
    struct ext2fs_extent extent;
    errcode_t err = ext2fs_extent_get(handle, EXT2_EXTENT_ROOT, &extent);

    if (!err)
        err = ext2fs_extent_get(handle, EXT2_EXTENT_LAST_LEAF, &extent);
    *done = err == EXT2_ET_NO_CURRENT_NODE || err == EXT2_ET_EXTENT_NO_NEXT ||
            (!err && extent.e_lblk + extent.e_len <= end);
    if (*done || err)
        return *done ? 0 : err;
    blk64_t keep = end > extent.e_lblk ? end - extent.e_lblk : 0;
    if (extent.e_len - keep > STEP_BLOCKS)
        keep = extent.e_len - STEP_BLOCKS;
    blk64_t count = extent.e_len - keep;
    extent.e_len = keep;
    err = keep ? ext2fs_extent_replace(handle, 0, &extent)
               : ext2fs_extent_delete(handle, 0);
    if (!err)
        err = ext2fs_extent_fix_parents(handle);
    if (err && err != EXT2_ET_NO_CURRENT_NODE)
        return err;
    return release_blocks(np, extent.e_lblk + keep, extent.e_pblk + keep,
                          count);
}

/* Only what a crash would not leave half done may be committed. */
static void cut_pause(struct node *np)
{
    if (ext2_node(np)->orphan)
        ext2_pause();
}

static errcode_t cut_extents(struct node *np, blk64_t end)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    boolean_t done = FALSE;
    errcode_t err = 0;

    while (!err && !done) {
        ext2_extent_handle_t handle;
        err = ext2fs_extent_open2(fs, np->ino, inode, &handle);
        if (err)
            break;
        err = shorten_last(np, handle, end, &done);
        ext2fs_extent_free(handle);
        if (!err && !done)
            err = ext2_inode_put(ext2_node(np));
        cut_pause(np);
    }
    return err;
}

/* However long the file says it is, blocks that are mapped are what costs. */
static errcode_t cut_indirect(struct node *np, blk64_t end, blk64_t last)
{
    blk64_t mapped = np->st.st_blocks / (fs->blocksize / 512);
    blk64_t most = ext2_blocks_max(np);
    errcode_t err = 0;

    if (last > most)
        last = most;
    if (mapped <= STEP_BLOCKS)
        last = end;
    do {
        last = last > end + STEP_BLOCKS ? last - STEP_BLOCKS : end;
        err = ext2fs_punch(fs, np->ino, ext2_node_inode(np), NULL, last, ~0ull);
        cut_pause(np);
    } while (!err && last > end);
    return err;
}

/* Blocks from END to LAST go, the last first.  While that takes more than one
 * step the file stands in the list of those that are to be cut. */
static error_t cut(struct node *np, blk64_t end, blk64_t last)
{
    boolean_t extents = ext2_node_inode(np)->i_flags & EXT4_EXTENTS_FL;

    if (last > end + STEP_BLOCKS) {
        orphan_update(np, TRUE);
        error_t err = fs_error(ext2_inode_put(ext2_node(np)));
        if (err)
            return err;
    }
    errcode_t err =
        extents ? cut_extents(np, end) : cut_indirect(np, end, last);
    ext2_node_sizes(np);
    return fs_error(err);
}

/* --- files -------------------------------------------------------------------------- */

static blk64_t end_block(int64_t size)
{
    return (size + fs->blocksize - 1) / fs->blocksize;
}

/* What lies behind the end of the file in its last block reads as zeros if the
 * file grows again. */
static errcode_t clear_behind(struct node *np, int64_t size)
{
    static const char zeros[EXT2_MAX_BLOCK_SIZE];
    size_t block_size = fs->blocksize, skip = size % block_size;
    blk64_t phys = 0;
    errcode_t err = skip ? ext2_map_block(np, size / block_size, &phys) : 0;

    return err || !phys ? err
                        : disk_write(phys * block_size + skip, zeros,
                                     block_size - skip, DISK_DATA);
}

/* In an attempt: whether what lies behind SIZE can be given back without waiting
 * for the disk. */
static errcode_t cut_probe(struct node *np, int64_t size)
{
    errcode_t err =
        ext2_probe_map(np, size / fs->blocksize, end_block(np->st.st_size));

    if (!err && size % fs->blocksize)
        err = ext2_probe_block(np, size);
    return err == DISK_NOT_HERE ? err : 0;
}

error_t ext2_prepare_free(struct node *np)
{
    return HS_ISREG(np->st.st_mode) ? fs_error(cut_probe(np, 0)) : 0;
}

error_t ext2_set_size(struct node *np, int64_t size)
{
    int64_t old = np->st.st_size;
    errcode_t err = 0;

    if (size > old && end_block(size) > ext2_blocks_max(np))
        return HURD_EFBIG;
    if (size < old)
        err = cut_probe(np, size);
    if (!err)
        err = disk_commit();
    if (err)
        return fs_error(err);
    if (size < old)
        err = clear_behind(np, size);
    if (!err)
        err = ext2_put_size(np, size);
    if (err)
        return fs_error(err);
    error_t left = size < old ? cut(np, end_block(size), end_block(old)) : 0;
    error_t error = ext2_inode_write(np);
    return left ? left : error;
}

error_t ext2_cut(struct node *np)
{
    int64_t size = np->st.st_size;
    errcode_t err = clear_behind(np, size);
    error_t left = cut(np, end_block(size), end_block(size));
    error_t error = ext2_inode_write(np);

    return err ? fs_error(err) : left ? left : error;
}

static int release_block(ext2_filsys unused, blk64_t *block, e2_blkcnt_t where,
                         blk64_t ref, int ref_offset, void *context)
{
    if (*block < ext2fs_blocks_count(fs->super) &&
        ext2fs_test_block_bitmap2(fs->block_map, *block))
        ext2fs_block_alloc_stats2(fs, *block, -1);
    return 0;
}

/* The inode goes too, so nothing has to be right in what is left of it but what
 * is mapped. */
error_t ext2_free_blocks(struct node *np)
{
    boolean_t fast_link =
        HS_ISLNK(np->st.st_mode) && np->st.st_size < (int64_t)FAST_LINK_MAX;

    if (fast_link || !ext2fs_inode_has_valid_blocks2(fs, ext2_node_inode(np)))
        return 0;
    error_t err = ext2_inode_write(np);
    blk64_t last = end_block(np->st.st_size);
    if (!err && last > STEP_BLOCKS && HS_ISREG(np->st.st_mode))
        err = cut(np, STEP_BLOCKS, last);
    if (err)
        return err;
    /* What maps others comes after them: nobody can read it then. */
    return fs_error(ext2fs_block_iterate3(
        fs, np->ino, BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DEPTH_TRAVERSE, NULL,
        release_block, NULL));
}
