/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/clean.c: what was changed in the cache goes home.
 *
 * Under the lock it goes from where it is.  Without the lock a copy goes, while
 * the piece stays as it is, but for what is written to it again: that is dirty
 * again.  Nobody else writes the same units to the device meanwhile, as one
 * thread at a time does so, and who needs room leaves them alone.
 */
#include <errno.h>
#include <string.h>

#include "ext2fs/pieces.h"
#include "ext2fs/private.h"

static unsigned aside_count; /* pieces on their way without the lock */

/* Writes COUNT units of the piece INDEX from DATA, one by one if they cannot be
 * written together.  Those that could be are added to *DONE. */
static errcode_t units_store(uint64_t index, const char *data, uint32_t first,
                             uint32_t count, uint64_t *done)
{
    uint32_t unit = pieces_unit();
    struct piece place = {.index = index};
    errcode_t err =
        store_write(index * PIECE_SIZE + first * unit, data + first * unit,
                    piece_units_size(&place, first, count));

    if (!err)
        *done |= units_from(first, count);
    if (err != EIO || count == 1)
        return err;
    err = 0;
    for (uint32_t i = 0; i < count; i++) {
        errcode_t one = units_store(index, data, first + i, 1, done);
        err = err ? err : one;
    }
    return err;
}

/* Neighbours go together. */
static errcode_t units_store_all(uint64_t index, const char *data,
                                 uint64_t which, uint64_t *done)
{
    errcode_t err = 0;

    while (which) {
        uint32_t first = __builtin_ctzll(which);
        uint64_t rest = ~(which >> first);
        uint32_t count = rest ? (uint32_t)__builtin_ctzll(rest) : 64;
        errcode_t one = units_store(index, data, first, count, done);
        err = err ? err : one;
        which &= ~units_from(first, count);
    }
    return err;
}

errcode_t piece_clean(struct piece *piece, uint64_t which)
{
    uint64_t done = 0;
    errcode_t err = units_store_all(piece->index, piece->data, which, &done);

    piece_set_clean(piece, done);
    return err;
}

errcode_t pieces_clean(enum disk_kind kind)
{
    errcode_t err = 0;

    for (struct piece *piece = pieces_newest(); piece; piece = piece->older) {
        uint64_t which = piece->dirty[kind];
        errcode_t one = which ? piece_clean(piece, which) : 0;
        err = err ? err : one;
    }
    return err;
}

errcode_t piece_clean_in_order(struct piece *piece)
{
    int kind = DISK_NAMES;

    while (kind > DISK_METADATA && !piece->dirty[kind])
        kind--;
    if (kind > DISK_METADATA && aside_count)
        return EBUSY; /* what must come home before it is on its way */
    for (int before = 0; kind > DISK_METADATA && before < kind; before++)
        pieces_clean(before);
    return piece_clean(piece, piece_dirty(piece));
}

/* --- without the lock --------------------------------------------------------------- */

/* The lock is let go. */
static errcode_t piece_clean_aside(struct piece *piece, enum disk_kind kind)
{
    static char copy[PIECE_SIZE] __attribute__((aligned(4096)));
    uint32_t unit = pieces_unit();
    uint64_t index = piece->index, which = piece->dirty[kind], done = 0;

    for (uint32_t i = 0; i < PIECE_SIZE / unit; i++)
        if (which >> i & 1)
            memcpy(copy + i * unit, piece->data + i * unit, unit);
    piece_set_clean(piece, which);
    piece->going = which;
    aside_count++;
    pthread_mutex_unlock(&diskfs_lock);
    errcode_t err = units_store_all(index, copy, which, &done);
    pthread_mutex_lock(&diskfs_lock);
    aside_count--;
    piece->going = 0;
    if (which & ~done)
        piece_set_dirty(piece, kind, which & ~done);
    return err;
}

errcode_t pieces_clean_aside(enum disk_kind kind)
{
    errcode_t err = 0;

    /* What is changed from here on can wait for the next time. */
    for (struct piece *piece = pieces_newest(); piece; piece = piece->older)
        piece->chosen = piece->dirty[kind] != 0;
    for (struct piece *piece = pieces_newest(); piece;) {
        boolean_t chosen = piece->chosen && piece->dirty[kind];
        piece->chosen = FALSE;
        if (!chosen) {
            piece = piece->older;
            continue;
        }
        errcode_t one = piece_clean_aside(piece, kind);
        err = err ? err : one;
        piece = pieces_newest(); /* others may have come and gone */
    }
    return err;
}
