/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/names.c: making, moving and removing names. */
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/ownfd.h"
#include "personality/process.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/names.h"
#include "hurd/process.h"
#include "hurd/io.h"

#include <fcntl.h>
#include <linux/fs.h>

/* The error KR of making or removing LAST.  Where the Hurd's servers say that
 * all is only to be read, Linux's /proc looks first at what is there. */
static kern_return_t last_readonly(const struct last *last, kern_return_t kr,
                                   bool make)
{
    io_statbuf_t st;
    uint32_t type;
    int allowed = 0;

    if (kr != HURD_EROFS || io_stat(last->parent, &st) ||
        st.st_fstype != HFS_PROC || last_type(last, &type))
        return kr;
    if (make)
        return type ? HURD_EEXIST : HURD_ENOENT;
    if (!type || file_check_access(last->parent, &allowed))
        return HURD_ENOENT;
    /* A process may do what it likes among its descriptors, if it could. */
    return type == HS_IFLNK || allowed & HO_WRITE ? HURD_EPERM : HURD_EACCES;
}

static long at_mkdir(int dir, const char *name, uint32_t mode)
{
    struct last last;
    kern_return_t kr = lookup_last(dir, name, &last);

    if (kr)
        return linux_error(kr);
    kr = last.special ? HURD_EEXIST
                      : dir_mkdir(last.parent, last.base,
                                  mode & 07777 & ~unix_process.umask);
    kr = last_readonly(&last, kr, true);
    return linux_error(last_drop(&last, kr));
}

long sys_mkdir(struct frame *frame)
{
    return at_mkdir(AT_FDCWD, (const char *)ARG1(frame), (uint32_t)ARG2(frame));
}

long sys_mkdirat(struct frame *frame)
{
    return at_mkdir((int)ARG1(frame), (const char *)ARG2(frame),
                    (uint32_t)ARG3(frame));
}

static kern_return_t last_rmdir(const struct last *last)
{
    if (!*last->base)
        return HURD_EBUSY;
    if (last->special)
        return last->base[1] ? HURD_ENOTEMPTY : HURD_EINVAL;
    uint32_t type;
    kern_return_t kr =
        last_readonly(last, dir_rmdir(last->parent, last->base), false);
    return kr == HURD_EPERM && !last_type(last, &type) && type != HS_IFDIR
               ? HURD_ENOTDIR
               : kr;
}

static kern_return_t last_unlink(const struct last *last)
{
    uint32_t type = HS_IFDIR;
    kern_return_t kr = 0;

    if (!last->special && !last->slash)
        kr = last_readonly(last, dir_unlink(last->parent, last->base), false);
    else if (!last->special)
        kr = last_type(last, &type);
    else
        return HURD_EISDIR;
    if (!kr && last->slash)
        kr = !type              ? HURD_ENOENT
             : type == HS_IFDIR ? HURD_EISDIR
                                : HURD_ENOTDIR;
    /* Linux says EISDIR where the Hurd says EPERM. */
    if (kr == HURD_EPERM && !last_type(last, &type) && type == HS_IFDIR)
        kr = HURD_EISDIR;
    return kr;
}

static long at_unlink(int dir, const char *name, bool directory)
{
    struct last last;
    kern_return_t kr = lookup_last(dir, name, &last);

    if (!kr)
        kr = last_drop(&last,
                       directory ? last_rmdir(&last) : last_unlink(&last));
    return linux_error(kr);
}

long sys_unlink(struct frame *frame)
{
    return at_unlink(AT_FDCWD, (const char *)ARG1(frame), false);
}

long sys_rmdir(struct frame *frame)
{
    return at_unlink(AT_FDCWD, (const char *)ARG1(frame), true);
}

long sys_unlinkat(struct frame *frame)
{
    if (ARG3(frame) & ~(uint64_t)AT_REMOVEDIR)
        return -EINVAL;
    return at_unlink((int)ARG1(frame), (const char *)ARG2(frame),
                     ARG3(frame) & AT_REMOVEDIR);
}

/* With a slash behind one of the names: what must be a directory is asked for
 * in Linux's order. */
