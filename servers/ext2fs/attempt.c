/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ext2fs/attempt.h"

#include <stdlib.h>

#include "ext2fs/pieces.h"

#define WANTED_MAX 64u

static _Thread_local struct {
    boolean_t on, missed, made, changed;
    uint32_t count;
    uint64_t wanted[WANTED_MAX]; /* pieces */
} attempt;

void attempt_begin(void)
{
    attempt.on = attempt.made = TRUE;
    attempt.missed = attempt.changed = FALSE;
    attempt.count = 0;
}

void attempt_end(void)
{
    attempt.on = attempt.made = FALSE;
}

boolean_t attempt_has_changed(void)
{
    return attempt.changed || !attempt.made;
}

boolean_t attempt_is_on(void)
{
    return attempt.on;
}

boolean_t attempt_pause(void)
{
    boolean_t before = attempt.on;

    attempt.on = FALSE;
    return before;
}

void attempt_resume(boolean_t before)
{
    attempt.on = before;
}

errcode_t attempt_want(uint64_t index)
{
    attempt.missed = TRUE;
    for (uint32_t i = 0; i < attempt.count; i++)
        if (attempt.wanted[i] == index)
            return DISK_NOT_HERE;
    /* No more than what the cache can hold at once, with others. */
    if (attempt.count < WANTED_MAX && attempt.count < pieces_limit() / 4)
        attempt.wanted[attempt.count++] = index;
    return DISK_NOT_HERE;
}

errcode_t disk_commit(void)
{
    if (attempt.on && attempt.missed)
        return DISK_NOT_HERE;
    attempt.on = FALSE;
    attempt.changed = TRUE;
    return 0;
}

/* --- what was missed ---------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Pieces from WANTED[AT] on that lie in a row and nobody reads yet. */
static uint32_t row_length(uint32_t at)
{
    uint32_t count = 0;

    while (at + count < attempt.count && count < FETCH_MAX &&
           attempt.wanted[at + count] == attempt.wanted[at] + count) {
        struct piece *piece = piece_find(attempt.wanted[at + count]);
        if (piece && (piece->coming || !piece->unknown))
            break;
        count++;
    }
    return count;
}

boolean_t attempt_fetch(void)
{
    boolean_t some = attempt.count > 0;

    qsort(attempt.wanted, attempt.count, sizeof *attempt.wanted, compare);
    for (uint32_t at = 0; at < attempt.count;) {
        uint32_t row = row_length(at);
        if (row && pieces_fetch(attempt.wanted[at], row))
            some = FALSE;
        at += row ? row : 1;
    }
    for (uint32_t at = 0; at < attempt.count; at++)
        piece_wait(attempt.wanted[at]);
    attempt.count = 0;
    return some;
}
