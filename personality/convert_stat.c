/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/convert.h"

#include "hurd/hurd_types.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#define EXT2_MAGIC 0xef53

/* Linux programs know nothing of translators' bits. */
#define MODE_LINUX 0177777u

void stat_to_linux(const struct hurd_stat *from, struct stat *to)
{
    *to = (struct stat){.st_dev = from->st_fsid,
                        .st_ino = from->st_ino,
                        .st_nlink = from->st_nlink,
                        .st_mode = from->st_mode & MODE_LINUX,
                        .st_uid = from->st_uid,
                        .st_gid = from->st_gid,
                        .st_rdev = from->st_rdev,
                        .st_size = from->st_size,
                        .st_blksize = from->st_blksize,
                        .st_blocks = from->st_blocks,
                        .st_atim = from->st_atim,
                        .st_mtim = from->st_mtim,
                        .st_ctim = from->st_ctim};
}

static struct statx_timestamp statx_time(struct timespec time)
{
    return (struct statx_timestamp){.tv_sec = time.tv_sec,
                                    .tv_nsec = (uint32_t)time.tv_nsec};
}

static uint32_t device_major(uint64_t device)
{
    return (uint32_t)((device >> 8 & 0xfff) | (device >> 32 & ~0xfffull));
}

static uint32_t device_minor(uint64_t device)
{
    return (uint32_t)((device & 0xff) | (device >> 12 & ~0xffull));
}

void statx_to_linux(const struct hurd_stat *from, struct statx *to)
{
    *to = (struct statx){.stx_mask = STATX_BASIC_STATS,
                         .stx_blksize = (uint32_t)from->st_blksize,
                         .stx_nlink = (uint32_t)from->st_nlink,
                         .stx_uid = from->st_uid,
                         .stx_gid = from->st_gid,
                         .stx_mode = (uint16_t)from->st_mode,
                         .stx_ino = from->st_ino,
                         .stx_size = (uint64_t)from->st_size,
                         .stx_blocks = (uint64_t)from->st_blocks,
                         .stx_atime = statx_time(from->st_atim),
                         .stx_ctime = statx_time(from->st_ctim),
                         .stx_mtime = statx_time(from->st_mtim),
                         .stx_rdev_major = device_major(from->st_rdev),
                         .stx_rdev_minor = device_minor(from->st_rdev),
                         .stx_dev_major = device_major(from->st_fsid),
                         .stx_dev_minor = device_minor(from->st_fsid)};
}

void statfs_to_linux(const struct hurd_statfs *from, struct statfs *to)
{
    *to = (struct statfs){
        .f_type = from->f_type == HFS_EXT2FS ? EXT2_MAGIC : (long)from->f_type,
        .f_bsize = (long)from->f_bsize,
        .f_blocks = from->f_blocks,
        .f_bfree = from->f_bfree,
        .f_bavail = from->f_bavail,
        .f_files = from->f_files,
        .f_ffree = from->f_ffree,
        .f_namelen = (long)from->f_namelen,
        .f_frsize = (long)from->f_frsize};
    memcpy(&to->f_fsid, &from->f_fsid, sizeof to->f_fsid);
}
