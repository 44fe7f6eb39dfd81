/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/disk.c: bytes of the disk, by way of the cache. */

#include <string.h>

#include "ext2fs/attempt.h"
#include "ext2fs/pieces.h"
#include "ext2fs/private.h"

/* Of what is read or written, the part within one piece. */
struct part {
    uint64_t index;
    uint32_t at, size;
};

static struct part part_first(uint64_t offset, uint64_t size)
{
    uint32_t at = offset % PIECE_SIZE, room = PIECE_SIZE - at;

    return (struct part){offset / PIECE_SIZE, at, size < room ? size : room};
}

/* Whether the lock is let go while something is written. */
static boolean_t aside;

void disk_write_aside(int on)
{
    aside = on;
}

static void aside_begin(void)
{
    if (aside)
        pthread_mutex_unlock(&diskfs_lock);
}

static void aside_end(void)
{
    if (aside)
        pthread_mutex_lock(&diskfs_lock);
}

static boolean_t is_within(uint64_t offset, uint64_t size)
{
    return offset <= store_size() && size <= store_size() - offset;
}

/* In an attempt no piece comes or goes. */
static errcode_t part_probe(struct part part)
{
    struct piece *piece = piece_find(part.index);

    return piece ? piece_know(piece, piece_units(part.at, part.size))
                 : attempt_want(part.index);
}

errcode_t disk_probe(uint64_t offset, uint64_t size)
{
    struct part part;
    errcode_t err = 0;

    if (!attempt_is_on())
        return 0;
    if (!is_within(offset, size))
        return EXT2_ET_SHORT_READ;
    for (; size; offset += part.size, size -= part.size) {
        part = part_first(offset, size);
        errcode_t one = part_probe(part);
        err = err ? err : one;
    }
    return err;
}

int disk_is_known(uint64_t offset, uint64_t size)
{
    struct part part;
    int known = is_within(offset, size);

    for (; known && size; offset += part.size, size -= part.size) {
        part = part_first(offset, size);
        const struct piece *piece = piece_find(part.index);
        known = piece && !(piece->unknown & piece_units(part.at, part.size));
    }
    return known;
}

errcode_t disk_read(uint64_t offset, void *data, uint64_t size)
{
    struct piece *piece;
    struct part part;
    errcode_t err = is_within(offset, size) ? 0 : EXT2_ET_SHORT_READ;

    if (!err)
        err = disk_probe(offset, size);
    for (char *to = data; !err && size; to += part.size) {
        part = part_first(offset, size);
        err = piece_get(part.index, &piece);
        if (!err)
            err = piece_know(piece, piece_units(part.at, part.size));
        if (err)
            break;
        memcpy(to, piece->data + part.at, part.size);
        offset += part.size;
        size -= part.size;
    }
    return err;
}

errcode_t disk_write(uint64_t offset, const void *data, uint64_t size,
                     enum disk_kind kind)
{
    struct piece *piece;
    struct part part;
    errcode_t err = is_within(offset, size) ? 0 : EXT2_ET_SHORT_READ;

    if (!err)
        err = disk_commit();
    for (const char *from = data; !err && size; from += part.size) {
        part = part_first(offset, size);
        err = piece_get(part.index, &piece);
        if (!err)
            err = piece_write(piece, part.at, from, part.size, kind);
        offset += part.size;
        size -= part.size;
    }
    return err;
}

errcode_t disk_write_now(uint64_t offset, const void *data, uint64_t size)
{
    struct part part;
    errcode_t err = is_within(offset, size) ? 0 : EXT2_ET_SHORT_READ;

    if (!err) {
        aside_begin();
        err = store_write(offset, data, size);
        aside_end();
    }

    for (const char *from = data; !err && size; from += part.size) {
        part = part_first(offset, size);
        struct piece *piece = piece_find(part.index);
        if (piece)
            piece_note(piece, part.at, from, part.size);
        offset += part.size;
        size -= part.size;
    }
    return err;
}

errcode_t disk_clean(enum disk_kind kind)
{
    return aside ? pieces_clean_aside(kind, TRUE) : pieces_clean(kind);
}

errcode_t disk_flush(void)
{
    if (!store_begin_flush())
        return 0;
    aside_begin();
    errcode_t err = store_flush_now();
    aside_end();
    return store_end_flush(err);
}

uint64_t disk_room(void)
{
    return pieces_limit() * PIECE_SIZE / 4;
}
