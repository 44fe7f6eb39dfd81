/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/fcntl.c: descriptors' and files' flags; locks. */
#include "personality/claims.h"
#include "personality/convert.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/rpc.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include "hurd/errors.h"
#include "hurd/fcntl.h"
#include "hurd/fs.h"
#include "hurd/io.h"
#include "hurd/stat.h"

#include <fcntl.h>
#include <sys/file.h>

static long file_get_flags(struct file *file)
{
    int bits, local = file->flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW);
    kern_return_t kr;

    if (file->flags & O_PATH)
        return local;
    kr = io_get_openmodes(file->port, &bits);
    return kr ? linux_error(kr) : status_flags_to_linux(bits) | local;
}

static long file_set_flags(struct file *file, int flags)
{
    return linux_error(
        io_set_all_openmodes(file->port, status_flags_to_hurd(flags)));
}

/* --- locks --------------------------------------------------------------- */

static int lock_type_to_hurd(int type)
{
    return type == F_RDLCK ? HF_RDLCK : type == F_WRLCK ? HF_WRLCK : HF_UNLCK;
}

static int lock_type_to_linux(int type)
{
    return type == HF_RDLCK ? F_RDLCK : type == HF_WRLCK ? F_WRLCK : F_UNLCK;
}

/* The process's lock if CLAIM, else the open file's. */
static long file_lock_record(struct file *file, int command, mach_port_t claim,
                             const struct flock *lock, struct flock *got)
{
    flock_t wire = {.l_type = lock_type_to_hurd(lock->l_type),
                    .l_whence = lock->l_whence,
                    .l_start = lock->l_start,
                    .l_len = lock->l_len};

    if (command == HF_SETLKW64)
        signals_start();
    kern_return_t kr = INTERRUPTIBLE(file_record_lock(
        file->port, command, &wire, claim, MACH_MSG_TYPE_COPY_SEND));
    *got = *lock;
    got->l_type = (short)lock_type_to_linux(wire.l_type);
    if (wire.l_type != HF_UNLCK) {
        got->l_whence = (short)wire.l_whence;
        got->l_start = wire.l_start;
        got->l_len = wire.l_len;
        got->l_pid = wire.l_pid;
    }
    return linux_error(kr);
}

static int lock_command_to_hurd(int command)
{
    switch (command) {
    case F_GETLK:
    case F_OFD_GETLK:
        return HF_GETLK64;
    case F_SETLK:
    case F_OFD_SETLK:
        return HF_SETLK64;
    default:
        return HF_SETLKW64;
    }
}

static long file_lock_call(struct file *file, int command, struct flock *lock)
{
    bool open = command == F_OFD_GETLK || command == F_OFD_SETLK ||
                command == F_OFD_SETLKW;
    struct flock copy = *lock, got;
    mach_port_t claim = MACH_PORT_NULL;
    int hurd = lock_command_to_hurd(command);

    if (copy.l_type > F_UNLCK || copy.l_type < 0 || (open && copy.l_pid))
        return -EINVAL;
    long result = open ? 0 : claims_get(file, &claim);
    if (!result)
        result = file_lock_record(file, hurd, claim, &copy, &got);
    if (!result && hurd == HF_GETLK64)
        *lock = got;
    return result;
}

long sys_flock(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));
    int how = (int)ARG2(frame) & ~LOCK_NB;
    kern_return_t kr;

    if (!file)
        return -EBADF;
    if (how != LOCK_SH && how != LOCK_EX && how != LOCK_UN) {
        file_put(file);
        return -EINVAL;
    }
    signals_start();
    kr = INTERRUPTIBLE(file_lock(file->port, (int)ARG2(frame)));
    file_put(file);
    return linux_error(kr);
}

/* --- fcntl --------------------------------------------------------------- */

/* As much as pflocal and fifo keep. */
#define PIPE_ROOM 65536

static bool file_is_pipe(struct file *file)
{
    io_statbuf_t st;

    return !io_stat(file->port, &st) && (st.st_mode & HS_IFMT) == HS_IFIFO;
}

static long file_get_owner(struct file *file)
{
    pid_t owner;

    return io_get_owner(file->port, &owner) ? 0 : owner;
}

static long file_fcntl(struct file *file, int fd, int command, uint64_t arg)
{
    switch (command) {
    case F_GETFD:
        return fd_flags(fd);
    case F_SETFD:
        fd_set_flags(fd, (long)arg);
        return 0;
    case F_GETFL:
        return file_get_flags(file);
    case F_SETFL:
        return file_set_flags(file, (int)arg);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return file_lock_call(file, command, (struct flock *)arg);
    case F_GETPIPE_SZ:
        return file_is_pipe(file) ? PIPE_ROOM : -EBADF;
    case F_GETOWN:
        return file_get_owner(file);
    case F_GETOWN_EX: /* by which the C library asks */
        *(struct f_owner_ex *)arg =
            (struct f_owner_ex){F_OWNER_PID, (pid_t)file_get_owner(file)};
        return 0;
    case F_SETOWN:
        return linux_error(io_mod_owner(file->port, (pid_t)arg));
    default:
        return -EINVAL;
    }
}

long sys_fcntl(struct frame *frame)
{
    int fd = (int)ARG1(frame), command = (int)ARG2(frame);
    struct file *file = fd_get_any(fd);

    if (!file)
        return -EBADF;
    if (file->flags & O_PATH && command != F_DUPFD &&
        command != F_DUPFD_CLOEXEC && command != F_GETFD &&
        command != F_SETFD && command != F_GETFL) {
        file_put(file);
        return -EBADF;
    }
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        if (ARG3(frame) < FD_MAX)
            return fd_install(file, (int)ARG3(frame),
                              command == F_DUPFD_CLOEXEC);
        file_put(file);
        return -EINVAL;
    }
    long result = file_fcntl(file, fd, command, ARG3(frame));
    file_put(file);
    return result;
}