static kern_return_t rename_check(const struct last *from,
                                  const struct last *to, uint32_t flags)
{
    uint32_t old, new;
    bool exchange = flags & RENAME_EXCHANGE;
    kern_return_t kr = last_type(from, &old);

    if (!kr)
        kr = last_type(to, &new);
    if (kr)
        return kr;
    if (!old || (exchange && !new))
        return HURD_ENOENT;
    if (flags & RENAME_NOREPLACE && new)
        return HURD_EEXIST;
    if (exchange && new != HS_IFDIR && to->slash)
        return HURD_ENOTDIR;
    if (old != HS_IFDIR && (from->slash || (!exchange && to->slash)))
        return HURD_ENOTDIR;
    return 0;
}

static kern_return_t last_rename(const struct last *from, const struct last *to,
                                 uint32_t flags)
{
    kern_return_t kr = 0;

    if (from->special)
        return HURD_EBUSY;
    if (to->special)
        return flags & RENAME_NOREPLACE ? HURD_EEXIST : HURD_EBUSY;
    if (from->slash || to->slash)
        kr = rename_check(from, to, flags);
    if (kr)
        return kr;
    if (!(flags & RENAME_EXCHANGE))
        kr = dir_rename(from->parent, from->base, to->parent, to->base,
                        (flags & RENAME_NOREPLACE) != 0);
    else
        kr = dir_exchange(from->parent, from->base, to->parent, to->base);
    /* What is no directory is another server's as well. */
    if (kr == HURD_EXDEV &&
        lookup_must_be_directory(to->parent) == HURD_ENOTDIR)
        return HURD_ENOTDIR;
    if (!(flags & RENAME_EXCHANGE))
        return kr;
    /* As Linux's file systems that cannot. */
    return kr == HURD_EOPNOTSUPP || kr == MIG_BAD_ID ? HURD_EINVAL : kr;
}

