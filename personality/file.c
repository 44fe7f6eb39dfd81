/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/file.c: opening, reading and writing. */
#include "personality/bare.h"
#include "personality/convert.h"
#include "personality/fd.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/ownfd.h"
#include "personality/rpc.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"
#include "hurd/stat.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- opening ------------------------------------------------------------- */

/* What the Hurd's servers are not told: the C library sees to it. */
static kern_return_t open_check(mach_port_t port, int flags)
{
    io_statbuf_t st;
    kern_return_t kr;

    bool made = flags & (O_CREAT | O_TRUNC) && !(flags & O_ACCMODE);

    if (!(flags & O_NOFOLLOW) && !made)
        return 0;
    kr = io_stat(port, &st);
    if (!kr)
        kr = ownfd_stat(&st);
    if (kr)
        return kr;
    if (made && !(flags & O_PATH) && (st.st_mode & HS_IFMT) == HS_IFDIR)
        return HURD_EISDIR;
    if (flags & O_DIRECTORY && (st.st_mode & HS_IFMT) != HS_IFDIR)
        return HURD_ENOTDIR;
    if (!(flags & O_PATH) && (st.st_mode & HS_IFMT) == HS_IFLNK)
        return HURD_ELOOP;
    return 0;
}

/* PORT, or what NAME is with the right to write: who opens only to read needs
 * that, too. */
static kern_return_t open_truncate(int dir, const char *name, int flags,
                                   mach_port_t port)
{
    mach_port_t writable = port;
    kern_return_t kr = 0;

    if ((flags & O_ACCMODE) == O_RDONLY)
        kr = lookup(dir, name, HO_WRITE | HO_NONBLOCK, 0, &writable);
    if (kr)
        return kr;
    kr = file_set_size(writable, 0);
    if (writable != port)
        port_deallocate(writable);
    /* Only files can be shortened; others do not mind. */
    return kr == HURD_EOPNOTSUPP || kr == MIG_BAD_ID || kr == HURD_EINVAL ? 0
                                                                          : kr;
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
    if (!kr && flags & O_TRUNC && !(flags & O_PATH))
        kr = open_truncate(dir, name, flags, port);
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

/* The wrong half of a file, or an offset where there is none: Linux looks at
 * the offset first. */
static long file_refuse(struct file *file, int64_t offset)
{
    loff_t now;

    return offset >= 0 && io_seek(file->port, 0, SEEK_CUR, &now) ? -ESPIPE
                                                                 : -EBADF;
}

long file_read(struct file *file, char *to, uint64_t size, int64_t offset)
{
    uint64_t got;
    kern_return_t kr;

    if ((file->flags & O_ACCMODE) == O_WRONLY)
        return file_refuse(file, offset);
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
    if ((int64_t)ARG4(frame) < 0)
        return -EINVAL;
    struct file *file = fd_get((int)ARG1(frame));
    if (!file)
        return -EBADF;
    long result =
        file_read(file, (char *)ARG2(frame), ARG3(frame), (int64_t)ARG4(frame));
    file_put(file);
    return result;
}

/* --- writing ------------------------------------------------------------- */

#define PIECE_SIZE 0x100000ul

/* A message holds no more of what pagers have to bring than fits into memory
 * at once: so much of a mapped file goes in pieces. */
static kern_return_t port_write_pieces(mach_port_t port, const char *from,
                                       uint64_t size, int64_t offset,
                                       vm_size_t *amount)
{
    kern_return_t kr = 0;

    for (*amount = 0; !kr && *amount < size;) {
        vm_size_t done = 0, n = size - *amount;
        n = n < PIECE_SIZE ? n : PIECE_SIZE;
        kr = INTERRUPTIBLE(
            io_write(port, from + *amount, (mach_msg_type_number_t)n,
                     offset < 0 ? -1 : offset + (int64_t)*amount, &done));
        *amount += kr ? 0 : done;
        if (!kr && done < n)
            break;
    }
    return *amount ? 0 : kr;
}

static kern_return_t port_write(mach_port_t port, const char *from,
                                uint64_t size, int64_t offset,
                                vm_size_t *amount)
{
    kern_return_t kr = INTERRUPTIBLE(
        io_write(port, from, (mach_msg_type_number_t)size, offset, amount));

    return kr == MACH_SEND_NO_BUFFER && size > PIECE_SIZE
               ? port_write_pieces(port, from, size, offset, amount)
               : kr;
}

long file_write(struct file *file, const char *from, uint64_t size,
                int64_t offset)
{
    vm_size_t amount = 0;
    kern_return_t kr;

    if ((file->flags & O_ACCMODE) == O_RDONLY)
        return file_refuse(file, offset);
    if (size > 0x7ffff000)
        size = 0x7ffff000;
    if (file->device)
        return console_write(from, size);
    kr = port_write(file_io_port(file), from, size, offset, &amount);
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
    if ((int64_t)ARG4(frame) < 0)
        return -EINVAL;
    struct file *file = fd_get((int)ARG1(frame));
    if (!file)
        return -EBADF;
    long result = file_write(file, (const char *)ARG2(frame), ARG3(frame),
                             (int64_t)ARG4(frame));
    file_put(file);
    return result;
}

/* Devices and pipes say yes to much that has no meaning for them. */
static kern_return_t file_check_kind(struct file *file, bool regular)
{
    io_statbuf_t st;

    if (io_stat(file->port, &st))
        return HURD_EINVAL;
    switch (st.st_mode & HS_IFMT) {
    case HS_IFREG:
        return 0;
    case HS_IFDIR:
    case HS_IFBLK:
        return regular ? HURD_EINVAL : 0;
    default:
        return HURD_EINVAL;
    }
}

long sys_fsync(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    kern_return_t kr = file_check_kind(file, false);
    if (!kr)
        kr = file_sync(file->port, 1, frame->number == SYS_fdatasync);
    file_put(file);
    return linux_error(kr);
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

    if ((loff_t)ARG2(frame) < 0)
        return -EINVAL;
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
    loff_t size = (loff_t)ARG2(frame);

    if (size < 0)
        return -EINVAL;
    struct file *file = fd_get((int)ARG1(frame));
    if (!file)
        return -EBADF;
    kern_return_t kr = file_check_kind(file, true);
    if (!kr)
        kr = file_set_size(file->port, size);
    file_put(file);
    return linux_error(kr);
}

/* Programs copy by themselves then. */
long sys_sendfile(struct frame *frame)
{
    (void)frame;
    return -EINVAL;
}
