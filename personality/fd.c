/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/fd.h"
#include "personality/claims.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/process.h"
#include "hurd/term.h"

#include <fcntl.h>

static struct {
    struct lock lock;
    struct file files[FD_MAX];
    struct file *table[FD_MAX];
    bool cloexec[FD_MAX];
} fds;

static struct file *file_find_free(void)
{
    for (int i = 0; i < FD_MAX; i++) {
        if (!fds.files[i].refs)
            return &fds.files[i];
    }
    return NULL;
}

struct file *file_new(mach_port_t port, int linux_flags)
{
    lock_take(&fds.lock);
    struct file *file = file_find_free();
    if (file)
        *file = (struct file){.refs = 1, .port = port, .flags = linux_flags};
    lock_release(&fds.lock);
    if (!file)
        port_deallocate(port);
    return file;
}

/* The calling thread has a reference more, or less, to give back if it is
 * stopped short (dispatch.c). */
static void file_held(struct file *was, struct file *now)
{
    struct file **held = thread_self()->held;

    for (int i = 0; i < 4; i++) {
        if (held[i] == was) {
            held[i] = now;
            return;
        }
    }
}

struct file *fd_get_any(int fd)
{
    struct file *file = NULL;

    if (fd < 0 || fd >= FD_MAX)
        return NULL;
    lock_take(&fds.lock);
    file = fds.table[fd];
    if (file)
        file->refs++;
    lock_release(&fds.lock);
    if (file)
        file_held(NULL, file);
    return file;
}

struct file *fd_get(int fd)
{
    struct file *file = fd_get_any(fd);

    if (!file || !(file->flags & O_PATH))
        return file;
    file_put(file);
    return NULL;
}

void file_put(struct file *file)
{
    mach_port_t port = MACH_PORT_NULL, ctty = MACH_PORT_NULL;
    mach_port_t claim = MACH_PORT_NULL;

    if (!file)
        return;
    file_held(file, NULL);
    lock_take(&fds.lock);
    if (!--file->refs) {
        port = file->port;
        claim = file->claim;
        ctty = file->ctty;
    }
    lock_release(&fds.lock);
    /* Another thread locked it while this one closed it. */
    if (claim)
        claims_late(port, claim);
    port_deallocate(port);
    port_deallocate(ctty);
}

long fd_install(struct file *file, int lowest, bool cloexec)
{
    long fd = lowest, limit = limit_descriptors();

    lock_take(&fds.lock);
    while (fd < limit && fds.table[fd])
        fd++;
    if (fd < limit) {
        fds.table[fd] = file;
        fds.cloexec[fd] = cloexec;
    }
    lock_release(&fds.lock);
    if (fd < limit) {
        file_held(file, NULL);
        return fd;
    }
    file_put(file);
    return lowest < limit ? -EMFILE : -EINVAL;
}

long fd_open(mach_port_t port, int linux_flags)
{
    struct file *file = file_new(port, linux_flags & ~O_CLOEXEC);

    if (!file)
        return -EMFILE;
    return fd_install(file, 0, linux_flags & O_CLOEXEC);
}

void fd_start(const mach_port_t *ports, unsigned count)
{
    for (unsigned i = 0; i < count && i < FD_MAX; i++) {
        if (!MACH_PORT_VALID(ports[i]))
            continue;
        /* One file for one port: the standard streams are often the same. */
        struct file *file = NULL;
        for (unsigned j = 0; j < i && !file; j++) {
            if (fds.table[j] && fds.table[j]->port == ports[i])
                file = fds.table[j];
        }
        if (file) {
            file->refs++;
            port_deallocate(ports[i]);
        } else {
            file = file_new(ports[i], O_RDWR);
        }
        fds.table[i] = file;
    }
}

/* --- the controlling terminal -------------------------------------------- */

static void file_look_at_tty(struct file *file)
{
    mach_port_t ctty;

    file->tty = FILE_TTY_NO;
    if (!unix_process.cttyid || term_getctty(file->port, &ctty))
        return;
    if (ctty == unix_process.cttyid)
        file->tty = FILE_TTY_OURS;
    port_deallocate(ctty);
}

mach_port_t file_io_port(struct file *file)
{
    mach_port_t ctty, old;
    pid_t pgrp;

    if (file->tty == FILE_TTY_UNKNOWN)
        file_look_at_tty(file);
    if (file->tty != FILE_TTY_OURS)
        return file->port;
    unsigned generation = unix_process.pgrp_generation;
    if (file->ctty && file->ctty_generation == generation)
        return file->ctty;
    if (proc_getpgrp(unix_process.proc, process_pid(), &pgrp) ||
        term_open_ctty(file->port, process_pid(), pgrp, &ctty))
        return file->port;
    lock_take(&fds.lock);
    old = file->ctty;
    file->ctty = ctty;
    file->ctty_generation = generation;
    lock_release(&fds.lock);
    port_deallocate(old);
    return ctty;
}

