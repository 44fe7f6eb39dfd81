/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/mutations.h: how MIG turns ports into diskfs's structures. */

#define FILE_INTRAN         protid_t diskfs_begin_using_protid(file_t)
#define FILE_INTRAN_PAYLOAD protid_t diskfs_begin_using_protid_payload
#define FILE_DESTRUCTOR     diskfs_end_using_protid(protid_t)

#define IO_INTRAN         protid_t diskfs_begin_using_protid(io_t)
#define IO_INTRAN_PAYLOAD protid_t diskfs_begin_using_protid_payload
#define IO_DESTRUCTOR     diskfs_end_using_protid(protid_t)

/* Short answers are copied from memory that is kept. */
#define IO_READ_DEALLOC dealloc[]

#define FSYS_INTRAN         control_t diskfs_begin_using_control(fsys_t)
#define FSYS_INTRAN_PAYLOAD control_t diskfs_begin_using_control_payload
#define FSYS_DESTRUCTOR     diskfs_end_using_control(control_t)

#define FILE_IMPORTS import <diskfs/diskfs.h>;
#define IO_IMPORTS   import <diskfs/diskfs.h>;
#define FSYS_IMPORTS import <diskfs/diskfs.h>;
