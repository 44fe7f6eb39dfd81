/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/reserve.c: room for what is going to be stored by mapping. */

#include <stdlib.h>

#include "ext2fs/private.h"

/* Whether block INDEX of the file has a block of the disk. */
static error_t block_is_there(struct node *np, blk64_t index, boolean_t *there)
{
    blk64_t phys = 0;
    errcode_t err = ext2_map_block(np, index, &phys);

    *there = phys != 0;
    return fs_error(err);
}

/* Zeros, up to the end of the file at most. */
static error_t block_fill(struct node *np, blk64_t index)
{
    int64_t start = (int64_t)index * fs->blocksize;
    int64_t left = np->st.st_size - start;
    size_t amount, size = left < fs->blocksize ? left : fs->blocksize;
    char *zeros = calloc(1, fs->blocksize);

    if (!zeros)
        return HURD_ENOMEM;
    error_t err = ext2_write_within(np, start, zeros, size, &amount, FALSE);
    free(zeros);
    return err;
}

/* As far as there is room; all of it is looked at anew if the lock was let go. */
static error_t reserve(struct node *np, int64_t offset, size_t *size)
{
    int64_t wanted = offset + (int64_t)*size, page = offset + vm_page_size;
    int64_t end = np->st.st_size < wanted ? np->st.st_size : wanted;
    blk64_t index = offset / fs->blocksize;
    error_t err = fs_error(ext2_probe_map(np, index, wanted / fs->blocksize));

    while (!err && (int64_t)index * fs->blocksize < end) {
        boolean_t there;
        err = block_is_there(np, index, &there);
        if (!err && !there) {
            if ((int64_t)index * fs->blocksize >= page)
                break;
            err = block_fill(np, index);
        }
        index++;
    }
    int64_t reached = (int64_t)index * fs->blocksize;
    if (reached < end)
        *size = MACH_PAGE_TRUNC(reached) - offset;
    return err;
}

error_t ext2_reserve(struct node *np, int64_t offset, size_t *size)
{
    size_t wanted = *size;
    error_t err = reserve(np, offset, size);

    if (err != HURD_ENOSPC || ext2_sync_for_room())
        return err;
    *size = wanted;
    return reserve(np, offset, size);
}
