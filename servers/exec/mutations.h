/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/mutations.h: how MIG turns ports into exec's structures. */

#define EXEC_STARTUP_INTRAN         bootinfo_t begin_using_bootinfo(exec_startup_t)
#define EXEC_STARTUP_INTRAN_PAYLOAD bootinfo_t begin_using_bootinfo_payload
#define EXEC_STARTUP_DESTRUCTOR     end_using_bootinfo(bootinfo_t)
#define EXEC_STARTUP_IMPORTS        import <exec/exec.h>;

#define FILE_INTRAN         trivfs_protid_t trivfs_begin_using_protid(file_t)
#define FILE_INTRAN_PAYLOAD trivfs_protid_t trivfs_begin_using_protid_payload
#define FILE_DESTRUCTOR     trivfs_end_using_protid(trivfs_protid_t)
#define EXEC_IMPORTS        import <trivfs/trivfs.h>;