/* --- fork and exec ------------------------------------------------------- */

void fd_each_file(void (*fun)(struct file *file, void *arg), void *arg)
{
    lock_take(&fds.lock);
    for (int i = 0; i < FD_MAX; i++) {
        if (fds.files[i].refs)
            fun(&fds.files[i], arg);
    }
    lock_release(&fds.lock);
}

unsigned fd_exec_table(mach_port_t table[FD_MAX])
{
    unsigned count = 0;

    lock_take(&fds.lock);
    for (unsigned i = 0; i < FD_MAX; i++) {
        bool kept = fds.table[i] && !fds.cloexec[i];
        table[i] = kept ? fds.table[i]->port : MACH_PORT_NULL;
        if (kept)
            count = i + 1;
    }
    lock_release(&fds.lock);
    return count;
}

void fd_forked(void)
{
    fds.lock = (struct lock){0};
    for (int i = 0; i < FD_MAX; i++) {
        struct file *file = &fds.files[i];
        /* Other threads' references are not ours. */
        file->refs = 0;
        file->ctty = MACH_PORT_NULL;
        file->claim = MACH_PORT_NULL;
    }
    for (int i = 0; i < FD_MAX; i++) {
        if (fds.table[i])
            fds.table[i]->refs++;
    }
}

/* --- system calls -------------------------------------------------------- */

/* FILE has lost a descriptor, whose reference is consumed. */
static void fd_closed(struct file *file)
{
    if (file)
        claims_closing(file);
    file_put(file);
}

long fd_close(int fd)
{
    struct file *file = NULL;

    if (fd < 0 || fd >= FD_MAX)
        return -EBADF;
    lock_take(&fds.lock);
    file = fds.table[fd];
    fds.table[fd] = NULL;
    lock_release(&fds.lock);
    if (!file)
        return -EBADF;
    fd_closed(file);
    return 0;
}

long sys_close(struct frame *frame)
{
    return fd_close((int)ARG1(frame));
}

long sys_close_range(struct frame *frame)
{
    uint32_t first = (uint32_t)ARG1(frame), last = (uint32_t)ARG2(frame);

    if (first > last || ARG3(frame) & ~4ul)
        return -EINVAL;
    for (uint32_t fd = first; fd <= last && fd < FD_MAX; fd++) {
        if (ARG3(frame))
            fds.cloexec[fd] = true;
        else
            fd_close((int)fd);
    }
    return 0;
}

long sys_dup(struct frame *frame)
{
    struct file *file = fd_get_any((int)ARG1(frame));

    return file ? fd_install(file, 0, false) : -EBADF;
}

static long fd_dup_to(int from, int to, bool cloexec)
{
    struct file *file, *old;

    if (to < 0 || to >= (int)limit_descriptors())
        return -EBADF;
    file = fd_get_any(from);
    if (!file)
        return -EBADF;
    file_held(file, NULL);
    lock_take(&fds.lock);
    old = fds.table[to];
    fds.table[to] = file;
    fds.cloexec[to] = cloexec;
    lock_release(&fds.lock);
    fd_closed(old);
    return to;
}

long sys_dup2(struct frame *frame)
{
    int from = (int)ARG1(frame), to = (int)ARG2(frame);

    if (from == to) {
        struct file *file = fd_get_any(from);
        file_put(file);
        return file ? to : -EBADF;
    }
    return fd_dup_to(from, to, false);
}

long sys_dup3(struct frame *frame)
{
    if (ARG1(frame) == ARG2(frame) || ARG3(frame) & ~(uint64_t)O_CLOEXEC)
        return -EINVAL;
    return fd_dup_to((int)ARG1(frame), (int)ARG2(frame), ARG3(frame) != 0);
}

long fd_flags(int fd)
{
    long flags = -EBADF;

    if (fd < 0 || fd >= FD_MAX)
        return flags;
    lock_take(&fds.lock);
    if (fds.table[fd])
        flags = fds.cloexec[fd] ? FD_CLOEXEC : 0;
    lock_release(&fds.lock);
    return flags;
}

void fd_set_flags(int fd, long flags)
{
    fds.cloexec[fd] = flags & FD_CLOEXEC;
}
