/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/rlock.c: ranges of a file that an owner holds, shared or alone.
 * Ranges of one owner never overlap; those of different owners only if both are
 * shared.  Ends are the last byte: a lock may reach to the last that there can
 * be. */

#include <fshelp/rlock.h>
#include <ports/ports.h>
#include <stdlib.h>

#define TO_END    INT64_MAX
#define LOCKS_MAX 16384 /* of a file */
/* How long a chain of waiting processes is followed. */
#define CHAIN_MAX 64

struct rlock {
    struct rlock *next;
    const void *owner; /* a struct rlock_peropen or rlock_owner */
    pid_t pid;         /* 0: an open's */
    boolean_t whole;   /* flock's */
    int64_t start, end;
    int type; /* HF_RDLCK or HF_WRLCK */
};

/* What is asked for, and by whom. */
struct request {
    struct rlock_box *box;
    struct rlock_peropen *po;
    mach_port_t claim; /* or null */
    const void *owner;
    pid_t pid;
    boolean_t whole;
    int64_t start, end;
    int type;
};

/* A process that waits for another. */
struct waiter {
    struct waiter *next, **prevp;
    pid_t pid, for_pid;
};

/* Those who wait for any box to change; waits are rare. */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct waiter *waiters;

void fshelp_rlock_init(struct rlock_box *box)
{
    *box = (struct rlock_box){0};
}

error_t fshelp_rlock_po_init(struct rlock_peropen *po, struct rlock_box *box,
                             pthread_mutex_t *mutex)
{
    po->box = box;
    po->mutex = mutex;
    return 0;
}

/* --- ranges ---------------------------------------------------------------- */

static boolean_t is_same_kind(const struct rlock *l, const struct request *rq)
{
    return l->owner == rq->owner && l->whole == rq->whole;
}

static struct rlock *find_conflict(const struct request *rq)
{
    for (struct rlock *l = rq->box->locks; l; l = l->next)
        if (l->owner != rq->owner && l->whole == rq->whole &&
            l->start <= rq->end && rq->start <= l->end &&
            (rq->type == HF_WRLCK || l->type == HF_WRLCK))
            return l;
    return NULL;
}

static void link_lock(struct rlock_box *box, struct rlock *new)
{
    struct rlock **at = &box->locks;

    while (*at && (*at)->start < new->start)
        at = &(*at)->next;
    new->next = *at;
    *at = new;
    box->count++;
}

static void unlink_lock(struct rlock_box *box, struct rlock **at)
{
    struct rlock *l = *at;

    *at = l->next;
    box->count--;
    free(l);
}

/* Takes the range away from what the owner has; SPARE becomes the second half
 * of a range that is cut in two.  Whether it was used. */
static boolean_t carve(const struct request *rq, struct rlock *spare)
{
    for (struct rlock **at = &rq->box->locks; *at;) {
        struct rlock *l = *at;
        if (!is_same_kind(l, rq) || l->end < rq->start || rq->end < l->start) {
            at = &l->next;
        } else if (l->start < rq->start && rq->end < l->end) {
            *spare = *l;
            spare->start = rq->end + 1;
            l->end = rq->start - 1;
            link_lock(rq->box, spare);
            return TRUE;
        } else if (l->start < rq->start) {
            l->end = rq->start - 1;
            at = &l->next;
        } else if (rq->end < l->end) {
            /* Kept in order: nothing of its owner's lies between. */
            *at = l->next;
            rq->box->count--;
            l->start = rq->end + 1;
            link_lock(rq->box, l);
            break;
        } else {
            unlink_lock(rq->box, at);
        }
    }
    return FALSE;
}

/* NEW and what touches it of the same type become one. */
static void merge(const struct request *rq, struct rlock *new)
{
    for (struct rlock **at = &rq->box->locks; *at;) {
        struct rlock *l = *at;
        boolean_t touches =
            l->end < new->start
                ? l->end + 1 == new->start
                : new->end < l->start &&new->end + 1 == l->start;
        if (l == new || !is_same_kind(l, rq) || l->type != new->type ||
            !touches) {
            at = &l->next;
            continue;
        }
        if (l->start < new->start)
            new->start = l->start;
        if (l->end > new->end)
            new->end = l->end;
        unlink_lock(rq->box, at);
    }
}