static long at_rename(int from_dir, const char *from, int to_dir,
                      const char *to, uint32_t flags)
{
    struct last old, new;
    uint32_t type;
    kern_return_t kr;

    if (flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    if (strnlen(from, PATH_BYTES) == PATH_BYTES ||
        strnlen(to, PATH_BYTES) == PATH_BYTES)
        return -ENAMETOOLONG;
    kr = lookup_last(from_dir, from, &old);
    if (kr)
        return linux_error(kr);
    kr = lookup_last(to_dir, to, &new);
    if (!kr)
        kr = last_drop(&new, last_rename(&old, &new, flags));
    else if (kr == HURD_ENAMETOOLONG && !last_type(&old, &type) && !type)
        kr = HURD_ENOENT;
    return linux_error(last_drop(&old, kr));
}

long sys_rename(struct frame *frame)
{
    return at_rename(AT_FDCWD, (const char *)ARG1(frame), AT_FDCWD,
                     (const char *)ARG2(frame), 0);
}

long sys_renameat(struct frame *frame)
{
    return at_rename((int)ARG1(frame), (const char *)ARG2(frame),
                     (int)ARG3(frame), (const char *)ARG4(frame), 0);
}

long sys_renameat2(struct frame *frame)
{
    return at_rename((int)ARG1(frame), (const char *)ARG2(frame),
                     (int)ARG3(frame), (const char *)ARG4(frame),
                     (uint32_t)ARG5(frame));
}

/* Whether a name for something that is no directory can be made. */
static kern_return_t last_is_free(const struct last *last)
{
    uint32_t type = HS_IFDIR;

    if (last->special)
        return HURD_EEXIST;
    if (!last->slash)
        return 0;
    kern_return_t kr = last_type(last, &type);
    return kr ? kr : type ? HURD_EEXIST : HURD_ENOENT;
}

/* The file that a link call names.  By a descriptor it may be one that has lost
 * its last name: on Linux for good. */
static kern_return_t link_source(int dir, const char *name, int flags,
                                 mach_port_t *file)
{
    bool empty = !*name && flags & AT_EMPTY_PATH;
    io_statbuf_t st;
    kern_return_t kr =
        empty ? lookup_start(dir, name, file)
              : lookup(dir, name, flags & AT_SYMLINK_FOLLOW ? 0 : HO_NOLINK, 0,
                       file);

    if (kr || !(flags & (AT_EMPTY_PATH | AT_SYMLINK_FOLLOW)))
        return kr;
    if (!io_stat(*file, &st) && !st.st_nlink) {
        port_deallocate(*file);
        return HURD_ENOENT;
    }
    return 0;
}

static long at_link(int from_dir, const char *from, int to_dir, const char *to,
                    int flags)
{
    struct last last;
    mach_port_t file;
    kern_return_t kr;

    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    kr = link_source(from_dir, from, flags, &file);
    if (kr)
        return linux_error(kr);
    kr = lookup_last(to_dir, to, &last);
    if (!kr) {
        kr = last_is_free(&last);
        if (!kr)
            kr = dir_link(last.parent, file, last.base, 1);
        last_drop(&last, kr);
    }
    port_deallocate(file);
    return linux_error(kr);
}

long sys_link(struct frame *frame)
{
    return at_link(AT_FDCWD, (const char *)ARG1(frame), AT_FDCWD,
                   (const char *)ARG2(frame), 0);
}

long sys_linkat(struct frame *frame)
{
    return at_link((int)ARG1(frame), (const char *)ARG2(frame),
                   (int)ARG3(frame), (const char *)ARG4(frame),
                   (int)ARG5(frame));
}

/* --- nodes with a translator --------------------------------------------- */

/* On the Hurd a symbolic link or a device is a file with a translator, which
 * gets its name when it is whole. */
static kern_return_t node_enter(const struct last *last, uint32_t mode,
                                const char *translator, size_t size)
{
    mach_port_t node;
    kern_return_t kr = last_is_free(last);

    if (!kr)
        kr = dir_mkfile(last->parent, HO_WRITE, mode, &node);
    if (kr)
        return last_readonly(last, kr, true);
    if (size)
        kr = file_set_translator(node, FS_TRANS_EXCL | FS_TRANS_SET,
                                 FS_TRANS_EXCL | FS_TRANS_SET, 0, translator,
                                 (mach_msg_type_number_t)size, MACH_PORT_NULL,
                                 MACH_MSG_TYPE_COPY_SEND);
    if (!kr)
        kr = dir_link(last->parent, node, last->base, 1);
    port_deallocate(node);
    return kr;
}

static long node_make(int dir, const char *name, uint32_t mode,
                      const char *translator, size_t size)
{
    struct last last;
    kern_return_t kr = lookup_last(dir, name, &last);

    if (!kr)
        kr = last_drop(&last, node_enter(&last, mode, translator, size));
    return linux_error(kr);
}

static long at_symlink(const char *target, int dir, const char *name)
{
    static const char link[] = "/hurd/symlink";
    char translator[sizeof link + 4096];
    size_t length = strnlen(target, 4096);

    if (!length)
        return -ENOENT;
    if (length == 4096)
        return -ENAMETOOLONG;
    memcpy(translator, link, sizeof link);
    memcpy(translator + sizeof link, target, length + 1);
    return node_make(dir, name, 0777, translator, sizeof link + length + 1);
}

long sys_symlink(struct frame *frame)
{
    return at_symlink((const char *)ARG1(frame), AT_FDCWD,
                      (const char *)ARG2(frame));
}

long sys_symlinkat(struct frame *frame)
{
    return at_symlink((const char *)ARG1(frame), (int)ARG2(frame),
                      (const char *)ARG3(frame));
}

static char *put_text(char *to, const char *text)
{
    strcpy(to, text);
    return to + strlen(text) + 1;
}

static char *put_number(char *to, uint64_t number)
{
    char digits[24], *p = digits + sizeof digits - 1;

    *p = 0;
    do
        *--p = (char)('0' + number % 10);
    while (number /= 10);
    return put_text(to, p);
}

static long at_mknod(int dir, const char *name, uint32_t mode, uint64_t device)
{
    char translator[128], *end = translator;
    uint32_t permissions = mode & 07777 & ~unix_process.umask;

    switch (mode & HS_IFMT) {
    case 0:
    case HS_IFREG:
        break;
    case HS_IFIFO:
        end = put_text(end, "/hurd/fifo");
        break;
    case HS_IFSOCK:
        end = put_text(end, "/hurd/ifsock");
        break;
    case HS_IFCHR:
    case HS_IFBLK:
        end = put_text(end, (mode & HS_IFMT) == HS_IFCHR ? "/hurd/chrdev"
                                                         : "/hurd/blkdev");
        end = put_number(end, device >> 8 & 0xfff);
        end = put_number(end, (device & 0xff) | (device >> 12 & 0xfff00));
        break;
    default:
        return -EINVAL;
    }
    return node_make(dir, name, permissions, translator,
                     (size_t)(end - translator));
}

long sys_mknod(struct frame *frame)
{
    return at_mknod(AT_FDCWD, (const char *)ARG1(frame), (uint32_t)ARG2(frame),
                    ARG3(frame));
}

long sys_mknodat(struct frame *frame)
{
    return at_mknod((int)ARG1(frame), (const char *)ARG2(frame),
                    (uint32_t)ARG3(frame), ARG4(frame));
}

/* --- reading links ------------------------------------------------------- */

/* What Linux's /proc/self/exe points to is a question about this process: proc
 * is asked, not a file.  A C library asks at its start, the one of the /proc
 * translator too. */
static long readlink_self_exe(char *to, int64_t size)
{
    string_t path;

    if (!unix_process.proc)
        return -ENOENT;
    kern_return_t kr = proc_get_exe(unix_process.proc, process_pid(), path);
    if (kr || !*path)
        return kr ? linux_error(kr) : -ENOENT;
    int64_t length = (int64_t)strlen(path);
    if (length > size)
        length = size;
    memcpy(to, path, (size_t)length);
    return length;
}

/* An empty name stands for the link that DIR itself is. */
static kern_return_t link_open(int dir, const char *name, mach_port_t *port)
{
    mach_port_t start;

    if (*name || dir == AT_FDCWD)
        return lookup(dir, name, HO_NOLINK | HO_READ, 0, port);
    kern_return_t kr = lookup_start(dir, name, &start);
    if (kr)
        return kr;
    kr = lookup_short(start, "", HO_NOLINK | HO_READ, 0, port);
    port_deallocate(start);
    return kr;
}

static long at_readlink(int dir, const char *name, char *to, int64_t size)
{
    if (!strcmp(name, "/proc/self/exe") && size > 0)
        return readlink_self_exe(to, size);
    mach_port_t port;
    io_statbuf_t st;
    data_t data = to;
    mach_msg_type_number_t count = (mach_msg_type_number_t)size;
    kern_return_t kr;

    if (size <= 0)
        return -EINVAL;
    kr = link_open(dir, name, &port);
    if (kr)
        return linux_error(kr);
    kr = io_stat(port, &st);
    if (!kr && (st.st_mode & HS_IFMT) != HS_IFLNK)
        kr = *name ? HURD_EINVAL : HURD_ENOENT;
    size_t length;
    if (!kr && ownfd_is_link(&st)) {
        kr = ownfd_read_link(&st, to, (size_t)size, &length);
        port_deallocate(port);
        return kr ? linux_error(kr) : (long)length;
    }
    if (!kr)
        kr = io_read(port, &data, &count, -1, (vm_size_t)size);
    port_deallocate(port);
    if (kr)
        return linux_error(kr);
    uint64_t got = count < (uint64_t)size ? count : (uint64_t)size;
    if (data != to) {
        memcpy(to, data, got);
        pages_free(data, count);
    }
    return (long)got;
}

long sys_readlink(struct frame *frame)
{
    return at_readlink(AT_FDCWD, (const char *)ARG1(frame), (char *)ARG2(frame),
                       (int64_t)ARG3(frame));
}

long sys_readlinkat(struct frame *frame)
{
    return at_readlink((int)ARG1(frame), (const char *)ARG2(frame),
                       (char *)ARG3(frame), (int64_t)ARG4(frame));
}
