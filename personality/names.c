/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/names.c: making, moving and removing names. */
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/process.h"
#include "hurd/io.h"

#include <fcntl.h>
#include <linux/fs.h>

static long at_mkdir(int dir, const char *name, uint32_t mode)
{
    mach_port_t parent;
    string_t base;
    kern_return_t kr = lookup_parent(dir, name, &parent, base);

    if (kr)
        return linux_error(kr);
    /* The root, or a name that ends in one of these, is there already. */
    if (!*base || !strcmp(base, ".") || !strcmp(base, ".."))
        kr = HURD_EEXIST;
    else
        kr = dir_mkdir(parent, base, mode & 07777 & ~unix_process.umask);
    port_deallocate(parent);
    return linux_error(kr);
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

static long at_unlink(int dir, const char *name, bool directory)
{
    mach_port_t parent;
    string_t base;
    kern_return_t kr = lookup_parent(dir, name, &parent, base);

    if (kr)
        return linux_error(kr);
    if (!*base)
        kr = directory ? HURD_EBUSY : HURD_EISDIR;
    else if (directory)
        kr = !strcmp(base, ".") ? HURD_EINVAL : dir_rmdir(parent, base);
    else
        kr = dir_unlink(parent, base);
    port_deallocate(parent);
    /* Linux says EISDIR where the Hurd says EPERM. */
    if (kr == HURD_EPERM && !directory) {
        mach_port_t file;
        io_statbuf_t st = {0};
        if (!lookup(dir, name, HO_NOLINK, 0, &file)) {
            if (!io_stat(file, &st) && (st.st_mode & HS_IFMT) == HS_IFDIR)
                kr = HURD_EISDIR;
            port_deallocate(file);
        }
    }
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

static long at_rename(int from_dir, const char *from, int to_dir,
                      const char *to, uint32_t flags)
{
    mach_port_t from_parent, to_parent;
    string_t from_base, to_base;
    kern_return_t kr;

    if (flags & ~(uint32_t)RENAME_NOREPLACE)
        return -EINVAL;
    kr = lookup_parent(from_dir, from, &from_parent, from_base);
    if (kr)
        return linux_error(kr);
    kr = lookup_parent(to_dir, to, &to_parent, to_base);
    if (!kr) {
        kr = *from_base && *to_base ? dir_rename(from_parent, from_base,
                                                 to_parent, to_base, flags != 0)
                                    : HURD_EBUSY;
        port_deallocate(to_parent);
    }
    port_deallocate(from_parent);
    return linux_error(kr);
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

static long at_link(int from_dir, const char *from, int to_dir, const char *to,
                    int flags)
{
    mach_port_t file, parent;
    string_t base;
    kern_return_t kr;

    kr = lookup(from_dir, from, flags & AT_SYMLINK_FOLLOW ? 0 : HO_NOLINK, 0,
                &file);
    if (kr)
        return linux_error(kr);
    kr = lookup_parent(to_dir, to, &parent, base);
    if (!kr) {
        kr = *base ? dir_link(parent, file, base, 1) : HURD_EEXIST;
        port_deallocate(parent);
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
static long node_make(int dir, const char *name, uint32_t mode,
                      const char *translator, size_t size)
{
    mach_port_t parent, node;
    string_t base;
    kern_return_t kr = lookup_parent(dir, name, &parent, base);

    if (kr)
        return linux_error(kr);
    if (!*base) {
        port_deallocate(parent);
        return -EEXIST;
    }
    kr = dir_mkfile(parent, HO_WRITE, mode, &node);
    if (!kr) {
        if (size)
            kr = file_set_translator(node, FS_TRANS_EXCL | FS_TRANS_SET,
                                     FS_TRANS_EXCL | FS_TRANS_SET, 0,
                                     translator, (mach_msg_type_number_t)size,
                                     MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND);
        if (!kr)
            kr = dir_link(parent, node, base, 1);
        port_deallocate(node);
    }
    port_deallocate(parent);
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
    kr = lookup(dir, name, HO_NOLINK | HO_READ, 0, &port);
    if (kr)
        return linux_error(kr);
    kr = io_stat(port, &st);
    if (!kr && (st.st_mode & HS_IFMT) != HS_IFLNK)
        kr = HURD_EINVAL;
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
