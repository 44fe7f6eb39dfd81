/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/stat.h: file attributes, file system attributes and directory records
 * as they travel, and the bits of a mode.
 */

#ifndef HURD_STAT_H
#define HURD_STAT_H

#include <stdint.h>
#include <time.h>

struct hurd_stat {
    int32_t st_fstype; /* HFS_... */
    uint64_t st_fsid;
    uint64_t st_ino;
    uint32_t st_gen;
    uint64_t st_rdev;
    uint32_t st_mode; /* HS_... */
    uint64_t st_nlink;
    uint32_t st_uid, st_gid;
    int64_t st_size;
    struct timespec st_atim, st_mtim, st_ctim;
    int64_t st_blksize;
    int64_t st_blocks; /* of 512 bytes */
    uint32_t st_author;
    uint32_t st_flags;
    int32_t st_spare[8];
};
typedef struct hurd_stat io_statbuf_t;

struct hurd_statfs {
    uint32_t f_type; /* HFS_... */
    uint64_t f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_fsid;
    uint64_t f_namelen, f_favail, f_frsize, f_flag;
    uint32_t f_spare[3];
};
typedef struct hurd_statfs fsys_statfsbuf_t;

/* A record of dir_readdir; records are padded to 8 bytes. */
struct hurd_dirent {
    uint64_t d_ino;
    uint16_t d_reclen;
    uint8_t d_type; /* HDT_... */
    uint8_t d_namlen;
    char d_name[];
};
#define HURD_DIRENT_SIZE(namlen) ((12u + (namlen) + 1u + 7u) & ~7u)

/* A record of dir_read_at: the name ends with a 0, records are padded to 8
 * bytes.  Linux's getdents64 has the same. */
struct hurd_placed_dirent {
    uint64_t d_ino;
    int64_t d_next; /* where reading goes on behind it */
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};
#define HURD_PLACED_DIRENT_SIZE(namlen) ((19u + (namlen) + 1u + 7u) & ~7u)

/* What stands in procfs's PID/fd are links that only the process itself can
 * follow; procfs shows all that there could be, and its client those that there
 * are.  Their numbers say so, which no disk's do. */
#define HURD_FD_LINKS             1024
#define HURD_FD_LINK_INO(pid, fd) (1ul << 62 | (uint64_t)(pid) << 10 | (fd))
#define HURD_IS_FD_LINK(ino)      ((ino) >> 62 == 1)
#define HURD_FD_LINK_PID(ino)     ((int)((ino) >> 10 & 0x7fffffff))
#define HURD_FD_LINK_FD(ino)      ((int)((ino) & (HURD_FD_LINKS - 1)))

enum {
    HDT_UNKNOWN = 0,
    HDT_FIFO = 1,
    HDT_CHR = 2,
    HDT_DIR = 4,
    HDT_BLK = 6,
    HDT_REG = 8,
    HDT_LNK = 10,
    HDT_SOCK = 12,
};

#define HS_IFMT   0170000u
#define HS_IFIFO  0010000u
#define HS_IFCHR  0020000u
#define HS_IFDIR  0040000u
#define HS_IFBLK  0060000u
#define HS_IFREG  0100000u
#define HS_IFLNK  0120000u
#define HS_IFSOCK 0140000u
#define HS_ISUID  0004000u
#define HS_ISGID  0002000u
#define HS_ISVTX  0001000u
#define HS_IPERM  0000777u
#define HS_IREAD  0400u /* the owner's; shift for group and others */
#define HS_IWRITE 0200u
#define HS_IEXEC  0100u

#define HS_INOCACHE  000000200000u
#define HS_IUSEUNK   000000400000u
#define HS_IUNKSHIFT 12
#define HS_IUNKNOWN  000007000000u
#define HS_IPTRANS   000010000000u /* has a passive translator */
#define HS_IATRANS   000020000000u /* has an active translator */
#define HS_ITRANS    000030000000u
#define HS_IROOT     000040000000u /* is the root of a translator */
#define HS_IMMAP0    000100000000u
/* What file_chmod may not touch. */
#define HS_ISPARE                                                              \
    (~(HS_IFMT | HS_INOCACHE | HS_ITRANS | HS_IROOT | 07777u | HS_IUSEUNK |    \
       HS_IUNKNOWN | HS_IMMAP0))

#define HS_TYPE(m)   ((m)&HS_IFMT)
#define HS_ISDIR(m)  (HS_TYPE(m) == HS_IFDIR)
#define HS_ISREG(m)  (HS_TYPE(m) == HS_IFREG)
#define HS_ISLNK(m)  (HS_TYPE(m) == HS_IFLNK)
#define HS_ISCHR(m)  (HS_TYPE(m) == HS_IFCHR)
#define HS_ISBLK(m)  (HS_TYPE(m) == HS_IFBLK)
#define HS_ISFIFO(m) (HS_TYPE(m) == HS_IFIFO)
#define HS_ISSOCK(m) (HS_TYPE(m) == HS_IFSOCK)

/* st_fstype and f_type */
enum {
    HFS_UFS = 0x00,
    HFS_NFS = 0x01,
    HFS_TERM = 0x0e,
    HFS_DEV = 0x0f,
    HFS_PROC = 0x10,
    HFS_IFSOCK = 0x11,
    HFS_SOCKET = 0x15,
    HFS_MISC = 0x16,
    HFS_EXT2FS = 0x17,
    HFS_MEMFS = 0x19,
    HFS_ISO9660 = 0x1a,
    HFS_PCI = 0x1b,
    HFS_ACPI = 0x1c,
};

/* tv_nsec of file_utimens */
#define HURD_UTIME_NOW  (-1L)
#define HURD_UTIME_OMIT (-2L)

#endif
