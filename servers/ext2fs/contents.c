/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/contents.c: what is in files, links and translator blocks. */

#include <stdlib.h>
#include <string.h>

#include "ext2fs/attempt.h"
#include "ext2fs/private.h"

/* What a transaction may be ended after, of a file that grows. */
#define PAUSE_BYTES 0x100000u
/* What is read at once; and how often the disk is asked for the same before it is
 * waited for under the lock. */
#define STEP_BYTES 0x40000u
#define STEP_RUNS  64u
#define TRIES_MAX  16u

/* The device's block behind one of the file's: 0 for a hole, and for what was
 * only set aside. */
errcode_t ext2_map_block(struct node *np, blk64_t block, blk64_t *phys)
{
    int flags = 0;
    errcode_t err = ext2fs_bmap2(fs, np->ino, ext2_node_inode(np), NULL, 0,
                                 block, &flags, phys);

    if (err || flags & BMAP_RET_UNINIT)
        *phys = 0;
    return err;
}

/* The device's blocks behind COUNT blocks of the file from FIRST on that lie
 * together: their number; *PHYS is 0 for a hole. */
static errcode_t contents_run(struct node *np, blk64_t first, blk64_t count,
                              blk64_t *phys, blk64_t *run)
{
    blk64_t next;
    errcode_t err = ext2_map_block(np, first, phys);

    for (*run = 1; !err && *run < count; ++*run) {
        err = ext2_map_block(np, first + *run, &next);
        if (next != (*phys ? *phys + *run : 0))
            break;
    }
    return err;
}

/* What one step of a read takes from the disk: COUNT runs of blocks. */
struct step {
    struct run {
        uint64_t offset; /* on the disk; 0: a hole */
        size_t size;
    } runs[STEP_RUNS];
    unsigned count;
    size_t size; /* of all of them */
};

/* Finds out where SIZE bytes at OFFSET are, or as many as one step takes. */
static errcode_t step_map(struct step *step, struct node *np, int64_t offset,
                          size_t size)
{
    size_t block_size = fs->blocksize;
    errcode_t err = 0;

    *step = (struct step){.count = 0};
    if (size > STEP_BYTES)
        size = STEP_BYTES;
    while (step->size < size && step->count < STEP_RUNS) {
        int64_t at = offset + (int64_t)step->size;
        blk64_t phys, run, skip = at % block_size;
        blk64_t count = (skip + size - step->size - 1) / block_size + 1;
        err = contents_run(np, at / block_size, count, &phys, &run);
        if (err)
            break;
        size_t n = run * block_size - skip, left = size - step->size;
        step->runs[step->count++] = (struct run){
            phys ? phys * block_size + skip : 0, n < left ? n : left};
        step->size += n < left ? n : left;
    }
    return step->count ? 0 : err;
}

/* One step of a read, which nobody changes meanwhile.  In an attempt all that it
 * lacks is wanted at once. */
static errcode_t read_step(struct node *np, int64_t offset, char *data,
                           size_t size, size_t *amount)
{
    struct step step;
    errcode_t err = step_map(&step, np, offset, size);

    for (unsigned i = 0; !err && i < step.count; i++) {
        errcode_t one = step.runs[i].offset
                            ? disk_probe(step.runs[i].offset, step.runs[i].size)
                            : 0;
        err = one == DISK_NOT_HERE ? one : err;
    }
    for (unsigned i = 0; !err && i < step.count; i++) {
        const struct run *run = &step.runs[i];
        if (run->offset)
            err = disk_read(run->offset, data + *amount, run->size);
        else
            memset(data + *amount, 0, run->size);
        *amount += err ? 0 : run->size;
    }
    return err;
}

/* As far as it comes: *AMOUNT grows. */
static errcode_t read_steps(struct node *np, int64_t offset, char *data,
                            size_t size, size_t *amount)
{
    errcode_t err = 0;

    while (!err && *amount < size &&
           offset + (int64_t)*amount < np->st.st_size) {
        int64_t at = offset + (int64_t)*amount;
        size_t wanted = size - *amount, left = np->st.st_size - at;
        err = read_step(np, at, data, wanted < left ? wanted : left, amount);
    }
    return err;
}

error_t ext2_probe(struct node *np, int64_t offset, size_t size, boolean_t data)
{
    size_t done = 0;
    errcode_t err = 0;

    while (!err && done < size && offset + (int64_t)done < np->st.st_size) {
        struct step step;
        err = step_map(&step, np, offset + (int64_t)done, size - done);
        for (unsigned i = 0; !err && data && i < step.count; i++)
            if (step.runs[i].offset)
                err = disk_probe(step.runs[i].offset, step.runs[i].size);
        done += step.size;
    }
    return fs_error(err);
}

