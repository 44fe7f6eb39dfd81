/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/rlock_owner.c: the processes that lock a file, and the claims by
 * which they are known.  Any close of a file by a process drops its locks there,
 * so when one of its claims dies the owner is gone, with the other claims. */

#include <fshelp/rlock.h>
#include <ports/ports.h>
#include <stdlib.h>

struct rlock_owner {
    struct rlock_owner *next; /* of the box */
    struct rlock_box *box;
    pid_t pid;
    struct claim *claims;
};

struct claim {
    struct claim *next; /* the owner's */
    struct claim *link; /* all of them with this hash */
    struct rlock_owner *owner;
    struct rlock_peropen *po;
    mach_port_t port; /* send right */
};

#define HASH_SIZE 256

static struct claim *claims[HASH_SIZE];

static struct claim **find(mach_port_t port)
{
    struct claim **at = &claims[port % HASH_SIZE];

    while (*at && (*at)->port != port)
        at = &(*at)->link;
    return at;
}

pid_t rlock_owner_pid(const struct rlock_owner *owner)
{
    return owner->pid;
}

struct rlock_owner *rlock_owner_of(struct rlock_peropen *po, mach_port_t port)
{
    struct claim *claim = *find(port);

    return claim && claim->po == po ? claim->owner : NULL;
}

boolean_t rlock_owner_claimed(const struct rlock_owner *owner,
                              const struct rlock_peropen *po)
{
    const struct claim *claim = owner->claims;

    while (claim && claim->po != po)
        claim = claim->next;
    return claim != NULL;
}

boolean_t fshelp_rlock_knows(struct rlock_peropen *po, mach_port_t port)
{
    return rlock_owner_of(po, port) != NULL;
}

static void forget_claim(struct claim *claim)
{
    *find(claim->port) = claim->link;
    mach_port_drop(claim->port);
    free(claim);
}

static void end(struct rlock_owner *owner)
{
    struct rlock_owner **at = &owner->box->owners;
    struct claim *claim;

    while (*at != owner)
        at = &(*at)->next;
    *at = owner->next;
    while ((claim = owner->claims)) {
        owner->claims = claim->next;
        forget_claim(claim);
    }
    rlock_drop(owner->box, owner);
    free(owner);
}

struct rlock_peropen *fshelp_rlock_claimed(mach_port_t port)
{
    struct claim *claim = *find(port);

    return claim ? claim->po : NULL;
}

void fshelp_rlock_forget(mach_port_t port)
{
    struct claim *claim = *find(port);

    if (claim)
        end(claim->owner);
}

void rlock_owner_leave(struct rlock_peropen *po)
{
    struct rlock_owner *next;

    for (struct rlock_owner *o = po->box->owners; o; o = next) {
        next = o->next;
        if (rlock_owner_claimed(o, po))
            end(o);
    }
}

static struct rlock_owner *owner_for(struct rlock_box *box, pid_t pid)
{
    struct rlock_owner *owner = box->owners;

    while (owner && owner->pid != pid)
        owner = owner->next;
    if (owner)
        return owner;
    owner = calloc(1, sizeof *owner);
    if (owner) {
        *owner = (struct rlock_owner){box->owners, box, pid, NULL};
        box->owners = owner;
    }
    return owner;
}

error_t fshelp_rlock_learn(struct rlock_peropen *po, mach_port_t port,
                           pid_t pid)
{
    struct claim **hash = find(port), *claim;
    struct rlock_owner *owner;

    if (*hash) /* learnt meanwhile, by another thread */
        return HURD_EAGAIN;
    claim = calloc(1, sizeof *claim);
    owner = claim ? owner_for(po->box, pid) : NULL;
    if (!owner) {
        free(claim);
        return HURD_ENOLCK;
    }
    *claim = (struct claim){owner->claims, *hash, owner, po, port};
    owner->claims = claim;
    *hash = claim;
    return 0;
}
