/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/fcntl.h: how files are opened and locked, on the wire.
 */

#ifndef HURD_FCNTL_H
#define HURD_FCNTL_H

#define HO_NORW     0x0000
#define HO_READ     0x0001
#define HO_WRITE    0x0002
#define HO_RDWR     0x0003
#define HO_ACCMODE  0x0003
#define HO_EXEC     0x0004
#define HO_NONBLOCK 0x0008
#define HO_CREAT    0x0010
#define HO_EXCL     0x0020
#define HO_NOLINK   0x0040
#define HO_NOTRANS  0x0080
#define HO_APPEND   0x0100
#define HO_ASYNC    0x0200
#define HO_FSYNC    0x0400
#define HO_NOATIME  0x0800
#define HO_SHLOCK   0x00020000
#define HO_EXLOCK   0x00040000

/* These are the C library's; servers never see them. */
#define HO_TRUNC       0x00010000
#define HO_IGNORE_CTTY 0x00080000
#define HO_NOFOLLOW    0x00100000
#define HO_DIRECTORY   0x00200000
#define HO_CLOEXEC     0x00400000
#define HO_TMPFILE     0x00800000
#define HO_HURD        (0xffff | HO_SHLOCK | HO_EXLOCK)

/* What io_set_all_openmodes may change. */
#define HO_SETTABLE (HO_APPEND | HO_ASYNC | HO_FSYNC | HO_NONBLOCK | HO_NOATIME)

/* fcntl's record locks: commands and types. */
#define HF_GETLK64  10
#define HF_SETLK64  11
#define HF_SETLKW64 12
#define HF_RDLCK    1
#define HF_WRLCK    2
#define HF_UNLCK    3

/* file_lock */
#define HLOCK_SH 1
#define HLOCK_EX 2
#define HLOCK_NB 4
#define HLOCK_UN 8

/* mmap, for those who describe it */
#define HPROT_READ  4
#define HPROT_WRITE 2
#define HPROT_EXEC  1

#endif
