/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/rumpdisk/map.c: disks as memory objects (device_map).
 *
 * Each call makes a pager of its own for a part of the disk.  What is changed by
 * mapping reaches the disk when the kernel returns the pages; reads and writes
 * of the device, and other mappings, do not wait for that.
 */

#include <drivers/rump.h>
#include <mach/mach.h>
#include <pager/pager.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rumpdisk/disk.h"
#include <rumpdisk/device_S.h>

struct window {
    struct disk *disk; /* a reference */
    uint64_t start;    /* bytes on the disk, whole pages */
    uint64_t size;     /* bytes, up to the end of the disk at most */
};

static struct pager_bucket pagers;
static error_t pagers_error;

/* Whole records of the part of OFFSET ... that is in the window. */
static vm_size_t inside(const struct window *window, vm_offset_t offset,
                        vm_size_t size)
{
    if (offset >= window->size)
        return 0;
    return size < window->size - offset ? size : window->size - offset;
}

static error_t window_read(void *cookie, vm_offset_t offset, char *buffer,
                           vm_size_t size)
{
    const struct window *window = cookie;
    vm_size_t there = inside(window, offset, size);

    memset(buffer + there, 0, size - there);
    if (there &&
        rump_sys_pread(window->disk->fd, buffer, there,
                       (off_t)(window->start + offset)) != (ssize_t)there)
        return disk_error();
    return 0;
}

static error_t window_write(void *cookie, vm_offset_t offset,
                            const char *buffer, vm_size_t size)
{
    const struct window *window = cookie;
    vm_size_t there = inside(window, offset, size);

    if (there &&
        rump_sys_pwrite(window->disk->fd, buffer, there,
                        (off_t)(window->start + offset)) != (ssize_t)there)
        return disk_error();
    return 0;
}

static vm_size_t window_size(void *cookie)
{
    const struct window *window = cookie;

    return window->size;
}

static void window_gone(void *cookie, struct pager *pager)
{
    struct window *window = cookie;

    ports_port_deref(window->disk);
    free(window);
}

static void start_pagers(void)
{
    pagers_error = pager_start_bucket(&pagers);
}

static error_t make_pager(struct window *window, mach_port_t *port)
{
    static const struct pager_ops ops = {.read = window_read,
                                         .write = window_write,
                                         .size = window_size,
                                         .gone = window_gone};
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pager_t pager;

    pthread_once(&once, start_pagers);
    if (pagers_error || pager_create(&pagers, &ops, window, &pager))
        return D_NO_MEMORY;
    pager->fleeting = TRUE; /* unmapped, the pages go back to the disk */
    *port = pager_get_port(pager);
    ports_port_deref(pager); /* its senders keep it */
    return 0;
}

/* A window that cannot be written through.  Consumes *PORT. */
static error_t limit(mach_port_t *port, vm_prot_t prot, vm_size_t size)
{
    vm_offset_t zero = 0;
    mach_port_t proxy;
    error_t err = memory_object_create_proxy(mach_task_self(), prot, port,
                                             MACH_MSG_TYPE_COPY_SEND, 1, &zero,
                                             1, &zero, 1, &size, 1, &proxy);

    mach_port_drop(*port);
    *port = proxy;
    return err;
}

static error_t make_window(struct disk *disk, vm_prot_t prot,
                           vm_offset_t offset, vm_size_t size,
                           mach_port_t *port)
{
    uint64_t end = disk->record_count * disk->record_size;
    struct window *window = malloc(sizeof *window);
    error_t err;

    if (!window)
        return D_NO_MEMORY;
    *window = (struct window){disk, offset, end - offset};
    ports_port_ref(disk);
    err = make_pager(window, port);
    if (err) {
        ports_port_deref(disk);
        free(window);
        return err;
    }
    /* A writer gets the pager's own port: the pages go back as soon as nobody
     * maps them, and a proxy would count as somebody. */
    return prot & VM_PROT_WRITE ? 0 : limit(port, prot, MACH_PAGE_ROUND(size));
}

kern_return_t S_device_map(disk_t disk, vm_prot_t prot, vm_offset_t offset,
                           vm_size_t size, mach_port_t *port, int unmap)
{
    /* The answer takes a copy of the right: this thread's last one has been sent
     * by now. */
    static __thread mach_port_t given;
    error_t err;

    if (!disk)
        return D_NO_SUCH_DEVICE;
    if (size == 0 || offset % vm_page_size)
        return D_INVALID_SIZE;
    uint64_t end =
        MACH_PAGE_ROUND(disk->record_count * (uint64_t)disk->record_size);
    if (offset >= end || size > end - offset)
        return D_INVALID_RECNUM;
    if (prot & VM_PROT_WRITE && disk->read_only)
        return D_READ_ONLY;
    mach_port_drop(given);
    given = MACH_PORT_NULL;
    err = make_window(disk, prot & VM_PROT_ALL, offset, size, port);
    if (!err)
        given = *port;
    return err;
}
