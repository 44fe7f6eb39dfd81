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
#include <time.h>

#include "ext2fs/pieces.h"
#include "ext2fs/private.h"

static unsigned aside_count; /* pieces on their way without the lock */
static time_t failed_at;     /* the last of them that could not be written */

boolean_t pieces_have_failed(unsigned seconds)
{
    return time(NULL) - failed_at < (time_t)seconds;
}

/* A piece on its way to the device.  So many bad places of a medium are looked for
 * in one; if there are more, all of it is bad. */
#define BAD_MAX 4u
/* After so many pieces in a row that cannot be written the others must wait. */
#define FAILED_MAX 4u

struct way {
    uint64_t index;
    const char *data;
    uint64_t done; /* units that were written */
    unsigned bad;
    errcode_t err;
};

/* Writes COUNT units; what cannot be written as a whole is taken apart. */
static void units_store(struct way *way, uint32_t first, uint32_t count)
{
    uint32_t unit = pieces_unit();
    struct piece place = {.index = way->index};

    if (way->bad == BAD_MAX)
        return;
    errcode_t err = store_write(way->index * PIECE_SIZE + first * unit,
                                way->data + first * unit,
                                piece_units_size(&place, first, count));
    if (!err) {
        way->done |= units_from(first, count);
    } else if (err == EIO && count > 1) {
        units_store(way, first, count / 2);
        units_store(way, first + count / 2, count - count / 2);
    } else {
        way->bad++;
        way->err = err;
    }
}

/* Neighbours go together. */
static void units_store_all(struct way *way, uint64_t which)
{
    while (which) {
        uint32_t first = __builtin_ctzll(which);
        uint64_t rest = ~(which >> first);
        uint32_t count = rest ? (uint32_t)__builtin_ctzll(rest) : 64;
        units_store(way, first, count);
        which &= ~units_from(first, count);
    }
}

errcode_t piece_clean(struct piece *piece, uint64_t which)
{
    struct way way = {.index = piece->index, .data = piece->data};

    units_store_all(&way, which);
    piece_set_clean(piece, way.done);
    return way.err;
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
    uint64_t which = piece->dirty[kind];
    struct way way = {.index = piece->index, .data = copy};

    for (uint32_t i = 0; i < PIECE_SIZE / unit; i++)
        if (which >> i & 1)
            memcpy(copy + i * unit, piece->data + i * unit, unit);
    piece_set_clean(piece, which);
    piece->going = which;
    aside_count++;
    pthread_mutex_unlock(&diskfs_lock);
    units_store_all(&way, which);
    pthread_mutex_lock(&diskfs_lock);
    aside_count--;
    piece->going = 0;
    if (which & ~way.done)
        piece_set_dirty(piece, kind, which & ~way.done);
    piece->bad = way.err != 0;
    if (way.err)
        failed_at = time(NULL);
    return way.err;
}

/* The next that was chosen, and is BAD or not; or NULL. */
static struct piece *next_chosen(enum disk_kind kind, boolean_t bad)
{
    struct piece *piece = pieces_newest();

    while (piece && !(piece->chosen && piece->dirty[kind] && piece->bad == bad))
        piece = piece->older;
    if (piece)
        piece->chosen = FALSE;
    return piece;
}

/* Those that could not be written the last time come behind all others, and are
 * not all tried if none of them can be. */
errcode_t pieces_clean_aside(enum disk_kind kind, boolean_t all)
{
    struct piece *piece;
    unsigned failed = 0;
    errcode_t err = 0;

    /* What is changed from here on can wait for the next time. */
    for (piece = pieces_newest(); piece; piece = piece->older)
        piece->chosen = piece->dirty[kind] != 0;
    while ((all || !err) && failed < FAILED_MAX &&
           ((piece = next_chosen(kind, FALSE)) ||
            (piece = next_chosen(kind, TRUE)))) {
        errcode_t one = piece_clean_aside(piece, kind);
        err = err ? err : one;
        failed = one ? failed + 1 : 0;
    }
    return err;
}
