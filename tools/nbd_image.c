/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libext2fs reads a file system through when its disk is an NBD server's
 * export: enough for a boot loader, which only reads. */
#define _GNU_SOURCE
#include "tools/nbd_image.h"
#include <errno.h>
#include <libnbd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is read at once: libext2fs asks for one block after the other, and each
 * question is a journey to the server.  Several, as between the blocks of a
 * file it asks for those that say where they are. */
#define WINDOW       (256u << 10)
#define WINDOW_COUNT 8

struct window {
    uint64_t end; /* where it ends on the disk; 0: nothing in it */
    char data[WINDOW];
};

struct export
{
    struct nbd_handle *handle;
    uint64_t size;
    uint64_t offset; /* of the file system, bytes */
    struct window windows[WINDOW_COUNT];
    unsigned next; /* the window that is given up next */
};

static errcode_t export_error(void)
{
    int error = nbd_get_errno();

    return error ? error : EIO;
}

static errcode_t export_open(const char *uri, int flags, io_channel *out)
{
    io_channel channel = calloc(1, sizeof(*channel));
    struct export *export = calloc(1, sizeof(*export));
    errcode_t error = ENOMEM;

    if (flags & IO_FLAG_RW)
        error = EROFS;
    else if (channel && export && (export->handle = nbd_create()))
        error = nbd_connect_uri(export->handle, uri) < 0 ? export_error() : 0;
    if (!error)
        export->size = (uint64_t)nbd_get_size(export->handle);
    if (error) {
        if (export)
            nbd_close(export->handle);
        free(export);
        free(channel);
        return error;
    }
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = &nbd_image_manager;
    channel->name = strdup(uri);
    channel->block_size = 1024;
    channel->refcount = 1;
    channel->private_data = export;
    *out = channel;
    return 0;
}

static errcode_t export_close(io_channel channel)
{
    struct export *export = channel->private_data;

    if (--channel->refcount > 0)
        return 0;
    nbd_aio_disconnect(export->handle, 0); /* whether it answers or not */
    nbd_close(export->handle);
    free(export);
    free(channel->name);
    free(channel);
    return 0;
}

static errcode_t export_set_blksize(io_channel channel, int size)
{
    channel->block_size = size;
    return 0;
}

static struct window *window_fill(struct export *export, uint64_t start,
                                  uint64_t end)
{
    struct window *window = &export->windows[export->next];

    window->end = 0;
    if (nbd_pread(export->handle, window->data, end - start, start, 0) < 0)
        return NULL;
    window->end = end;
    export->next = (export->next + 1) % WINDOW_COUNT;
    return window;
}

/* False if it is not all within one window, or the window cannot be read: what
 * is wanted may be readable all the same. */
static bool window_read(struct export *export, void *data, size_t size,
                        uint64_t at)
{
    uint64_t start = at / WINDOW * WINDOW;
    uint64_t end =
        export->size - start < WINDOW ? export->size : start + WINDOW;
    struct window *window = NULL;

    if (at >= export->size || size > end - at)
        return false;
    for (unsigned i = 0; i < WINDOW_COUNT && !window; i++)
        if (export->windows[i].end == end)
            window = &export->windows[i];
    if (!window)
        window = window_fill(export, start, end);
    if (window)
        memcpy(data, window->data + (at - start), size);
    return window != NULL;
}

/* A negative count is one of bytes. */
static errcode_t export_read64(io_channel channel, unsigned long long block,
                               int count, void *data)
{
    struct export *export = channel->private_data;
    size_t size = count < 0 ? (size_t)-count
                            : (size_t)count * (size_t)channel->block_size;
    uint64_t at = export->offset + block * (uint64_t)channel->block_size;

    if (window_read(export, data, size, at) ||
        nbd_pread(export->handle, data, size, at, 0) == 0)
        return 0;
    return export_error();
}

static errcode_t export_read(io_channel channel, unsigned long block, int count,
                             void *data)
{
    return export_read64(channel, block, count, data);
}

static errcode_t export_write(io_channel channel, unsigned long block,
                              int count, const void *data)
{
    (void)channel, (void)block, (void)count, (void)data;
    return EROFS;
}

static errcode_t export_flush(io_channel channel)
{
    (void)channel;
    return 0;
}

static errcode_t export_option(io_channel channel, const char *option,
                               const char *value)
{
    struct export *export = channel->private_data;

    if (strcmp(option, "offset") != 0 || !value)
        return EXT2_ET_INVALID_ARGUMENT;
    export->offset = strtoull(value, NULL, 10);
    return 0;
}

struct struct_io_manager nbd_image_manager = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "an NBD export",
    .open = export_open,
    .close = export_close,
    .set_blksize = export_set_blksize,
    .read_blk = export_read,
    .write_blk = export_write,
    .flush = export_flush,
    .set_option = export_option,
    .read_blk64 = export_read64,
};