/* There is no conflict: from now on the range is as asked for. */
static error_t set_range(const struct request *rq)
{
    struct rlock *spare = calloc(1, sizeof *spare);
    struct rlock *new = calloc(1, sizeof *new);

    if (!spare || !new ||
        (rq->box->count >= LOCKS_MAX && rq->type != HF_UNLCK)) {
        free(spare);
        free(new);
        return HURD_ENOLCK;
    }
    if (!carve(rq, spare))
        free(spare);
    if (rq->type == HF_UNLCK) {
        free(new);
    } else {
        *new = (struct rlock){NULL,      rq->owner, rq->pid, rq->whole,
                              rq->start, rq->end,   rq->type};
        merge(rq, new);
        link_lock(rq->box, new);
    }
    pthread_cond_broadcast(&changed);
    return 0;
}

void rlock_drop(struct rlock_box *box, const void *owner)
{
    for (struct rlock **at = &box->locks; *at;)
        if ((*at)->owner == owner)
            unlink_lock(box, at);
        else
            at = &(*at)->next;
    pthread_cond_broadcast(&changed);
}

error_t fshelp_rlock_drop_peropen(struct rlock_peropen *po)
{
    if (po->box) {
        rlock_owner_leave(po);
        rlock_drop(po->box, po);
    }
    return 0;
}

static int strongest(struct rlock_box *box, struct rlock_peropen *po)
{
    int status = HLOCK_UN;

    for (struct rlock *l = box->locks; l; l = l->next) {
        if (po && l->owner != po &&
            !(l->pid && rlock_owner_claimed(l->owner, po)))
            continue;
        if (l->type == HF_WRLCK)
            return HLOCK_EX;
        status = HLOCK_SH;
    }
    return status;
}

int fshelp_rlock_peropen_status(struct rlock_peropen *po)
{
    return strongest(po->box, po);
}

int fshelp_rlock_box_status(struct rlock_box *box)
{
    return strongest(box, NULL);
}

/* --- waiting --------------------------------------------------------------- */

/* Would PID, if it waited for FOR_PID, wait for itself? */
static boolean_t is_deadlock(pid_t pid, pid_t for_pid)
{
    for (int i = 0; i < CHAIN_MAX && for_pid && pid; i++) {
        struct waiter *w = waiters;
        while (w && w->pid != for_pid)
            w = w->next;
        if (!w)
            return FALSE;
        if (w->for_pid == pid)
            return TRUE;
        for_pid = w->for_pid;
    }
    return FALSE;
}

/* The owner may go while it waits, as when its process is killed. */
static boolean_t owner_stays(const struct request *rq)
{
    return !rq->claim || rlock_owner_of(rq->po, rq->claim) == rq->owner;
}

static error_t wait_for(const struct request *rq, const struct rlock *other,
                        pthread_mutex_t *mutex)
{
    struct waiter me = {waiters, &waiters, rq->pid, other->pid};

    if (is_deadlock(rq->pid, other->pid))
        return HURD_EDEADLK;
    if (me.next)
        me.next->prevp = &me.next;
    waiters = &me;
    int interrupted = pthread_hurd_cond_wait_np(&changed, mutex);
    *me.prevp = me.next;
    if (me.next)
        me.next->prevp = me.prevp;
    return interrupted || !owner_stays(rq) ? HURD_EINTR : 0;
}

static error_t acquire(const struct request *rq, boolean_t wait,
                       pthread_mutex_t *mutex)
{
    struct rlock *other;
    error_t err = 0;

    while (rq->type != HF_UNLCK && (other = find_conflict(rq))) {
        if (!wait)
            return HURD_EAGAIN;
        err = wait_for(rq, other, mutex);
        if (err)
            return err;
    }
    return set_range(rq);
}

/* --- what is asked for ------------------------------------------------------ */

