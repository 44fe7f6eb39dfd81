/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/pieces.h: the cache of the device.
 *
 * It holds aligned pieces, and of each remembers which units (of 1 KiB, or a
 * sector) are known and which were changed.  A unit that is written as a whole
 * need not be read.
 *
 * A medium that fails in one place is good in others: what cannot be read or
 * written as a whole is tried unit by unit.  A unit that cannot be written
 * stays in the cache, and is an error at every sync until it can.
 *
 * All of it under diskfs_lock, which is let go only where that is said.
 */
#ifndef EXT2FS_PIECES_H
#define EXT2FS_PIECES_H

#include "ext2fs/disk.h"

#include <diskfs/diskfs.h>

#define PIECE_SIZE 0x10000u

struct piece {
    struct piece *hash_next;
    struct piece *newer, *older; /* in order of use */
    uint64_t index;
    char *data; /* PIECE_SIZE, of its own pages; NULL: nothing is known */
    /* A bit for each unit: what in it is not on the device, by kind; and that
     * it is not known. */
    uint64_t dirty[DISK_KINDS], unknown;
    uint64_t failed; /* of those that are not known: could not be read */
    /* It stays while somebody reads it without the lock (how many do), and while
     * units are written so, or it is chosen to be. */
    unsigned coming;
    uint64_t going;
    boolean_t chosen, bad; /* BAD: could not be the last time */
    unsigned generation;   /* what was asked for before another one is stale */
};

/* The store is open: as many pieces as there may be are an eighth of memory. */
void pieces_init(void);
uint64_t pieces_limit(void);

/* The bytes of a piece's units, which may end with the device. */
uint32_t piece_units_size(const struct piece *piece, uint32_t first,
                          uint32_t count);
/* Those of them that have some of SIZE bytes from AT on. */
uint64_t piece_units(uint32_t at, uint32_t size);

uint32_t pieces_unit(void); /* its size in bytes */
uint64_t units_from(uint32_t first, uint32_t count);
struct piece *pieces_newest(void);
/* More is dirty than should be. */
boolean_t pieces_are_dirty(void);

/* The piece, or NULL. */
struct piece *piece_find(uint64_t index);
/* The piece, which may be a new one of which nothing is known. */
errcode_t piece_get(uint64_t index, struct piece **result);
/* Reads what is not known of UNITS, all of the piece at best; in an attempt
 * (attempt.h) DISK_NOT_HERE. */
errcode_t piece_know(struct piece *piece, uint64_t units);
/* SIZE bytes from AT on are DATA; UNITS in part are known. */
errcode_t piece_write(struct piece *piece, uint32_t at, const char *data,
                      uint32_t size, enum disk_kind kind);
/* All units with something dirty. */
uint64_t piece_dirty(const struct piece *piece);
void piece_set_dirty(struct piece *piece, enum disk_kind kind, uint64_t units);
void piece_set_clean(struct piece *piece, uint64_t units);
/* Forgets all; nothing is dirty. */
void pieces_forget(void);

/* SIZE bytes from AT on were put on the device. */
void piece_note(struct piece *piece, uint32_t at, const char *data,
                uint32_t size);

/* --- clean.c ------------------------------------------------------------------ */

/* Writes UNITS, neighbours together; those that cannot be written stay dirty. */
errcode_t piece_clean(struct piece *piece, uint64_t units);
/* All that is dirty in it; what must come home before it, first. */
errcode_t piece_clean_in_order(struct piece *piece);
errcode_t pieces_clean(enum disk_kind kind);
/* The same, with the lock let go, by one thread at a time; until something cannot
 * be written unless ALL. */
errcode_t pieces_clean_aside(enum disk_kind kind, boolean_t all);

/* Whether something could not be written so in the last seconds. */
boolean_t pieces_have_failed(unsigned seconds);

/* --- reading without the lock --------------------------------------------------- */

/* COUNT pieces in a row are read, without the lock, by one request at best.  What
 * fails is known then.  ENOMEM: not even one. */
#define FETCH_MAX 16u
errcode_t pieces_fetch(uint64_t first, uint32_t count);
/* Waits, without the lock, until nobody else reads it. */
void piece_wait(uint64_t index);

#endif