error_t ext2_read(struct node *np, int64_t offset, char *data, size_t size,
                  size_t *amount)
{
    struct attempt before = attempt_pause();
    unsigned tries = 0;
    errcode_t err;

    *amount = 0;
    do {
        size_t had = *amount;
        if (tries < TRIES_MAX)
            attempt_begin();
        err = read_steps(np, offset, data, size, amount);
        attempt_end();
        tries = *amount > had ? 0 : tries + 1;
        if (err == DISK_NOT_HERE && !attempt_fetch())
            tries = TRIES_MAX; /* then it waits under the lock */
    } while (err == DISK_NOT_HERE);
    attempt_resume(&before);
    return fs_error(err);
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
    if (np->passive)
        count++;
    if (ext2fs_file_acl_block(fs, inode))
        count++;
    ext2fs_iblk_set(fs, inode, count);
}

/* --- writing -------------------------------------------------------------------
 *
 * libext2fs maps and allocates; the data goes past it, as the store wants to
 * know it from what it is described by. */

static errcode_t put_data(uint64_t offset, const char *data, size_t size)
{
    return disk_write(offset, data, size, DISK_DATA);
}

/* One more block for the file behind the file's block BLOCK, near AFTER. */
static errcode_t take_block(struct node *np, blk64_t block, blk64_t after,
                            blk64_t *phys)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    blk64_t mask = EXT2FS_CLUSTER_MASK(fs);
    errcode_t err = ext2fs_map_cluster_block(fs, np->ino, inode, block, phys);

    if (err || *phys)
        return err;
    if (!after)
        after = ext2fs_find_inode_goal(fs, np->ino, inode, block);
    err = ext2_room();
    if (!err)
        err = ext2fs_new_block2(fs, after & ~mask, NULL, phys);
    if (err)
        return err;
    *phys = (*phys & ~mask) + (block & mask);
    ext2fs_block_alloc_stats2(fs, *phys, +1);
    return ext2fs_iblk_add_blocks(fs, inode, 1);
}

/* The file's block, which gets one of the device's if it has none: then *FRESH
 * is set, and what is in it is nobody's. */
static errcode_t claim_block(struct node *np, blk64_t block, blk64_t after,
                             blk64_t *phys, boolean_t *fresh)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    int flags = 0;
    errcode_t err =
        ext2fs_bmap2(fs, np->ino, inode, NULL, 0, block, &flags, phys);
    boolean_t taken = !err && !*phys;

    *fresh = taken || flags & BMAP_RET_UNINIT;
    if (taken)
        err = take_block(np, block, after, phys);
    if (err || !*fresh)
        return err;
    err = ext2fs_bmap2(fs, np->ino, inode, NULL, BMAP_SET | BMAP_ALLOC, block,
                       NULL, phys);
    if (err && taken && EXT2FS_CLUSTER_RATIO(fs) == 1) {
        ext2fs_block_alloc_stats2(fs, *phys, -1);
        ext2fs_iblk_sub_blocks(fs, inode, 1);
    }
    return err;
}

/* What a fresh block has beside SIZE bytes at SKIP is zeros; it is written as a
 * whole, as nobody need know then what was in it. */
static errcode_t put_fresh(blk64_t phys, size_t skip, const char *data,
                           size_t size)
{
    static char block[EXT2_MAX_BLOCK_SIZE]; /* under diskfs_lock */

    memset(block, 0, skip);
    memcpy(block + skip, data, size);
    memset(block + skip + size, 0, fs->blocksize - skip - size);
    return put_data(phys * fs->blocksize, block, fs->blocksize);
}

/* SIZE bytes within one block of the file. */
static errcode_t write_in_block(struct node *np, int64_t offset,
                                const char *data, size_t size, blk64_t *last)
{
    size_t block_size = fs->blocksize, skip = offset % block_size;
    boolean_t fresh;
    blk64_t phys;
    errcode_t err = claim_block(np, offset / block_size, *last ? *last + 1 : 0,
                                &phys, &fresh);

    if (!err)
        err = fresh && size < block_size
                  ? put_fresh(phys, skip, data, size)
                  : put_data(phys * block_size + skip, data, size);
    *last = err ? 0 : phys;
    return err;
}

/* The file's size on the disk; beyond some the file system has to say that it
 * has such files. */
errcode_t ext2_put_size(struct node *np, int64_t size)
{
    errcode_t err = ext2fs_inode_size_set(fs, ext2_node_inode(np), size);

    if (!err && size > 0x7fffffff && HS_ISREG(np->st.st_mode) &&
        !ext2fs_has_feature_large_file(fs->super)) {
        ext2fs_set_feature_large_file(fs->super);
        ext2fs_update_dynamic_rev(fs);
        ext2fs_mark_super_dirty(fs);
    }
    if (!err)
        ext2_node_sizes(np);
    return err;
}

/* Blocks that the file's map has room for. */
blk64_t ext2_blocks_max(struct node *np)
{
    blk64_t numbers = fs->blocksize / sizeof(uint32_t);

    if (ext2_node_inode(np)->i_flags & EXT4_EXTENTS_FL)
        return 0xffffffff;
    return EXT2_NDIR_BLOCKS + numbers + numbers * numbers +
           numbers * numbers * numbers;
}

/* A file that has grown to END so far is whole, and may be committed. */
static error_t write_so_far(struct node *np, int64_t end)
{
    errcode_t err = end > np->st.st_size ? ext2_put_size(np, end) : 0;

    return err ? fs_error(err) : ext2_inode_write(np);
}

