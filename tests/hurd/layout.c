/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/hurd/layout.c: the structures and numbers of the wire, checked by the
 * compiler. */

#include <hurd/fcntl.h>
#include <hurd/hurd_types.h>
#include <hurd/signal.h>
#include <hurd/startup_info.h>
#include <hurd/termios.h>

#define SIZE(type, size)                                                       \
    _Static_assert(sizeof(type) == (size), "size of " #type)
#define AT(type, member, offset)                                               \
    _Static_assert(offsetof(type, member) == (offset),                         \
                   "offset of " #member " in " #type)
#define IS(name, value) _Static_assert((name) == (value), #name)

SIZE(struct hurd_stat, 176);
AT(struct hurd_stat, st_fstype, 0);
AT(struct hurd_stat, st_fsid, 8);
AT(struct hurd_stat, st_ino, 16);
AT(struct hurd_stat, st_gen, 24);
AT(struct hurd_stat, st_rdev, 32);
AT(struct hurd_stat, st_mode, 40);
AT(struct hurd_stat, st_nlink, 48);
AT(struct hurd_stat, st_uid, 56);
AT(struct hurd_stat, st_gid, 60);
AT(struct hurd_stat, st_size, 64);
AT(struct hurd_stat, st_atim, 72);
AT(struct hurd_stat, st_mtim, 88);
AT(struct hurd_stat, st_ctim, 104);
AT(struct hurd_stat, st_blksize, 120);
AT(struct hurd_stat, st_blocks, 128);
AT(struct hurd_stat, st_author, 136);
AT(struct hurd_stat, st_flags, 140);
AT(struct hurd_stat, st_spare, 144);

SIZE(struct hurd_statfs, 112);
AT(struct hurd_statfs, f_bsize, 8);
AT(struct hurd_statfs, f_blocks, 16);
AT(struct hurd_statfs, f_bfree, 24);
AT(struct hurd_statfs, f_bavail, 32);
AT(struct hurd_statfs, f_files, 40);
AT(struct hurd_statfs, f_ffree, 48);
AT(struct hurd_statfs, f_fsid, 56);
AT(struct hurd_statfs, f_namelen, 64);
AT(struct hurd_statfs, f_favail, 72);
AT(struct hurd_statfs, f_frsize, 80);
AT(struct hurd_statfs, f_flag, 88);
AT(struct hurd_statfs, f_spare, 96);

AT(struct hurd_dirent, d_reclen, 8);
AT(struct hurd_dirent, d_type, 10);
AT(struct hurd_dirent, d_namlen, 11);
AT(struct hurd_dirent, d_name, 12);
IS(HURD_DIRENT_SIZE(1), 16);
IS(HURD_DIRENT_SIZE(4), 24);

SIZE(struct hurd_flock, 32);
AT(struct hurd_flock, l_start, 8);
AT(struct hurd_flock, l_len, 16);
AT(struct hurd_flock, l_pid, 24);
SIZE(struct hurd_rusage, 144);
SIZE(struct hurd_utsname, 5120);
SIZE(struct hurd_winsize, 8);
SIZE(struct timespec, 16);
SIZE(modes_t, 16);
SIZE(ccs_t, 20);
SIZE(struct hurd_startup_info, 96);

IS(HURD_EPERM, 0x40000001);
IS(HURD_EAGAIN, 0x40000023);
IS(HURD_EOPNOTSUPP, 0x4000002d);
IS(HURD_ELOOP, 0x4000003e);
IS(HURD_ENOSYS, 0x4000004e);
IS(HURD_EIEIO, 0x40000068);
IS(HO_READ, 1);
IS(HO_NOTRANS, 0x80);
IS(HO_CREAT, 0x10);
IS(HSIGKILL, 9);
IS(HSIGSYS, 12);
IS(HSIGCHLD, 20);
IS(HSIGWINCH, 28);
IS(HSIGLOST, 32);
IS(INIT_PORT_BOOTSTRAP, 5);
IS(INIT_TRACEMASK, 4);
IS(HT_VSTATUS, 18);
IS(HT_ICANON, 0x100u);
