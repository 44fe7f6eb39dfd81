/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/rlock.c: record locks: ranges of a file that an open holds,
 * shared or alone.  Ranges of one open never overlap; those of different opens
 * only if both are shared. */

#include <fshelp/fshelp.h>
#include <hurd/fcntl.h>
#include <ports/ports.h>
#include <stdlib.h>

#define TO_END INT64_MAX

struct rlock {
    struct rlock *next;
    struct rlock_peropen *owner;
    int64_t start, end; /* bytes start ... end - 1 */
    int type;           /* HF_RDLCK or HF_WRLCK */
};

/* Those who wait for any box to change; waits are rare. */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void fshelp_rlock_init(struct rlock_box *box)
{
    box->locks = NULL;
}

error_t fshelp_rlock_po_init(struct rlock_peropen *po, struct rlock_box *box,
                             pthread_mutex_t *mutex)
{
    po->box = box;
    po->mutex = mutex;
    return 0;
}

static struct rlock *find_conflict(struct rlock_box *box,
                                   struct rlock_peropen *po, int type,
                                   int64_t start, int64_t end)
{
    for (struct rlock *l = box->locks; l; l = l->next)
        if (l->owner != po && l->start < end && start < l->end &&
            (type == HF_WRLCK || l->type == HF_WRLCK))
            return l;
    return NULL;
}

static error_t add(struct rlock_box *box, struct rlock_peropen *po, int type,
                   int64_t start, int64_t end)
{
    struct rlock *new = calloc(1, sizeof *new);

    if (!new)
        return HURD_ENOLCK;
    *new = (struct rlock){box->locks, po, start, end, type};
    box->locks = new;
    return 0;
}

/* Takes start ... end away from what PO has. */
static error_t carve(struct rlock_box *box, struct rlock_peropen *po,
                     int64_t start, int64_t end)
{
    error_t err = 0;

    for (struct rlock **at = &box->locks; *at;) {
        struct rlock *l = *at;
        if (l->owner != po || l->end <= start || end <= l->start) {
            at = &l->next;
        } else if (l->start < start && end < l->end) {
            err = add(box, po, l->type, end, l->end);
            l->end = start;
            break;
        } else if (l->start < start) {
            l->end = start;
            at = &l->next;
        } else if (end < l->end) {
            l->start = end;
            at = &l->next;
        } else {
            *at = l->next;
            free(l);
        }
    }
    pthread_cond_broadcast(&changed);
    return err;
}

error_t fshelp_rlock_drop_peropen(struct rlock_peropen *po)
{
    return po->box ? carve(po->box, po, 0, TO_END) : 0;
}

static int strongest(struct rlock_box *box, struct rlock_peropen *po)
{
    int status = HLOCK_UN;

    for (struct rlock *l = box->locks; l; l = l->next) {
        if (po && l->owner != po)
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

static error_t find_range(const struct hurd_flock *lock, int64_t size,
                          int64_t curpos, int64_t *start, int64_t *end)
{
    int64_t base = lock->l_whence == 0   ? 0
                   : lock->l_whence == 1 ? curpos
                                         : size;

    if (lock->l_whence < 0 || lock->l_whence > 2 ||
        __builtin_add_overflow(base, lock->l_start, start) || *start < 0)
        return HURD_EINVAL;
    if (lock->l_len == 0) {
        *end = TO_END;
    } else if (__builtin_add_overflow(*start, lock->l_len, end)) {
        return HURD_EOVERFLOW;
    } else if (lock->l_len < 0) {
        int64_t swap = *start;
        *start = *end;
        *end = swap;
        if (*start < 0)
            return HURD_EINVAL;
    }
    return 0;
}

static error_t check_mode(int cmd, int type, int open_mode)
{
    if (type != HF_RDLCK && type != HF_WRLCK && type != HF_UNLCK)
        return HURD_EINVAL;
    if (cmd == HF_GETLK64)
        return type == HF_UNLCK ? HURD_EINVAL : 0;
    if ((type == HF_RDLCK && !(open_mode & HO_READ)) ||
        (type == HF_WRLCK && !(open_mode & HO_WRITE)))
        return HURD_EBADF;
    return 0;
}

error_t fshelp_rlock_tweak(struct rlock_box *box, pthread_mutex_t *mutex,
                           struct rlock_peropen *po, int open_mode,
                           int64_t size, int64_t curpos, int cmd,
                           struct hurd_flock *lock, mach_port_t rendezvous)
{
    struct rlock *other;
    int64_t start, end;
    error_t err = check_mode(cmd, lock->l_type, open_mode);

    if (!err)
        err = find_range(lock, size, curpos, &start, &end);
    if (err)
        return err;
    if (rendezvous != MACH_PORT_NULL)
        return HURD_EOPNOTSUPP;
    if (cmd != HF_GETLK64 && cmd != HF_SETLK64 && cmd != HF_SETLKW64)
        return HURD_EINVAL;

    while (lock->l_type != HF_UNLCK &&
           (other = find_conflict(box, po, lock->l_type, start, end))) {
        if (cmd == HF_GETLK64) {
            lock->l_type = other->type;
            lock->l_whence = 0;
            lock->l_start = other->start;
            lock->l_len = other->end == TO_END ? 0 : other->end - other->start;
            lock->l_pid = -1;
            return 0;
        }
        if (cmd == HF_SETLK64)
            return HURD_EAGAIN;
        if (pthread_hurd_cond_wait_np(&changed, mutex))
            return HURD_EINTR;
    }
    if (cmd == HF_GETLK64) {
        lock->l_type = HF_UNLCK;
        return 0;
    }
    err = carve(box, po, start, end);
    if (!err && lock->l_type != HF_UNLCK)
        err = add(box, po, lock->l_type, start, end);
    return err;
}
