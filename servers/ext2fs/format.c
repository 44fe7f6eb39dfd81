/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/format.c: inodes. */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ext2fs/attempt.h"
#include "ext2fs/io.h"
#include "ext2fs/private.h"

error_t fs_error(errcode_t err)
{
    switch (err) {
    case 0:
        return 0;
    case EXT2_ET_FILE_NOT_FOUND:
        return HURD_ENOENT;
    case EXT2_ET_NO_DIRECTORY:
        return HURD_ENOTDIR;
    case EXT2_ET_DIR_EXISTS:
    case EXT2_ET_FILE_EXISTS:
        return HURD_EEXIST;
    case EXT2_ET_BLOCK_ALLOC_FAIL:
    case EXT2_ET_INODE_ALLOC_FAIL:
    case EXT2_ET_DIR_NO_SPACE:
        return HURD_ENOSPC;
    case EXT2_ET_NO_MEMORY:
    case ENOMEM:
        return HURD_ENOMEM;
    case EXT2_ET_RO_FILSYS:
        return HURD_EROFS;
    case EXT2_ET_FILE_TOO_BIG:
        return HURD_EFBIG;
    case DISK_NOT_HERE:
        return DISKFS_NOT_HERE;
    default:
        return HURD_EIO;
    }
}

struct ext2_inode *ext2_node_inode(struct node *np)
{
    return (struct ext2_inode *)&ext2_node(np)->inode;
}

static boolean_t is_hurd(void)
{
    return fs->super->s_creator_os == EXT2_OS_HURD;
}

/* Whether the inode's extra part reaches behind FIELD. */
#define HAS_EXTRA(inode, field)                                                \
    (EXT2_INODE_SIZE(fs->super) > EXT2_GOOD_OLD_INODE_SIZE &&                  \
     (size_t)EXT2_GOOD_OLD_INODE_SIZE + (inode)->i_extra_isize >=              \
         offsetof(struct ext2_inode_large, field) + sizeof(inode)->field)

/* The extra word has nanoseconds above two more bits of the seconds. */
static struct timespec inode_time(uint32_t seconds, uint32_t extra)
{
    return (struct timespec){.tv_sec = (int32_t)seconds +
                                       ((int64_t)(extra & 3) << 32),
                             .tv_nsec = extra >> 2};
}

static uint32_t time_extra(struct timespec time)
{
    return (uint32_t)time.tv_nsec << 2 |
           ((time.tv_sec - (int32_t)time.tv_sec) >> 32 & 3);
}

#define GET_TIME(inode, time)                                                  \
    inode_time((inode)->i_##time, HAS_EXTRA(inode, i_##time##_extra)           \
                                      ? (inode)->i_##time##_extra              \
                                      : 0)
