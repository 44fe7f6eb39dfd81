/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/vector.c: reading and writing in several pieces; the position.
 *
 * The pieces are one request as far as that goes: what others write is not
 * mixed with it, and a read does not wait for more when something came.
 */
#include "personality/bare.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/syscalls.h"

#include "hurd/errors.h"
#include "hurd/io.h"
#include "hurd/stat.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#define VECTOR_MAX  1024
#define TOTAL_MAX   0x7ffff000ul
#define LITTLE      0x1000   /* moved by way of the stack */
#define REQUEST_MAX 0x100000 /* at once */

struct vector {
    const struct iovec *iov;
    uint64_t count, total;
    uint64_t index, in_piece; /* how far it has been moved */
};

static long vector_look(struct vector *vector)
{
    if (vector->count > VECTOR_MAX)
        return -EINVAL;
    for (uint64_t i = 0; i < vector->count; i++) {
        if ((int64_t)vector->iov[i].iov_len < 0)
            return -EINVAL;
        vector->total += vector->iov[i].iov_len;
        if (vector->total > TOTAL_MAX)
            vector->total = TOTAL_MAX;
    }
    return 0;
}

/* The next SIZE bytes, to or from ROOM. */
static void vector_copy(struct vector *vector, char *room, uint64_t size,
                        bool out)
{
    while (size) {
        const struct iovec *iov = &vector->iov[vector->index];
        char *piece = (char *)iov->iov_base + vector->in_piece;
        uint64_t n = iov->iov_len - vector->in_piece;
        if (n > size)
            n = size;
        if (out)
            memcpy(room, piece, n);
        else
            memcpy(piece, room, n);
        room += n;
        size -= n;
        vector->in_piece += n;
        if (vector->in_piece == iov->iov_len) {
            vector->index++;
            vector->in_piece = 0;
        }
    }
}

static long vector_move(struct file *file, struct vector *vector, char *room,
                        uint64_t room_size, int64_t offset, bool write)
{
    uint64_t done = 0;

    do {
        uint64_t size = vector->total - done;
        int64_t at = offset < 0 ? -1 : offset + (int64_t)done;
        if (size > room_size)
            size = room_size;
        if (write)
            vector_copy(vector, room, size, true);
        long n = write ? file_write(file, room, size, at)
                       : file_read(file, room, size, at);
        if (n < 0)
            return done ? (long)done : n;
        if (!write)
            vector_copy(vector, room, (uint64_t)n, false);
        done += (uint64_t)n;
        if ((uint64_t)n < size)
            break;
    } while (done < vector->total);
    return (long)done;
}

static long vector_file(struct file *file, struct vector *vector,
                        int64_t offset, bool write)
{
    char little[LITTLE], *room = little;
    uint64_t size = sizeof little;

    if (vector->count == 1)
        return write ? file_write(file, vector->iov->iov_base, vector->total,
                                  offset)
                     : file_read(file, vector->iov->iov_base, vector->total,
                                 offset);
    if (vector->total > sizeof little) {
        size = vector->total < REQUEST_MAX ? vector->total : REQUEST_MAX;
        room = pages_allocate(size);
        if (!room)
            return -ENOMEM;
    }
    long result = vector_move(file, vector, room, size, offset, write);
    if (room != little)
        pages_free(room, size);
    return result;
}

static long vector_call(struct frame *frame, int64_t offset, bool write)
{
    struct vector vector = {.iov = (const struct iovec *)ARG2(frame),
                            .count = ARG3(frame)};
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return write && vector.count <= VECTOR_MAX && offset < 0
                   ? bare_writev((int)ARG1(frame), vector.iov, vector.count)
                   : -EBADF;
    long result = vector_look(&vector);
    if (!result)
        result = vector_file(file, &vector, offset, write);
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

static long vector_call_at(struct frame *frame, bool write)
{
    int64_t offset = (int64_t)ARG4(frame);

    return offset < 0 ? -EINVAL : vector_call(frame, offset, write);
}

long sys_preadv(struct frame *frame)
{
    return vector_call_at(frame, false);
}

long sys_pwritev(struct frame *frame)
{
    return vector_call_at(frame, true);
}

/* Of the flags that these add there are none here. */
static long vector_call_with_flags(struct frame *frame, bool write)
{
    if (ARG6(frame))
        return -EOPNOTSUPP;
    return (int64_t)ARG4(frame) == -1 ? vector_call(frame, -1, write)
                                      : vector_call_at(frame, write);
}

long sys_preadv2(struct frame *frame)
{
    return vector_call_with_flags(frame, false);
}

long sys_pwritev2(struct frame *frame)
{
    return vector_call_with_flags(frame, true);
}

/* --- the file pointer ---------------------------------------------------- */

/* Where data and holes are: a file is all data, with a hole behind it. */
static kern_return_t seek_data(struct file *file, int64_t offset, int whence,
                               int64_t *found)
{
    io_statbuf_t st;
    loff_t now;
    kern_return_t kr = io_seek(file->port, 0, SEEK_CUR, &now);

    if (!kr)
        kr = io_stat(file->port, &st);
    if (kr)
        return kr;
    if (offset < 0 || offset >= st.st_size)
        return HURD_ENXIO;
    *found = whence == SEEK_HOLE ? st.st_size : offset;
    return 0;
}

long sys_lseek(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));
    int64_t offset = (int64_t)ARG2(frame);
    int whence = (int)ARG3(frame);
    loff_t now = 0;
    kern_return_t kr = 0;

    if (!file)
        return -EBADF;
    if (whence < 0 || whence > SEEK_HOLE)
        kr = HURD_EINVAL;
    else if (whence > SEEK_END)
        kr = seek_data(file, offset, whence, &offset);
    if (!kr)
        kr = io_seek(file->port, offset, whence > SEEK_END ? SEEK_SET : whence,
                     &now);
    /* A directory's position is an entry's number, kept here. */
    if (!kr && whence == SEEK_SET)
        file->position = (uint64_t)offset;
    file_put(file);
    return kr == MIG_BAD_ID ? -ESPIPE : kr ? linux_error(kr) : now;
}