static error_t find_range(const struct hurd_flock *lock, int64_t size,
                          int64_t curpos, struct request *rq)
{
    int64_t base = lock->l_whence == 0   ? 0
                   : lock->l_whence == 1 ? curpos
                                         : size;

    if (lock->l_whence < 0 || lock->l_whence > 2)
        return HURD_EINVAL;
    if (__builtin_add_overflow(base, lock->l_start, &rq->start))
        return HURD_EOVERFLOW;
    if (rq->start < 0)
        return HURD_EINVAL;
    if (lock->l_len == 0) {
        rq->end = TO_END;
    } else if (lock->l_len > 0) {
        if (__builtin_add_overflow(rq->start, lock->l_len - 1, &rq->end))
            return HURD_EOVERFLOW;
    } else {
        rq->end = rq->start - 1;
        rq->start += lock->l_len;
        if (rq->start < 0)
            return HURD_EINVAL;
    }
    return 0;
}

static error_t check_mode(int cmd, int type, int open_mode)
{
    if (cmd != HF_GETLK64 && cmd != HF_SETLK64 && cmd != HF_SETLKW64)
        return HURD_EINVAL;
    if (type != HF_RDLCK && type != HF_WRLCK && type != HF_UNLCK)
        return HURD_EINVAL;
    if (cmd == HF_GETLK64)
        return type == HF_UNLCK ? HURD_EINVAL : 0;
    if ((type == HF_RDLCK && !(open_mode & HO_READ)) ||
        (type == HF_WRLCK && !(open_mode & HO_WRITE)))
        return HURD_EBADF;
    return 0;
}

static void show_conflict(const struct request *rq, struct hurd_flock *lock)
{
    const struct rlock *other = find_conflict(rq);

    if (!other) {
        lock->l_type = HF_UNLCK;
        return;
    }
    lock->l_type = other->type;
    lock->l_whence = 0;
    lock->l_start = other->start;
    lock->l_len = other->end == TO_END ? 0 : other->end - other->start + 1;
    lock->l_pid = other->pid ? other->pid : -1;
}

error_t fshelp_rlock_tweak(struct rlock_box *box, pthread_mutex_t *mutex,
                           struct rlock_peropen *po, int open_mode,
                           int64_t size, int64_t curpos, int cmd,
                           struct hurd_flock *lock, mach_port_t rendezvous)
{
    struct request rq = {.box = box,
                         .po = po,
                         .owner = po,
                         .type = lock->l_type,
                         .claim = rendezvous};
    error_t err = check_mode(cmd, lock->l_type, open_mode);

    if (!err)
        err = find_range(lock, size, curpos, &rq);
    if (err)
        return err;
    if (rendezvous != MACH_PORT_NULL) {
        struct rlock_owner *owner = rlock_owner_of(po, rendezvous);
        if (!owner)
            return HURD_EINVAL;
        rq.owner = owner;
        rq.pid = rlock_owner_pid(owner);
    }
    if (cmd == HF_GETLK64) {
        show_conflict(&rq, lock);
        return 0;
    }
    return acquire(&rq, cmd == HF_SETLKW64, mutex);
}

/* Another kind of lock than the one held is not waited for while that is
 * kept: two who do would wait for ever. */
error_t fshelp_rlock_whole(struct rlock_peropen *po, int flags)
{
    struct request rq = {
        .box = po->box, .po = po, .owner = po, .whole = TRUE, .end = TO_END};

    switch (flags & ~HLOCK_NB) {
    case HLOCK_SH:
        rq.type = HF_RDLCK;
        break;
    case HLOCK_EX:
        rq.type = HF_WRLCK;
        break;
    case HLOCK_UN:
        rq.type = HF_UNLCK;
        break;
    default:
        return HURD_EINVAL;
    }
    for (struct rlock *l = rq.box->locks; l; l = l->next)
        if (is_same_kind(l, &rq) && l->type == rq.type)
            return 0;
    struct request none = rq;
    none.type = HF_UNLCK;
    error_t err = set_range(&none);
    if (err || rq.type == HF_UNLCK)
        return err;
    return acquire(&rq, !(flags & HLOCK_NB), po->mutex);
}
