/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/procfs/procfs.h: the processes as files, in Linux's way.
 *
 * A read-only format of lib/diskfs without a disk: an inode number says which
 * process and which file, the contents are made when a file is opened.
 */

#ifndef PROCFS_PROCFS_H
#define PROCFS_PROCFS_H

#include <diskfs/diskfs.h>

#define INO_ROOT  2
#define INO_FILES 16 /* a process's inodes begin at (pid + 1) * INO_FILES */
#define INO_FD    15 /* the last of them: its descriptors' directory */

/* Text being made: grows as needed. */
struct text {
    char *data; /* malloced */
    size_t size, room;
    boolean_t failed;
};
void text_add(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const char *data, size_t size);

/* A file in the root or in a process's directory. */
struct proc_file {
    const char *name;
    error_t (*make)(pid_t pid, struct text *text);
};
extern const struct proc_file root_files[], process_files[];

/* The pids there are: malloced. */
error_t processes(pid_t **pids, unsigned *count);
/* Whether PID is one, and whose it is. */
error_t process_owner(pid_t pid, uid_t *owner);

extern process_t proc_server; /* send right */

#endif
