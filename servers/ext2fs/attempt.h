/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/attempt.h: operations that do not wait for the disk under the
 * lock.
 *
 * In an attempt a thread reads only what the cache knows.  What it does not is
 * DISK_NOT_HERE, and noted; whoever made the attempt gives up all that it did,
 * has the disk read without the lock (attempt_fetch), and begins anew.  Before
 * the first change of anything that stays, disk_commit ends that: from there
 * on the operation goes to its end, and waits for the disk if it must.  So each
 * operation first looks (lookups, and disk_probe for what it will need) and then
 * changes.
 *
 * All of it is the thread's own.  A thread that makes no attempt waits.
 */
#ifndef EXT2FS_ATTEMPT_H
#define EXT2FS_ATTEMPT_H

#include "ext2fs/disk.h"

#include <diskfs/diskfs.h>

/* Where a thread stands. */
struct attempt {
    boolean_t on;     /* reads do not wait */
    boolean_t made;   /* begun, and not ended */
    boolean_t missed; /* something was not here */
    boolean_t changed;
};

/* A new attempt, or the end of one. */
void attempt_begin(void);
void attempt_end(void);
/* In an attempt that has changed nothing yet. */
boolean_t attempt_is_on(void);
/* Notes that the piece INDEX is wanted: DISK_NOT_HERE. */
errcode_t attempt_want(uint64_t index);
/* What the last attempt missed; diskfs_lock is held, and let go meanwhile.  FALSE
 * if it has missed nothing, or nothing could be done about it. */
boolean_t attempt_fetch(void);

/* The thread's last attempt has begun to change something; or it makes none. */
boolean_t attempt_has_changed(void);
/* Waiting for a moment, as the change is one that may be done again; or with
 * attempts of its own, in between. */
struct attempt attempt_pause(void);
void attempt_resume(const struct attempt *before);

#endif
