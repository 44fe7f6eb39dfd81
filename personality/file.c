/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/file.c: opening, reading and writing. */
#include "personality/bare.h"
#include "personality/convert.h"
#include "personality/fd.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/rpc.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* --- opening ------------------------------------------------------------- */

/* What the Hurd's servers are not told: the C library sees to it. */
static kern_return_t open_check(mach_port_t port, int flags)
{
    io_statbuf_t st;
    kern_return_t kr;

    if (!(flags & O_NOFOLLOW))
        return 0;
    kr = io_stat(port, &st);
    if (kr)
        return kr;
    if (flags & O_DIRECTORY && (st.st_mode & HS_IFMT) != HS_IFDIR)
        return HURD_ENOTDIR;
    if (!(flags & O_PATH) && (st.st_mode & HS_IFMT) == HS_IFLNK)
        return HURD_ELOOP;
    return 0;
}

/* A directory is asked for by a slash behind its name.  Where a link is not to
 * be followed that would do so: there nobody waits for what may be a pipe. */
static kern_return_t directory_open(int dir, const char *name, int flags,
                                    mach_port_t *port)
{
    char path[PATH_BYTES + 1];
    size_t length = strnlen(name, PATH_BYTES);
    int hurd = open_flags_to_hurd(flags);

    if (!length || length == PATH_BYTES)
        return length ? HURD_ENAMETOOLONG : HURD_ENOENT;
    if (flags & O_NOFOLLOW) {
        kern_return_t kr = lookup(dir, name, hurd | HO_NONBLOCK, 0, port);
        if (!kr && !(hurd & HO_NONBLOCK))
            io_clear_some_openmodes(*port, HO_NONBLOCK);
        return kr == HURD_ENXIO ? HURD_ENOTDIR : kr;
    }
    memcpy(path, name, length);
    memcpy(path + length, "/", 2);
    if (length + 1 < PATH_BYTES)
        return lookup(dir, path, hurd, 0, port);
    kern_return_t kr = lookup(dir, name, hurd, 0, port);
    if (!kr)
        kr = lookup_must_be_directory(*port);
    if (kr)
        port_deallocate(*port);
    return kr;
}

static long file_open(int dir, const char *name, int flags, uint32_t mode)
{
    mach_port_t port;
    kern_return_t kr;

    if ((flags & O_TMPFILE) == O_TMPFILE)
        return flags & O_ACCMODE ? -EOPNOTSUPP : -EINVAL;
    if (flags & O_DIRECTORY && flags & O_CREAT && !(flags & O_PATH))
        return -EINVAL;
    if (flags & O_DIRECTORY)
        kr = directory_open(dir, name, flags, &port);
    else
        kr = lookup(dir, name, open_flags_to_hurd(flags), mode & 07777, &port);
    if (kr)
        return linux_error(kr);
    kr = open_check(port, flags);
    if (!kr && flags & O_TRUNC && (flags & O_ACCMODE) != O_RDONLY) {
        kr = file_set_size(port, 0);
        /* Only files can be shortened; others do not mind. */
        if (kr == HURD_EOPNOTSUPP || kr == MIG_BAD_ID || kr == HURD_EINVAL)
            kr = 0;
    }
    if (kr) {
        port_deallocate(port);
        return linux_error(kr);
    }
    return fd_open(port, flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY));
}

long sys_open(struct frame *frame)
{
    return file_open(AT_FDCWD, (const char *)ARG1(frame), (int)ARG2(frame),
                     (uint32_t)ARG3(frame));
}

long sys_openat(struct frame *frame)
{
    return file_open((int)ARG1(frame), (const char *)ARG2(frame),
                     (int)ARG3(frame), (uint32_t)ARG4(frame));
}

long sys_creat(struct frame *frame)
{
    return file_open(AT_FDCWD, (const char *)ARG1(frame),
                     O_WRONLY | O_CREAT | O_TRUNC, (uint32_t)ARG2(frame));
}

/* --- reading ------------------------------------------------------------- */

static kern_return_t port_read(mach_port_t port, char *to, uint64_t size,
                               int64_t offset, uint64_t *got)
{
    data_t data = to;
    mach_msg_type_number_t count = (mach_msg_type_number_t)size;
    kern_return_t kr =
        INTERRUPTIBLE(io_read(port, &data, &count, offset, size));

    *got = 0;
    if (kr)
        return kr;
    if (data != to) {
        memcpy(to, data, count < size ? count : size);
        pages_free(data, count);
    }
    *got = count < size ? count : size;
    return 0;
}

/* A terminal sends those away that are in the background; it is the library's
 * part to stop them.  True: try again. */
static bool file_background(struct file *file, kern_return_t *kr, int sig)
{
    if (*kr != HURD_EBACKGROUND)
        return false;
    *kr = signal_background(sig) ? HURD_EINTR : HURD_EIO;
    return false;
}

static long file_read(struct file *file, char *to, uint64_t size,
                      int64_t offset)
{
    uint64_t got;
    kern_return_t kr;

    if ((file->flags & O_ACCMODE) == O_WRONLY)
        return -EBADF;
    if (size > 0x7ffff000)
        size = 0x7ffff000;
    kr = port_read(file_io_port(file), to, size, offset, &got);
    file_background(file, &kr, SIGTTIN);
    return kr ? linux_error(kr) : (long)got;
}

long sys_read(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    long result = file_read(file, (char *)ARG2(frame), ARG3(frame), -1);
    file_put(file);
    return result;
}

long sys_pread64(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    long result = (int64_t)ARG4(frame) < 0
                      ? -EINVAL
                      : file_read(file, (char *)ARG2(frame), ARG3(frame),
                                  (int64_t)ARG4(frame));
    file_put(file);
    return result;
}

