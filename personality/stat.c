/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/stat.c: what files are like. */
#include "personality/convert.h"
#include "personality/fd.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/ownfd.h"
#include "personality/syscalls.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

/* A port for what a call of the at family names; the caller's own. */
static kern_return_t at_open(int dir, const char *name, int flags,
                             int open_flags, mach_port_t *port)
{
    if (flags & AT_SYMLINK_NOFOLLOW)
        open_flags |= HO_NOLINK;
    if (*name || !(flags & AT_EMPTY_PATH))
        return lookup(dir, name, open_flags, 0, port);
    if (dir == AT_FDCWD)
        return lookup(dir, ".", open_flags, 0, port);
    struct file *file = fd_get_any(dir);
    if (!file)
        return HURD_EBADF;
    *port = file->port;
    kern_return_t kr =
        mach_port_mod_refs(mach_task_self(), *port, MACH_PORT_RIGHT_SEND, 1);
    file_put(file);
    return kr;
}

/* A server that is no file is shown as the node that it sits on. */
static bool stat_is_refused(kern_return_t kr)
{
    return kr == MIG_BAD_ID || kr == HURD_EOPNOTSUPP;
}

static long at_stat(int dir, const char *name, int flags, io_statbuf_t *st)
{
    mach_port_t port;
    kern_return_t kr = at_open(dir, name, flags, 0, &port);

    /* Half of a magical name (/dev/fd) is nothing but its node. */
    if (kr == HURD_EGRATUITOUS)
        kr = at_open(dir, name, flags, HO_NOTRANS, &port);
    if (kr)
        return linux_error(kr);
    kr = io_stat(port, st);
    port_deallocate(port);
    if (stat_is_refused(kr) && !at_open(dir, name, flags, HO_NOTRANS, &port)) {
        kr = io_stat(port, st);
        port_deallocate(port);
    }
    if (!kr)
        kr = ownfd_stat(st);
    return linux_error(kr);
}

static long fd_stat(int fd, io_statbuf_t *st)
{
    struct file *file = fd_get_any(fd);

    if (!file)
        return -EBADF;
    kern_return_t kr = io_stat(file->port, st);
    if (kr == MIG_BAD_ID) { /* a Mach device */
        *st = (io_statbuf_t){.st_mode = HS_IFCHR | 0600, .st_blksize = 512};
        kr = 0;
    }
    file_put(file);
    if (!kr)
        kr = ownfd_stat(st);
    return linux_error(kr);
}

#define STAT_FLAGS                                                             \
    (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)
#define CHANGE_FLAGS (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)

static long stat_call(int dir, const char *name, int flags, struct stat *to)
{
    io_statbuf_t st;

    if (flags & ~STAT_FLAGS)
        return -EINVAL;
    long error = !*name && flags & AT_EMPTY_PATH && dir != AT_FDCWD
                     ? fd_stat(dir, &st)
                     : at_stat(dir, name, flags, &st);

    if (!error)
        stat_to_linux(&st, to);
    return error;
}

long sys_stat(struct frame *frame)
{
    return stat_call(AT_FDCWD, (const char *)ARG1(frame), 0,
                     (struct stat *)ARG2(frame));
}

long sys_lstat(struct frame *frame)
{
    return stat_call(AT_FDCWD, (const char *)ARG1(frame), AT_SYMLINK_NOFOLLOW,
                     (struct stat *)ARG2(frame));
}

long sys_fstat(struct frame *frame)
{
    return stat_call((int)ARG1(frame), "", AT_EMPTY_PATH,
                     (struct stat *)ARG2(frame));
}

#define STAT_FLAGS                                                             \
    (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)

long sys_newfstatat(struct frame *frame)
{
    if ((int)ARG4(frame) & ~STAT_FLAGS)
        return -EINVAL;
    return stat_call((int)ARG1(frame), (const char *)ARG2(frame),
                     (int)ARG4(frame), (struct stat *)ARG3(frame));
}

