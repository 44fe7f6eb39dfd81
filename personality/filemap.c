/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/filemap.c: files in memory. */
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/memory.h"
#include "personality/syscalls.h"

#include "hurd/errors.h"
#include "hurd/io.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE_MASK 4095ul

/* The memory object of FILE that a mapping of this kind needs: the caller's
 * right.  A private one is only read. */
static kern_return_t file_object(struct file *file, bool shared_writes,
                                 mach_port_t *object)
{
    mach_port_t readable = MACH_PORT_NULL, writable = MACH_PORT_NULL;
    kern_return_t kr = io_map(file->port, &readable, &writable);

    if (kr)
        return kr == MIG_BAD_ID || kr == HURD_EOPNOTSUPP ? HURD_ENODEV : kr;
    *object = shared_writes ? writable : readable;
    port_deallocate(shared_writes ? readable : writable);
    return *object ? 0 : HURD_EACCES;
}

static vm_prot_t file_max_prot(const struct file *file, bool private)
{
    bool writable = (file->flags & O_ACCMODE) != O_RDONLY;

    return VM_PROT_READ | VM_PROT_EXECUTE |
           (private || writable ? VM_PROT_WRITE : 0);
}

long memory_map_file(uint64_t address, uint64_t size, int prot, int flags,
                     int fd, uint64_t offset)
{
    bool private = (flags & MAP_TYPE) == MAP_PRIVATE;
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    vm_address_t at = fixed ? address : 0;
    struct file *file = fd_get(fd);
    mach_port_t object;

    if (!file)
        return -EBADF;
    vm_prot_t max = file_max_prot(file, private);
    kern_return_t kr =
        offset & PAGE_MASK || (fixed && at & PAGE_MASK)
            ? HURD_EINVAL
            : file_object(file, !private && prot & PROT_WRITE, &object);
    file_put(file);
    if (kr)
        return linux_error(kr);
    if (fixed && !(flags & MAP_FIXED_NOREPLACE))
        vm_deallocate(mach_task_self(), at, size);
    kr = vm_map(mach_task_self(), &at, size, 0, !fixed, object, offset, private,
                memory_mach_prot(prot), max,
                private ? VM_INHERIT_COPY : VM_INHERIT_SHARE);
    port_deallocate(object);
    if (kr == KERN_NO_SPACE && flags & MAP_FIXED_NOREPLACE)
        return -EEXIST;
    return kr ? linux_error(kr) : (long)at;
}

long sys_msync(struct frame *frame)
{
    if (ARG1(frame) & PAGE_MASK)
        return -EINVAL;
    return linux_error(vm_msync(mach_task_self(), ARG1(frame),
                                (ARG2(frame) + PAGE_MASK) & ~PAGE_MASK,
                                (vm_sync_t)(ARG3(frame) & MS_SYNC ? 2 : 1)));
}
