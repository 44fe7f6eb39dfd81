/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/share.c: how much of a server one user may have. */

#include <ports/ports.h>
#include <stdlib.h>

int ports_objects_max = 8192;
int ports_threads_max = 512;

/* Threads that requests of all users but root may take together: what they ask
 * for may have to wait for what other users have, and a server that asks another
 * in their name takes of its threads as many as they have of its own. */
#define USERS_THREADS_MAX 448
/* A user may have so many times what is left for all: 2/3 if he is alone, and each
 * who comes later has that of the rest.  Five who are in league leave something. */
#define USER_TIMES_LEFT 2

struct share {
    uid_t user;
    int objects, requests;
};

/* Under _ports_lock; entries without objects and requests are free. */
static struct share *shares;
static int share_count;
static int users_requests; /* of all together */

static struct share *share_find(uid_t user)
{
    struct share *unused = NULL;

    for (int i = 0; i < share_count; i++) {
        struct share *share = &shares[i];
        boolean_t used = share->objects || share->requests;
        if (used && share->user == user)
            return share;
        if (!used)
            unused = share;
    }
    if (unused)
        unused->user = user;
    return unused;
}

static struct share *share_get(uid_t user)
{
    struct share *share = share_find(user), *more;

    if (share)
        return share;
    more = realloc(shares, (share_count + 8) * sizeof *more);
    if (!more)
        return NULL;
    for (int i = share_count; i < share_count + 8; i++)
        more[i] = (struct share){0};
    shares = more;
    share_count += 8;
    return share_find(user);
}

error_t ports_charge(void *object, uid_t user)
{
    struct port_info *pi = object;
    error_t err = 0;

    if (user == pi->payer)
        return 0;
    pthread_mutex_lock(&_ports_lock);
    struct share *share = user ? share_get(user) : NULL;
    if (user && !share)
        err = HURD_ENOMEM;
    else if (share && share->objects >= ports_objects_max)
        err = HURD_ENFILE;
    if (!err) {
        if (share)
            share->objects++;
        if (pi->payer)
            share_find(pi->payer)->objects--;
        pi->payer = user;
    }
    pthread_mutex_unlock(&_ports_lock);
    return err;
}

void _ports_discharge(struct port_info *pi)
{
    if (pi->payer)
        share_find(pi->payer)->objects--;
    pi->payer = 0;
}

static int users_threads_max(void)
{
    int part = ports_threads_max / 8 * 7;

    return part < USERS_THREADS_MAX ? part : USERS_THREADS_MAX;
}

/* A user with an object has a share already. */
boolean_t _ports_enter_share(uid_t user)
{
    boolean_t enter = TRUE;

    if (user == 0)
        return TRUE;
    pthread_mutex_lock(&_ports_lock);
    struct share *share = share_get(user);
    int left = users_threads_max() - users_requests;
    if (!share || share->requests >= USER_TIMES_LEFT * left) {
        enter = FALSE;
    } else {
        share->requests++;
        users_requests++;
    }
    pthread_mutex_unlock(&_ports_lock);
    return enter;
}

void _ports_leave_share(uid_t user)
{
    if (user == 0)
        return;
    pthread_mutex_lock(&_ports_lock);
    share_find(user)->requests--;
    users_requests--;
    pthread_mutex_unlock(&_ports_lock);
}
