/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/room.c: the last blocks are for root (s_r_blocks_count), or for
 * whom the superblock names besides. */

#include "ext2fs/private.h"

static boolean_t may_have_the_last(const struct iouser *user)
{
    /* The server itself, in nobody's name. */
    if (!user)
        return TRUE;
    return idvec_contains(user->uids, 0) ||
           idvec_contains(user->uids, fs->super->s_def_resuid) ||
           (fs->super->s_def_resgid &&
            idvec_contains(user->gids, fs->super->s_def_resgid));
}

errcode_t ext2_room(void)
{
    if (ext2fs_free_blocks_count(fs->super) >
            ext2fs_r_blocks_count(fs->super) ||
        may_have_the_last(diskfs_user))
        return 0;
    return EXT2_ET_BLOCK_ALLOC_FAIL;
}