#define SET_TIME(inode, time, value)                                           \
    do {                                                                       \
        (inode)->i_##time = (value).tv_sec;                                    \
        if (HAS_EXTRA(inode, i_##time##_extra))                                \
            (inode)->i_##time##_extra = time_extra(value);                     \
    } while (0)

/* A directory of so many that they are not counted has one link on the disk,
 * and here more than it may get. */
#define MANY_LINKS 0x8000u

void ext2_node_sizes(struct node *np)
{
    struct ext2_inode *inode = ext2_node_inode(np);

    np->st.st_size = EXT2_I_SIZE(inode);
    np->st.st_blocks = ext2fs_get_stat_i_blocks(fs, inode);
}

static void inode_to_stat(const struct ext2_inode_large *inode,
                          struct hurd_stat *st)
{
    st->st_mode = inode->i_mode;
    st->st_uid = inode_uid(*inode);
    st->st_gid = inode_gid(*inode);
    st->st_author = st->st_uid;
    if (is_hurd()) {
        st->st_mode |= (uint32_t)inode->osd2.hurd2.h_i_mode_high << 16;
        if (inode->osd2.hurd2.h_i_author != ~0u)
            st->st_author = inode->osd2.hurd2.h_i_author;
    }
    st->st_nlink = inode->i_links_count;
    if (HS_ISDIR(st->st_mode) && st->st_nlink == 1)
        st->st_nlink = 2 * MANY_LINKS;
    st->st_atim = GET_TIME(inode, atime);
    st->st_mtim = GET_TIME(inode, mtime);
    st->st_ctim = GET_TIME(inode, ctime);
    st->st_flags = 0;
    st->st_gen = inode->i_generation;
    st->st_blksize = 65536;
    st->st_rdev = 0;
    if (HS_ISCHR(st->st_mode) || HS_ISBLK(st->st_mode))
        st->st_rdev = inode->i_block[0] ? inode->i_block[0] : inode->i_block[1];
}

static void stat_to_inode(const struct hurd_stat *st,
                          struct ext2_inode_large *inode)
{
    inode->i_mode = st->st_mode & 0xffff;
    inode->i_uid = st->st_uid;
    ext2fs_set_i_uid_high(*inode, st->st_uid >> 16);
    inode->i_gid = st->st_gid;
    ext2fs_set_i_gid_high(*inode, st->st_gid >> 16);
    if (is_hurd()) {
        /* Only what a mode keeps on the disk: not what is true now. */
        inode->osd2.hurd2.h_i_mode_high =
            (st->st_mode & (HS_INOCACHE | HS_IUSEUNK | HS_IUNKNOWN)) >> 16;
        inode->osd2.hurd2.h_i_author = st->st_author;
    }
    inode->i_links_count = st->st_nlink > MANY_LINKS ? 1 : st->st_nlink;
    if (!inode->i_links_count && replaced_is_kept(st->st_ino))
        inode->i_links_count = 1;
    SET_TIME(inode, atime, st->st_atim);
    SET_TIME(inode, mtime, st->st_mtim);
    SET_TIME(inode, ctime, st->st_ctim);
    if (HS_ISCHR(st->st_mode) || HS_ISBLK(st->st_mode)) {
        inode->i_flags &= ~EXT4_EXTENTS_FL;
        memset(inode->i_block, 0, sizeof inode->i_block);
        inode->i_block[0] = st->st_rdev;
    }
}

static errcode_t inode_read(ext2_ino_t ino, struct ext2_inode_large *inode)
{
    return ext2fs_read_inode_full(fs, ino, (struct ext2_inode *)inode,
                                  sizeof *inode);
}

static errcode_t inode_write(ext2_ino_t ino, struct ext2_inode_large *inode)
{
    return ext2fs_write_inode_full(fs, ino, (struct ext2_inode *)inode,
                                   sizeof *inode);
}

errcode_t ext2_inode_put(struct ext2_node *node)
{
    return inode_write(node->ino, &node->inode);
}

/* May be done again, and nobody who asks for it reckons that it is not done at
 * all: it waits for the disk if it must. */
error_t ext2_inode_write(struct node *np)
{
    struct attempt before = attempt_pause();

    stat_to_inode(&np->st, &ext2_node(np)->inode);
    orphan_update(np, FALSE);
    error_t err = fs_error(ext2_inode_put(ext2_node(np)));
    attempt_resume(&before);
    return err;
}

/* Whether the inode's place on the disk can be written without waiting. */
static errcode_t inode_probe(ext2_ino_t ino)
{
    blk64_t table = ext2fs_inode_table_loc(fs, ext2fs_group_of_ino(fs, ino));
    uint64_t at = (uint64_t)((ino - 1) % fs->super->s_inodes_per_group) *
                  EXT2_INODE_SIZE(fs->super);

    return disk_probe(table * fs->blocksize + at, EXT2_INODE_SIZE(fs->super));
}

error_t ext2_node_load(struct node *np)
{
    struct ext2_node *node = calloc(1, sizeof *node);
    error_t err = node ? 0 : HURD_ENOMEM;

    if (!err && (np->ino < 1 || np->ino > fs->super->s_inodes_count))
        err = HURD_EIO;
    if (!err)
        err = fs_error(inode_read(np->ino, &node->inode));
    if (!err && !node->inode.i_mode)
        err = HURD_ENOENT;
    if (err) {
        free(node);
        return err;
    }
    node->ino = np->ino;
    np->format = node;
    inode_to_stat(&node->inode, &np->st);
    ext2_node_sizes(np);
    np->st.st_ino = np->ino;
    np->st.st_fsid = (uint64_t)(uint32_t)mach_task_self();
    np->passive = is_hurd() && node->inode.osd1.hurd1.h_i_translator != 0;
    return 0;
}

/* A directory is read whole, and has no holes: no more than what it has on the
 * disk, and the disk has. */
static uint64_t directory_max(struct node *np)
{
    uint64_t whole = ext2fs_blocks_count(fs->super) * (uint64_t)fs->blocksize;
    uint64_t own = (uint64_t)np->st.st_blocks * 512;

    if (ext2_node(np)->inode.i_flags & EXT4_INLINE_DATA_FL)
        return fs->blocksize;
    return own < whole ? own : whole;
}

/* There may be a name for it, and there can be so much of it. */
static boolean_t is_possible(struct node *np)
{
    uint64_t max = HS_ISDIR(np->st.st_mode)
                       ? directory_max(np)
                       : ext2_blocks_max(np) * (uint64_t)fs->blocksize;

    return ext2_node(np)->inode.i_links_count &&
           (uint64_t)np->st.st_size <= max;
}

static error_t read_node(struct node *np)
{
    error_t err = ext2_node_load(np);

    if (err || is_possible(np))
        return err;
    free(np->format);
    np->format = NULL;
    return HURD_EIO;
}

static void drop_node(struct node *np)
{
    if (ext2_node(np)->orphan) { /* it could not be freed */
        fs->super->s_state |= EXT2_ERROR_FS;
        orphan_remove(ext2_node(np));
    }
    free(np->format);
    np->format = NULL;
}

static int first_attribute(char *name, char *value, size_t length, void *first)
{
    *(char **)first = strdup(name);
    return XATTR_ABORT;
}

/* Attributes that are kept in inodes of their own are let go one by one, as
 * those count who has them. */
static errcode_t drop_large_attributes(struct node *np)
{
    struct ext2_xattr_handle *handle;
    errcode_t err = ext2fs_xattrs_open(fs, np->ino, &handle);

    if (err)
        return err;
    err = ext2fs_xattrs_read(handle);
    for (size_t left = ~0ul, now; !err; left = now) {
        char *name = NULL;
        ext2fs_xattrs_iterate(handle, first_attribute, &name);
        err = ext2fs_xattrs_count(handle, &now);
        if (!err && name && now < left)
            err = ext2fs_xattr_remove(handle, name);
        free(name);
        if (!name || now >= left)
            break;
    }
    errcode_t closed = ext2fs_xattrs_close(&handle);
    errcode_t got = inode_read(np->ino, &ext2_node(np)->inode);
    return err ? err : closed ? closed : got;
}

/* The block of attributes, which others may have too. */
static errcode_t drop_attributes(struct node *np)
{
    errcode_t err = 0;

    if (ext2fs_has_feature_ea_inode(fs->super))
        err = drop_large_attributes(np);
    if (!err && ext2fs_file_acl_block(fs, ext2_node_inode(np)))
        err = ext2fs_free_ext_attr(fs, np->ino, &ext2_node(np)->inode);
    return err;
}

/* What stands in memory of one that is not there any more stays as it was. */
static void reread_node(struct node *np)
{
    struct ext2_node *node = ext2_node(np);
    struct ext2_inode_large inode;

    if (inode_read(np->ino, &inode) || !inode.i_mode || !inode.i_links_count)
        return;
    node->inode = inode;
    inode_to_stat(&inode, &np->st);
    ext2_node_sizes(np);
    np->passive = is_hurd() && inode.osd1.hurd1.h_i_translator != 0;
}

/* What is left says only when it was freed: e2fsck takes flags over an empty
 * map of blocks for garbage, and what stands beside it for more. */
error_t ext2_node_free_now(struct node *np)
{
    struct ext2_inode_large *inode = &ext2_node(np)->inode;
    boolean_t dir = HS_ISDIR(np->st.st_mode);
    error_t err = ext2_free_blocks(np);

    if (!err && np->passive)
        err = ext2_set_translator(np, NULL, 0);
    if (!err)
        err = fs_error(drop_attributes(np));
    if (err)
        return err;
    orphan_remove(ext2_node(np));
    *inode = (struct ext2_inode_large){
        .i_dtime = time(NULL),
        .i_generation = inode->i_generation,
        .i_extra_isize = inode->i_extra_isize,
    };
    err = fs_error(inode_write(np->ino, inode));
    ext2fs_inode_alloc_stats2(fs, np->ino, -1, dir);
    ext2_note_inode(np->ino);
    return err;
}

error_t ext2_node_free(struct node *np)
{
    error_t err = fs_error(disk_commit());

    if (err)
        return err;
    if (!replaced_is_kept(np->ino))
        return ext2_node_free_now(np);
    err = ext2_inode_write(np);
    replaced_free_later(np->ino);
    return err;
}

/* --- names, in their order ------------------------------------------------------ */

static error_t enter_name(struct node *dir, const char *name, struct node *np)
{
    io_write_as(DISK_NAMES);
    error_t err = ext2_enter(dir, name, np);
    io_write_as(DISK_METADATA);
    return err;
}

static error_t remove_name(struct node *dir, const char *name)
{
    io_write_as(DISK_NAMES);
    error_t err = ext2_remove(dir, name);
    io_write_as(DISK_METADATA);
    return err;
}

static error_t replace_name(struct node *dir, const char *name, struct node *np)
{
    ino64_t old;
    error_t err = ext2_lookup(dir, name, &old);

    if (!err)
        err = fs_error(disk_commit());
    if (err)
        return err;
    replaced_note(old);
    io_write_as(DISK_NAMES);
    err = ext2_replace(dir, name, np);
    io_write_as(DISK_METADATA);
    return err;
}

/* What is new in a directory belongs to its project, if it says so. */
static void inherit_project(struct node *dir, struct ext2_inode_large *inode)
{
    const struct ext2_inode_large *from = &ext2_node(dir)->inode;

    if (!ext2fs_has_feature_project(fs->super) ||
        !(from->i_flags & EXT4_PROJINHERIT_FL) || !HAS_EXTRA(from, i_projid))
        return;
    inode->i_projid = from->i_projid;
    if (HS_ISDIR(inode->i_mode))
        inode->i_flags |= EXT4_PROJINHERIT_FL;
}

static errcode_t write_new_inode(ext2_ino_t ino, struct ext2_inode_large *inode)
{
    uint32_t now = inode->i_ctime;

    if (EXT2_INODE_SIZE(fs->super) == EXT2_GOOD_OLD_INODE_SIZE)
        return ext2fs_write_new_inode(fs, ino, (struct ext2_inode *)inode);
    inode->i_extra_isize = sizeof *inode - EXT2_GOOD_OLD_INODE_SIZE;
    inode->i_crtime = now;
    /* Also clears what an earlier file left in the rest of it. */
    errcode_t err = ext2fs_write_new_inode(fs, ino, (struct ext2_inode *)inode);
    return err ? err : inode_write(ino, inode);
}

static error_t make_node(struct node *dir, mode_t mode, ino64_t *result)
{
    struct ext2_inode_large inode = {0};
    ext2_ino_t ino;
    errcode_t err = ext2fs_new_inode(fs, dir->ino, mode, NULL, &ino);

    if (!err)
        err = inode_probe(ino);
    if (!err)
        err = disk_commit();
    if (err)
        return fs_error(err);
    inode.i_mode = mode & 0xffff;
    inode.i_links_count = 2; /* until the maker knows better */
    inode.i_generation = (uint32_t)time(NULL);
    inode.i_atime = inode.i_mtime = inode.i_ctime = inode.i_generation;
    inherit_project(dir, &inode);
    if (ext2fs_has_feature_extents(fs->super) &&
        (HS_ISREG(mode) || HS_ISDIR(mode))) {
        ext2_extent_handle_t handle;
        inode.i_flags |= EXT4_EXTENTS_FL;
        err =
            ext2fs_extent_open2(fs, ino, (struct ext2_inode *)&inode, &handle);
        if (!err)
            ext2fs_extent_free(handle);
    }
    if (!err)
        err = write_new_inode(ino, &inode);
    if (!err)
        ext2fs_inode_alloc_stats2(fs, ino, +1, HS_ISDIR(mode));
    ext2_note_inode(ino);
    *result = ino;
    return fs_error(err);
}

/* --- the whole -------------------------------------------------------------------- */

static error_t fs_statfs(struct hurd_statfs *st)
{
    st->f_bsize = st->f_frsize = fs->blocksize;
    st->f_blocks = ext2fs_blocks_count(fs->super);
    st->f_bfree = ext2fs_free_blocks_count(fs->super);
    uint64_t reserved = ext2fs_r_blocks_count(fs->super);
    st->f_bavail = st->f_bfree > reserved ? st->f_bfree - reserved : 0;
    st->f_files = fs->super->s_inodes_count;
    st->f_ffree = st->f_favail = fs->super->s_free_inodes_count;
    st->f_namelen = EXT2_NAME_LEN;
    return 0;
}

struct diskfs_format ext2_format = {
    .name = "ext2fs",
    .fstype = HFS_EXT2FS,
    .root = EXT2_ROOT_INO,
    .keep_nodes = 2048,
    .whole_seconds = TRUE,
    .read_node = read_node,
    .write_node = ext2_inode_write,
    .drop_node = drop_node,
    .reread_node = reread_node,
    .prepare_free = ext2_prepare_free,
    .free_node = ext2_node_free,
    .make_node = make_node,
    .read = ext2_read,
    .probe = ext2_probe,
    .write = ext2_write,
    .set_size = ext2_set_size,
    .reserve = ext2_reserve,
    .lookup = ext2_lookup,
    .check_child = ext2_check_child,
    .walk = ext2_walk,
    .enter = enter_name,
    .remove = remove_name,
    .replace = replace_name,
    .init_dir = ext2_init_dir,
    .set_parent = ext2_set_parent,
    .read_link = ext2_read_link,
    .write_link = ext2_write_link,
    .get_translator = ext2_get_translator,
    .set_translator = ext2_set_translator,
    .statfs = fs_statfs,
    .sync = ext2_sync,
    .set_read_only = ext2_set_read_only,
    .settled = ext2_settled,
    .attempt_begin = attempt_begin,
    .attempt_end = attempt_end,
    .attempt_fetch = attempt_fetch,
};
