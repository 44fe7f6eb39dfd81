/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/transfer.c: from a caller's buffer to requests.
 *
 * Memory that a device can reach is handed to it as it is, in pieces as large
 * as the disk takes.  Other data goes through bounce buffers.  Either way up to
 * PIECES of a transfer are under way at a time.
 *
 * The first bounce buffer of a transfer is waited for, more are taken only if
 * they are free: whoever waits holds none, so all get on.
 */

#include "drivers/rump/private.h"

#define PIECES 4u

struct piece {
    struct block_request request;
    struct hyp_segment segment;
    struct rump_bounce *bounce; /* NULL: the caller's memory */
    char *data;                 /* the caller's */
    bool in_use;                /* the owner's, no lock */
    bool done;                  /* under the transfer's lock */
    enum driver_error result;
};

/* One call's work; kept for the next when it is over. */
struct transfer {
    struct transfer *next;
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

static struct {
    struct hyp_lock *lock;
    struct transfer *idle;
} pool;

unsigned rump_overdue_ms = 15000;

/* --- transfers ------------------------------------------------------------ */

static void free_transfer(struct transfer *transfer)
{
    if (transfer->lock != NULL) {
        hyp_lock_destroy(transfer->lock);
    }
    if (transfer->changed != NULL) {
        hyp_cond_destroy(transfer->changed);
    }
    hyp_free(transfer);
}

static struct transfer *new_transfer(void)
{
    struct transfer *transfer = hyp_alloc(sizeof *transfer);

    if (transfer == NULL) {
        return NULL;
    }
    transfer->lock = hyp_lock_create();
    transfer->changed = hyp_cond_create();
    if (transfer->lock == NULL || transfer->changed == NULL) {
        free_transfer(transfer);
        return NULL;
    }
    return transfer;
}

static struct transfer *take_transfer(void)
{
    struct transfer *transfer;

