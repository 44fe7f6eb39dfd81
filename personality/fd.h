/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/fd.h: file descriptors.
 *
 * A descriptor names a struct file, which dup shares: a port, and what Linux
 * keeps with an open file but the Hurd's servers do not.  All functions may be
 * called by any thread; those that drop a file may send a message.
 */
#ifndef PERSONALITY_FD_H
#define PERSONALITY_FD_H

#include "personality/lock.h"

#include <mach/port.h>
#include <stdbool.h>
#include <stdint.h>

#define FD_MAX 1024

enum file_tty { FILE_TTY_UNKNOWN, FILE_TTY_NO, FILE_TTY_OURS };

struct file {
    unsigned refs;    /* 0: free */
    mach_port_t port; /* send right */
    mach_port_t ctty; /* send right: the port as our terminal, or null */
    unsigned ctty_generation; /* unix_process.pgrp_generation then */
    unsigned char tty;        /* enum file_tty */
    bool device;              /* a Mach device, not a file */
    int flags;                /* Linux's, as opened */
    uint64_t position;        /* of a directory: its next entry */
    /* claims.c */
    mach_port_t claim; /* send right, or null */
    bool identified;
    uint64_t dev, ino; /* if so */
};

/* Takes over the start-up descriptors; rights are consumed. */
void fd_start(const mach_port_t *ports, unsigned count);

/* The file of FD with a reference more, or NULL.  The first passes by what was
 * opened with O_PATH, which is no more than a name. */
struct file *fd_get(int fd);
struct file *fd_get_any(int fd);
void file_put(struct file *file);

/* A file with one reference; consumes PORT, also if it fails (NULL: too many
 * files). */
struct file *file_new(mach_port_t port, int linux_flags);

/* Gives FILE (its reference is consumed, also on failure) the lowest free
 * descriptor from LOWEST on.  Returns it, or -EMFILE or -EINVAL. */
long fd_install(struct file *file, int lowest, bool cloexec);
/* file_new and fd_install. */
long fd_open(mach_port_t port, int linux_flags);

/* The port to call for FD's file: the one that knows us as a process of its
 * terminal, if it is our controlling terminal. Borrowed from FILE. */
mach_port_t file_io_port(struct file *file);

/* file.c: at the file's own position if OFFSET is -1. */
long file_read(struct file *file, char *to, uint64_t size, int64_t offset);
long file_write(struct file *file, const char *from, uint64_t size,
                int64_t offset);

/* Runs FUN for each open file (once) or descriptor; the table is locked. */
void fd_each_file(void (*fun)(struct file *file, void *arg), void *arg);
/* Fills TABLE with the ports that survive exec (null: none) and returns how
 * long it is. */
unsigned fd_exec_table(mach_port_t table[FD_MAX]);
long fd_close(int fd);
/* system.c: how many descriptors there may be. */
unsigned limit_descriptors(void);
uint64_t limit_data(void);
/* FD_CLOEXEC or 0, or -EBADF; FD must be open for the second. */
long fd_flags(int fd);
void fd_set_flags(int fd, long flags);
/* In a forked child. */
void fd_forked(void);
/* socket.c: the same; and the local sockets' server, or null. */
void socket_forked(void);
mach_port_t socket_port(void);

#endif