/* --- writing ------------------------------------------------------------- */

static long file_write(struct file *file, const char *from, uint64_t size,
                       int64_t offset)
{
    vm_size_t amount = 0;
    kern_return_t kr;

    if ((file->flags & O_ACCMODE) == O_RDONLY)
        return -EBADF;
    if (size > 0x7ffff000)
        size = 0x7ffff000;
    if (file->device)
        return console_write(from, size);
    kr = INTERRUPTIBLE(io_write(file_io_port(file), from,
                                (mach_msg_type_number_t)size, offset, &amount));
    if (kr == MIG_BAD_ID && offset == -1) {
        /* The console as the first programs get it: the bare device. */
        file->device = true;
        return console_write(from, size);
    }
    file_background(file, &kr, SIGTTOU);
    if (kr == HURD_EPIPE)
        signal_self(SIGPIPE);
    return kr ? linux_error(kr) : (long)amount;
}

long sys_write(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return bare_write((int)ARG1(frame), (const char *)ARG2(frame),
                          ARG3(frame));
    long result = file_write(file, (const char *)ARG2(frame), ARG3(frame), -1);
    file_put(file);
    return result;
}

long sys_pwrite64(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    long result = (int64_t)ARG4(frame) < 0
                      ? -EINVAL
                      : file_write(file, (const char *)ARG2(frame), ARG3(frame),
                                   (int64_t)ARG4(frame));
    file_put(file);
    return result;
}

/* --- vectors ------------------------------------------------------------- */

#define GATHER_SIZE 0x1000

static uint64_t vector_size(const struct iovec *iov, uint64_t count)
{
    uint64_t size = 0;

    for (uint64_t i = 0; i < count; i++)
        size += iov[i].iov_len;
    return size;
}

/* Little is written in one piece, so that it is not mixed with what others
 * write. */
static long vector_write_gathered(struct file *file, const struct iovec *iov,
                                  uint64_t count, int64_t offset)
{
    char piece[GATHER_SIZE];
    uint64_t size = 0;

    for (uint64_t i = 0; i < count; i++) {
        memcpy(piece + size, iov[i].iov_base, iov[i].iov_len);
        size += iov[i].iov_len;
    }
    return file_write(file, piece, size, offset);
}

static long vector_move(struct file *file, const struct iovec *iov,
                        uint64_t count, int64_t offset, bool write)
{
    long total = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (!iov[i].iov_len)
            continue;
        int64_t at = offset < 0 ? -1 : offset + total;
        long n = write ? file_write(file, iov[i].iov_base, iov[i].iov_len, at)
                       : file_read(file, iov[i].iov_base, iov[i].iov_len, at);
        if (n < 0)
            return total ? total : n;
        total += n;
        if ((uint64_t)n < iov[i].iov_len)
            break;
    }
    return total;
}

static long vector_call(struct frame *frame, int64_t offset, bool write)
{
    const struct iovec *iov = (const struct iovec *)ARG2(frame);
    uint64_t count = ARG3(frame);
    struct file *file = fd_get((int)ARG1(frame));
    long result;

    if (count > 1024 || !file) {
        file_put(file);
        if (file || count > 1024)
            return -EINVAL;
        return write ? bare_writev((int)ARG1(frame), iov, count) : -EBADF;
    }
    if (write && count > 1 && vector_size(iov, count) <= GATHER_SIZE)
        result = vector_write_gathered(file, iov, count, offset);
    else
        result = vector_move(file, iov, count, offset, write);
    file_put(file);
    return result;
}

long sys_readv(struct frame *frame)
{
    return vector_call(frame, -1, false);
}

long sys_writev(struct frame *frame)
{
    return vector_call(frame, -1, true);
}

long sys_preadv(struct frame *frame)
{
    return vector_call(frame, (int64_t)ARG4(frame), false);
}

long sys_pwritev(struct frame *frame)
{
    return vector_call(frame, (int64_t)ARG4(frame), true);
}

/* --- the file pointer ---------------------------------------------------- */

long sys_lseek(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));
    int64_t offset = (int64_t)ARG2(frame);
    int whence = (int)ARG3(frame);
    loff_t now = 0;

    if (!file)
        return -EBADF;
    kern_return_t kr = whence > SEEK_END
                           ? HURD_EINVAL
                           : io_seek(file->port, offset, whence, &now);
    /* A directory's position is an entry's number, kept here. */
    if (!kr && whence == SEEK_SET)
        file->position = (uint64_t)offset;
    file_put(file);
    return kr == MIG_BAD_ID ? -ESPIPE : kr ? linux_error(kr) : now;
}

long sys_fsync(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    long result =
        linux_error(file_sync(file->port, 1, frame->number == SYS_fdatasync));
    file_put(file);
    return result;
}

long sys_fdatasync(struct frame *frame)
{
    return sys_fsync(frame);
}

long sys_sync(struct frame *frame)
{
    (void)frame;
    file_syncfs(unix_process.crdir, 1, 1);
    return 0;
}

long sys_syncfs(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    long result = linux_error(file_syncfs(file->port, 1, 0));
    file_put(file);
    return result;
}

long sys_truncate(struct frame *frame)
{
    mach_port_t port;
    kern_return_t kr =
        lookup(AT_FDCWD, (const char *)ARG1(frame), HO_WRITE, 0, &port);

    if (!kr) {
        kr = file_set_size(port, (loff_t)ARG2(frame));
        port_deallocate(port);
    }
    return linux_error(kr);
}

long sys_ftruncate(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    long result = linux_error(file_set_size(file->port, (loff_t)ARG2(frame)));
    file_put(file);
    return result;
}

/* Programs copy by themselves then. */
long sys_sendfile(struct frame *frame)
{
    (void)frame;
    return -EINVAL;
}