long sys_statx(struct frame *frame)
{
    int dir = (int)ARG1(frame), flags = (int)ARG3(frame);
    const char *name = (const char *)ARG2(frame);
    io_statbuf_t st;

    if (flags & ~STAT_FLAGS ||
        (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
        ARG4(frame) & STATX__RESERVED)
        return -EINVAL;
    long error = !*name && flags & AT_EMPTY_PATH && dir != AT_FDCWD
                     ? fd_stat(dir, &st)
                     : at_stat(dir, name, flags, &st);

    if (!error)
        statx_to_linux(&st, (struct statx *)ARG5(frame));
    return error;
}

/* --- access -------------------------------------------------------------- */

/* By the effective ids, which are the real ones too save in programs that
 * changed one of them. */
static long access_call(int dir, const char *name, int mode, int flags)
{
    mach_port_t port;
    int allowed = 0;
    kern_return_t kr;

    if (mode & ~(R_OK | W_OK | X_OK) || flags & ~(CHANGE_FLAGS | AT_EACCESS))
        return -EINVAL;
    kr = at_open(dir, name, flags, 0, &port);
    if (kr)
        return linux_error(kr);
    io_statbuf_t st;
    if (flags & AT_SYMLINK_NOFOLLOW && !(kr = io_stat(port, &st)))
        kr = ownfd_stat(&st);
    if (!kr && mode)
        kr = file_check_access(port, &allowed);
    port_deallocate(port);
    if (kr)
        return linux_error(kr);
    int wanted = (mode & R_OK ? HO_READ : 0) | (mode & W_OK ? HO_WRITE : 0) |
                 (mode & X_OK ? HO_EXEC : 0);
    return wanted & ~allowed ? -EACCES : 0;
}

long sys_access(struct frame *frame)
{
    return access_call(AT_FDCWD, (const char *)ARG1(frame), (int)ARG2(frame),
                       0);
}

long sys_faccessat(struct frame *frame)
{
    return access_call((int)ARG1(frame), (const char *)ARG2(frame),
                       (int)ARG3(frame), 0);
}

long sys_faccessat2(struct frame *frame)
{
    if ((int)ARG4(frame) & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return access_call((int)ARG1(frame), (const char *)ARG2(frame),
                       (int)ARG3(frame), (int)ARG4(frame));
}

/* --- changing ------------------------------------------------------------ */

static long change_mode(int dir, const char *name, uint32_t mode, int flags)
{
    mach_port_t port;
    kern_return_t kr = at_open(dir, name, flags, 0, &port);

    if (!kr) {
        kr = file_chmod(port, mode & 07777);
        port_deallocate(port);
    }
    return linux_error(kr);
}

long sys_chmod(struct frame *frame)
{
    return change_mode(AT_FDCWD, (const char *)ARG1(frame),
                       (uint32_t)ARG2(frame), 0);
}

/* What was opened as a name only cannot be changed by its descriptor. */
static bool fd_is_whole(int fd)
{
    struct file *file = fd_get(fd);

    file_put(file);
    return file;
}

long sys_fchmod(struct frame *frame)
{
    if (!fd_is_whole((int)ARG1(frame)))
        return -EBADF;
    return change_mode((int)ARG1(frame), "", (uint32_t)ARG2(frame),
                       AT_EMPTY_PATH);
}

long sys_fchmodat(struct frame *frame)
{
    return change_mode((int)ARG1(frame), (const char *)ARG2(frame),
                       (uint32_t)ARG3(frame), 0);
}

static long change_owner(int dir, const char *name, uint32_t user,
                         uint32_t group, int flags)
{
    mach_port_t port;

    if (flags & ~CHANGE_FLAGS)
        return -EINVAL;
    kern_return_t kr = at_open(dir, name, flags, 0, &port);
    if (!kr) {
        kr = file_chown(port, user, group);
        port_deallocate(port);
    }
    return linux_error(kr);
}

long sys_chown(struct frame *frame)
{
    return change_owner(AT_FDCWD, (const char *)ARG1(frame),
                        (uint32_t)ARG2(frame), (uint32_t)ARG3(frame), 0);
}

long sys_lchown(struct frame *frame)
{
    return change_owner(AT_FDCWD, (const char *)ARG1(frame),
                        (uint32_t)ARG2(frame), (uint32_t)ARG3(frame),
                        AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(struct frame *frame)
{
    if (!fd_is_whole((int)ARG1(frame)))
        return -EBADF;
    return change_owner((int)ARG1(frame), "", (uint32_t)ARG2(frame),
                        (uint32_t)ARG3(frame), AT_EMPTY_PATH);
}

long sys_fchownat(struct frame *frame)
{
    if ((int)ARG5(frame) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change_owner((int)ARG1(frame), (const char *)ARG2(frame),
                        (uint32_t)ARG3(frame), (uint32_t)ARG4(frame),
                        (int)ARG5(frame));
}

/* The wire's marks for "now" and "leave it" are -1 and -2. */
static struct timespec time_to_hurd(struct timespec time)
{
    if (time.tv_nsec == UTIME_NOW)
        time.tv_nsec = -1;
    else if (time.tv_nsec == UTIME_OMIT)
        time.tv_nsec = -2;
    return time;
}

static long change_times(int dir, const char *name,
                         const struct timespec *times, int flags)
{
    struct timespec now = {.tv_nsec = UTIME_NOW};
    mach_port_t port;

    if (flags & ~CHANGE_FLAGS)
        return -EINVAL;
    kern_return_t kr = at_open(dir, name ? name : "",
                               name ? flags : flags | AT_EMPTY_PATH, 0, &port);

    if (!kr) {
        kr = file_utimens(port, time_to_hurd(times ? times[0] : now),
                          time_to_hurd(times ? times[1] : now));
        port_deallocate(port);
    }
    return linux_error(kr);
}

long sys_utimensat(struct frame *frame)
{
    if ((int)ARG4(frame) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change_times((int)ARG1(frame), (const char *)ARG2(frame),
                        (const struct timespec *)ARG3(frame), (int)ARG4(frame));
}

long sys_utimes(struct frame *frame)
{
    const struct timeval *from = (const struct timeval *)ARG2(frame);
    struct timespec times[2];

    for (int i = 0; from && i < 2; i++)
        times[i] = (struct timespec){from[i].tv_sec, from[i].tv_usec * 1000};
    return change_times(AT_FDCWD, (const char *)ARG1(frame),
                        from ? times : NULL, 0);
}

long sys_utime(struct frame *frame)
{
    const int64_t *from = (const int64_t *)ARG2(frame);
    struct timespec times[2];

    for (int i = 0; from && i < 2; i++)
        times[i] = (struct timespec){from[i], 0};
    return change_times(AT_FDCWD, (const char *)ARG1(frame),
                        from ? times : NULL, 0);
}

/* --- file systems -------------------------------------------------------- */

static long statfs_call(int dir, const char *name, int flags, struct statfs *to)
{
    fsys_statfsbuf_t st;
    mach_port_t port;
    kern_return_t kr = at_open(dir, name, flags, 0, &port);

    if (!kr) {
        kr = file_statfs(port, &st);
        port_deallocate(port);
    }
    if (!kr)
        statfs_to_linux(&st, to);
    return linux_error(kr);
}

long sys_statfs(struct frame *frame)
{
    return statfs_call(AT_FDCWD, (const char *)ARG1(frame), 0,
                       (struct statfs *)ARG2(frame));
}

long sys_fstatfs(struct frame *frame)
{
    return statfs_call((int)ARG1(frame), "", AT_EMPTY_PATH,
                       (struct statfs *)ARG2(frame));
}
