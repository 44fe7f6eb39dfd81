/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ext2fs/attempt.h"

#include <stdlib.h>

#include "ext2fs/pieces.h"

#define WANTED_MAX 64u

static _Thread_local struct attempt attempt;
/* What the thread's last one missed: pieces. */
static _Thread_local struct {
    uint32_t count;
    uint64_t pieces[WANTED_MAX];
} wanted;

void attempt_begin(void)
{
    attempt.on = attempt.made = TRUE;
    attempt.missed = attempt.changed = FALSE;
    wanted.count = 0;
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

struct attempt attempt_pause(void)
{
    struct attempt before = attempt;

    attempt.on = FALSE;
    return before;
}

void attempt_resume(const struct attempt *before)
{
    boolean_t changed = attempt.changed || before->changed;

    attempt = *before;
    attempt.changed = changed;
}

errcode_t attempt_want(uint64_t index)
{
    attempt.missed = TRUE;
    for (uint32_t i = 0; i < wanted.count; i++)
        if (wanted.pieces[i] == index)
            return DISK_NOT_HERE;
    /* No more than what the cache can hold at once, with others. */
    if (wanted.count < WANTED_MAX && wanted.count < pieces_limit() / 4)
        wanted.pieces[wanted.count++] = index;
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

    while (at + count < wanted.count && count < FETCH_MAX &&
           wanted.pieces[at + count] == wanted.pieces[at] + count) {
        struct piece *piece = piece_find(wanted.pieces[at + count]);
        if (piece && (piece->coming || !piece->unknown))
            break;
        count++;
    }
    return count;
}

boolean_t attempt_fetch(void)
{
    boolean_t some = wanted.count > 0;

    qsort(wanted.pieces, wanted.count, sizeof *wanted.pieces, compare);
    for (uint32_t at = 0; at < wanted.count;) {
        uint32_t row = row_length(at);
        if (row && pieces_fetch(wanted.pieces[at], row))
            some = FALSE;
        at += row ? row : 1;
    }
    for (uint32_t at = 0; at < wanted.count; at++)
        piece_wait(wanted.pieces[at]);
    wanted.count = 0;
    return some;
}
