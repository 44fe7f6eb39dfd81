/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/filemap.c: files in memory. */
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/memory.h"
#include "personality/sharemap.h"
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
    /* Neither: zeros, as of /dev/zero. */
    *object = MACH_PORT_NULL;
    if (!readable && !writable)
        return 0;
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

/* Maps OBJECT, whose right stays the caller's; what can be changed through it
 * is noted as FILE's. */
static long object_map(mach_port_t object, const struct file *file,
                       vm_address_t at, uint64_t size, int prot, int flags,
                       uint64_t offset)
{
    bool private = (flags & MAP_TYPE) == MAP_PRIVATE;
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    vm_prot_t max = file_max_prot(file, private);

    if (fixed && !(flags & MAP_FIXED_NOREPLACE)) {
        vm_deallocate(mach_task_self(), at, size);
        sharemap_remove(at, size);
    }
    kern_return_t kr = vm_map(mach_task_self(), &at, size, 0, !fixed, object,
                              offset, private, memory_mach_prot(prot), max,
                              private ? VM_INHERIT_COPY : VM_INHERIT_SHARE);
    if (kr == KERN_NO_SPACE && flags & MAP_FIXED_NOREPLACE)
        return -EEXIST;
    if (kr)
        return linux_error(kr);
    if (private || !(max & VM_PROT_WRITE) || sharemap_add(at, size, file->port))
        return (long)at;
    vm_deallocate(mach_task_self(), at, size);
    return -ENOMEM;
}

long memory_map_file(uint64_t address, uint64_t size, int prot, int flags,
                     int fd, uint64_t offset)
{
    bool private = (flags & MAP_TYPE) == MAP_PRIVATE;
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    struct file *file = fd_get(fd);
    mach_port_t object;
    kern_return_t kr;

    if (!file)
        return -EBADF;
    if (offset & PAGE_MASK || (fixed && address & PAGE_MASK))
        kr = HURD_EINVAL;
    else if ((file->flags & O_ACCMODE) == O_WRONLY ||
             (!private && prot & PROT_WRITE &&
              (file->flags & O_ACCMODE) != O_RDWR))
        kr = HURD_EACCES;
    else /* one that may be changed may get write access later */
        kr = file_object(file, !private && (file->flags & O_ACCMODE) == O_RDWR,
                         &object);
    long result = linux_error(kr);
    if (!kr) {
        result = object_map(object, file, fixed ? address : 0, size, prot,
                            flags, offset);
        port_deallocate(object);
    }
    file_put(file);
    return result;
}

/* Whether all of [START, END) is mapped to something. */
static bool is_mapped(uint64_t start, uint64_t end)
{
    while (start < end) {
        vm_address_t region = start;
        vm_size_t size;
        vm_prot_t prot, max_prot;
        vm_inherit_t inherit;
        boolean_t shared;
        mach_port_t name = MACH_PORT_NULL;
        vm_offset_t offset;
        if (vm_region(mach_task_self(), &region, &size, &prot, &max_prot,
                      &inherit, &shared, &name, &offset))
            return false;
        port_deallocate(name);
        if (region > start)
            return false;
        start = region + size;
    }
    return true;
}

/* Who says MS_ASYNC waits for nothing: what was stored is the file's already,
 * and reaches the disk as what was written does. */
long sys_msync(struct frame *frame)
{
    uint64_t start = ARG1(frame), size = (ARG2(frame) + PAGE_MASK) & ~PAGE_MASK;
    uint64_t flags = ARG3(frame);

    if (start & PAGE_MASK ||
        flags & ~(uint64_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
        (flags & MS_ASYNC && flags & MS_SYNC))
        return -EINVAL;
    if (start + size < start)
        return -ENOMEM;
    if (size < ARG2(frame))
        return -ENOMEM;
    long result = flags & MS_SYNC ? sharemap_sync(start, size) : 0;
    return result || is_mapped(start, start + size) ? result : -ENOMEM;
}