static void write_pause(struct node *np, int64_t end)
{
    if (!write_so_far(np, end))
        ext2_pause();
}

/* What was freed since the last commit could be had. */
static error_t make_room(struct node *np, int64_t end)
{
    error_t err = write_so_far(np, end);

    return err ? err : ext2_sync_for_room();
}

/* In an attempt: whether the map of the blocks from FIRST up to LAST, and of what
 * maps them, can be read without waiting.  One of so many is looked at as one
 * block of the map has numbers. */
errcode_t ext2_probe_map(struct node *np, blk64_t first, blk64_t last)
{
    blk64_t stride = fs->blocksize / sizeof(uint32_t),
            max = ext2_blocks_max(np);
    errcode_t err = 0;
    blk64_t phys;

    if (!attempt_is_on())
        return 0;
    last = last < max ? last : max - 1;
    for (blk64_t block = first; block < last; block += stride) {
        errcode_t one = ext2_map_block(np, block, &phys);
        err = one == DISK_NOT_HERE ? one : err;
    }
    errcode_t one = first <= last ? ext2_map_block(np, last, &phys) : 0;
    return one == DISK_NOT_HERE ? one : err;
}

/* The same of what the disk has in the file's block at OFFSET. */
errcode_t ext2_probe_block(struct node *np, int64_t offset)
{
    blk64_t phys = 0;

    if (!attempt_is_on() || offset >= np->st.st_size)
        return 0;
    errcode_t err = ext2_map_block(np, offset / fs->blocksize, &phys);
    return err || !phys ? err : disk_probe(phys * fs->blocksize, fs->blocksize);
}

static errcode_t write_probe(struct node *np, int64_t offset, size_t size)
{
    int64_t last = offset + (int64_t)size - 1, block = fs->blocksize;
    errcode_t err = ext2_probe_map(np, offset / block, last / block);

    if (!err && offset % block)
        err = ext2_probe_block(np, offset);
    if (!err && (last + 1) % block)
        err = ext2_probe_block(np, last);
    return err == DISK_NOT_HERE ? err : disk_commit();
}

error_t ext2_write(struct node *np, int64_t offset, const char *data,
                   size_t size, size_t *amount)
{
    return ext2_write_within(np, offset, data, size, amount, TRUE);
}

error_t ext2_write_within(struct node *np, int64_t offset, const char *data,
                          size_t size, size_t *amount, boolean_t may_wait)
{
    size_t block_size = fs->blocksize;
    blk64_t last = 0;
    errcode_t err = write_probe(np, offset, size);

    *amount = 0;
    if (err)
        return fs_error(err);
    while (!err && *amount < size) {
        int64_t at = offset + (int64_t)*amount;
        size_t room = block_size - at % block_size;
        size_t n = size - *amount < room ? size - *amount : room;
        err = at / block_size >= ext2_blocks_max(np)
                  ? EXT2_ET_FILE_TOO_BIG
                  : write_in_block(np, at, data + *amount, n, &last);
        if (err == EXT2_ET_BLOCK_ALLOC_FAIL && may_wait &&
            !make_room(np, *amount ? at : 0))
            err = write_in_block(np, at, data + *amount, n, &last);
        if (!err)
            *amount += n;
        if (!err && may_wait && *amount % PAUSE_BYTES < n)
            write_pause(np, at + n);
    }
    int64_t end = offset + (int64_t)*amount;
    /* What could not be written makes nothing longer. */
    errcode_t sized =
        *amount && end > np->st.st_size ? ext2_put_size(np, end) : 0;
    if (err)
        contents_recount(np);
    ext2_node_sizes(np);
    error_t error = ext2_inode_write(np);
    return err || sized ? fs_error(err ? err : sized) : error;
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
    *length = 0;
    return fs_error(read_steps(np, 0, target, size, length));
}

error_t ext2_write_link(struct node *np, const char *target, size_t length)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    size_t amount;

    if (length >= fs->blocksize)
        return HURD_ENAMETOOLONG;
    error_t err = fs_error(disk_commit());
    if (err)
        return err;
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
    ext2_node_sizes(np);
    return ext2_inode_write(np);
}

error_t ext2_set_translator(struct node *np, const char *argz, size_t length)
{
    struct ext2_inode *inode = ext2_node_inode(np);
    blk64_t block = inode->osd1.hurd1.h_i_translator;
    errcode_t err = 0;

    if (!has_translator_field())
        return length ? HURD_EOPNOTSUPP : 0;
    err = disk_commit();
    if (err)
        return fs_error(err);
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
        err = ext2_room();
        if (!err)
            err = ext2fs_new_block2(fs, 0, NULL, &block);
        if (!err) {
            ext2fs_block_alloc_stats2(fs, block, +1);
            err = ext2fs_iblk_add_blocks(fs, inode, 1);
            inode->osd1.hurd1.h_i_translator = block;
            ext2_node_sizes(np);
        }
    }
    if (!err)
        err = io_channel_write_blk64(fs->io, block, 1, buffer);
    free(buffer);
    return err ? fs_error(err) : ext2_inode_write(np);
}
