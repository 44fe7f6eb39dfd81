/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/attempt.c: what would wait for the disk under the lock is done again
 * from its beginning instead. */

#include <diskfs/private.h>

/* After so many the disk is waited for under the lock: something needs more of it
 * at once than there is room for. */
#define ATTEMPTS_MAX 64

void diskfs_attempt_begin(struct diskfs_attempt *attempt)
{
    if (diskfs_format->attempt_begin && attempt->count < ATTEMPTS_MAX)
        diskfs_format->attempt_begin();
}

boolean_t diskfs_attempt_again(struct diskfs_attempt *attempt, error_t *err)
{
    if (diskfs_format->attempt_begin)
        diskfs_format->attempt_end();
    if (*err != DISKFS_NOT_HERE)
        return FALSE;
    /* Who waits for the disk does not say so: somebody else has. */
    if (!diskfs_format->attempt_begin || attempt->count == ATTEMPTS_MAX) {
        *err = HURD_EIO;
        return FALSE;
    }
    attempt->count =
        diskfs_format->attempt_fetch() ? attempt->count + 1 : ATTEMPTS_MAX;
    return TRUE;
}
