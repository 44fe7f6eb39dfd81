/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/transfer.h: a transfer that is under way, for transfer.c, which
 * makes it, and watch.c, which looks that it ends. */
#ifndef DRIVERS_RUMP_TRANSFER_H
#define DRIVERS_RUMP_TRANSFER_H

#include "drivers/rump/private.h"

#define PIECES 4u

struct piece {
    struct block_request request;
    struct block_segment segment;
    struct rump_bounce *bounce; /* NULL: the caller's memory */
    char *data;                 /* the caller's */
    bool in_use;                /* the owner's, no lock */
    bool busy, done;            /* under the transfer's lock */
    enum driver_error result;
};

/* One call's work; kept for the next when it is over. */
struct transfer {
    struct transfer *next;
    struct transfer *active_next, **active_link; /* of those under way */
    bool watched;          /* the watch looks at it: it must stay */
    struct hyp_lock *lock; /* of what drivers say */
    struct hyp_cond *changed;
    struct piece pieces[PIECES];

    struct block_disk *disk;
    enum block_op op;
    char *data;
    uint64_t phys; /* of data, if direct */
    bool direct;
    uint64_t sector;
    size_t size, offset; /* what is behind OFFSET is not begun */
    unsigned busy;
    enum driver_error error; /* the first */
};

/* --- watch.c -------------------------------------------------------------- */

enum driver_error rump_watch_init(void);
void rump_watch_end(void);
/* In between TRANSFER's requests are looked at from time to time; both are the
 * owner's.  It stays until the second returns. */
void rump_watch_add(struct transfer *transfer);
void rump_watch_remove(struct transfer *transfer);

#endif