    hyp_lock_acquire(pool.lock);
    transfer = pool.idle;
    if (transfer != NULL) {
        pool.idle = transfer->next;
    }
    hyp_lock_release(pool.lock);
    return transfer != NULL ? transfer : new_transfer();
}

static void give_transfer(struct transfer *transfer)
{
    hyp_lock_acquire(pool.lock);
    transfer->next = pool.idle;
    pool.idle = transfer;
    hyp_lock_release(pool.lock);
}

enum driver_error rump_transfer_init(void)
{
    pool.lock = hyp_lock_create();
    return pool.lock != NULL ? rump_bounce_init() : DRIVER_ENOMEM;
}

void rump_transfer_end(void)
{
    while (pool.idle != NULL) {
        struct transfer *transfer = pool.idle;

        pool.idle = transfer->next;
        free_transfer(transfer);
    }
    rump_bounce_end();
    if (pool.lock != NULL) {
        hyp_lock_destroy(pool.lock);
    }
    pool.lock = NULL;
}

/* --- pieces --------------------------------------------------------------- */

/* The driver's thread says that a request is over. */
static void piece_done(struct block_request *request, enum driver_error error)
{
    struct transfer *transfer = request->cookie;
    struct piece *piece = (struct piece *)request;

    hyp_lock_acquire(transfer->lock);
    piece->done = true;
    piece->result = error;
    hyp_lock_release(transfer->lock);
    /* After the release, so that who is woken finds the lock free.  A transfer
     * that has ended by now is still there: they are kept for the next. */
    hyp_cond_broadcast(transfer->changed);
}

/* Finds out where the next piece's data goes and how much that is; false if
 * there is no memory for it. */
static bool prepare_data(struct transfer *transfer, struct piece *piece)
{
    size_t size = transfer->size - transfer->offset;

    piece->data = transfer->data + transfer->offset;
    if (size > transfer->disk->transfer_max_bytes) {
        size = transfer->disk->transfer_max_bytes;
    }
    if (transfer->direct || size == 0) { /* or a flush */
        piece->bounce = NULL;
        piece->segment.phys = transfer->phys + transfer->offset;
    } else {
        piece->bounce = rump_bounce_take(size, transfer->busy == 0);
        if (piece->bounce == NULL) {
            return false;
        }
        piece->segment.phys = piece->bounce->phys;
        if (size > piece->bounce->size_bytes) {
            size = piece->bounce->size_bytes;
        }
        if (transfer->op == BLOCK_WRITE) {
            __builtin_memcpy(piece->bounce->data, piece->data, size);
        }
    }
    piece->segment.size_bytes = (uint32_t)size;
    return true;
}

/* Begins one piece; false if there is no memory for it. */
static bool start_piece(struct transfer *transfer, struct piece *piece)
{
    struct block_disk *disk = transfer->disk;
    uint32_t size;

    if (!prepare_data(transfer, piece)) {
        return false;
    }
    size = piece->segment.size_bytes;
    piece->request = (struct block_request){
        .op = transfer->op,
        .sector = transfer->sector + transfer->offset / disk->sector_bytes,
        .sector_count = size / disk->sector_bytes,
        .segments = &piece->segment,
        .segment_count = size > 0,
        .done = piece_done,
        .cookie = transfer,
    };
    piece->in_use = true;
    piece->done = false;
    transfer->offset += size;
    transfer->busy++;
    disk->ops->submit(disk, &piece->request);
    return true;
}

static void start_pieces(struct transfer *transfer)
{
    for (unsigned i = 0; i < PIECES; i++) {
        struct piece *piece = &transfer->pieces[i];

        if (transfer->offset == transfer->size ||
            transfer->error != DRIVER_OK) {
            return;
        }
        if (piece->in_use) {
            continue;
        }
        if (!start_piece(transfer, piece)) {
            if (transfer->busy == 0) {
                transfer->error = DRIVER_ENOMEM;
            }
            return;
        }
    }
}

static void end_piece(struct transfer *transfer, struct piece *piece)
{
    if (piece->result != DRIVER_OK && transfer->error == DRIVER_OK) {
        transfer->error = piece->result;
    }
    if (piece->bounce != NULL) {
        if (transfer->op == BLOCK_READ && piece->result == DRIVER_OK) {
            __builtin_memcpy(piece->data, piece->bounce->data,
                             piece->segment.size_bytes);
        }
        rump_bounce_give(piece->bounce);
    }
    piece->in_use = false;
    transfer->busy--;
}

/* --- waiting -------------------------------------------------------------- */

/* The mask of the pieces that are done. */
static unsigned done_pieces(const struct transfer *transfer)
{
    unsigned done = 0;

    for (unsigned i = 0; i < PIECES; i++) {
        if (transfer->pieces[i].in_use && transfer->pieces[i].done) {
            done |= 1u << i;
        }
    }
    return done;
}

static void complain(struct transfer *transfer)
{
    for (unsigned i = 0; i < PIECES; i++) {
        bool busy;

        hyp_lock_acquire(transfer->lock);
        busy = transfer->pieces[i].in_use && !transfer->pieces[i].done;
        hyp_lock_release(transfer->lock);
        if (busy) {
            transfer->disk->ops->overdue(transfer->disk,
                                         &transfer->pieces[i].request);
        }
    }
}

static unsigned wait_pieces(struct transfer *transfer)
{
    unsigned done;

    hyp_lock_acquire(transfer->lock);
    while ((done = done_pieces(transfer)) == 0) {
        if (!hyp_cond_wait(transfer->changed, transfer->lock,
                           rump_overdue_ms) &&
            done_pieces(transfer) == 0) {
            hyp_lock_release(transfer->lock);
            complain(transfer);
            hyp_lock_acquire(transfer->lock);
        }
    }
    hyp_lock_release(transfer->lock);
    return done;
}

static void run(struct transfer *transfer)
{
    for (;;) {
        unsigned done;

        start_pieces(transfer);
        if (transfer->busy == 0) {
            return;
        }
        done = wait_pieces(transfer);
        for (unsigned i = 0; i < PIECES; i++) {
            if ((done >> i & 1) != 0) {
                end_piece(transfer, &transfer->pieces[i]);
            }
        }
    }
}

static void run_flush(struct transfer *transfer)
{
    start_piece(transfer, &transfer->pieces[0]);
    wait_pieces(transfer);
    end_piece(transfer, &transfer->pieces[0]);
}

enum driver_error rump_transfer(struct block_disk *disk, enum block_op op,
                                void *data, uint64_t sector, size_t size)
{
    struct transfer *transfer = take_transfer();
    enum driver_error error;

    if (transfer == NULL) {
        return DRIVER_ENOMEM;
    }
    transfer->disk = disk;
    transfer->op = op;
    transfer->data = data;
    transfer->sector = sector;
    transfer->size = size;
    transfer->offset = 0;
    transfer->error = DRIVER_OK;
    if (op == BLOCK_FLUSH) {
        run_flush(transfer);
    } else {
        transfer->direct = hyp_dma_translate(data, size, &transfer->phys) &&
                           transfer->phys % 4 == 0;
        run(transfer);
    }
    error = transfer->error;
    give_transfer(transfer);
    return error;
}
