/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/claims.c: who has which file open, as far as that matters.
 *
 * A claim is a receive right of proc's, in no bucket: nobody calls it.  While it
 * lives proc holds a right to the file, whose name therefore means the same port
 * whoever sends it.
 */

#include <proc/claims_S.h>
#include <proc/proc.h>
#include <stdlib.h>

#define CLAIMS_MAX 1024 /* of a process: as many as it has descriptors */
#define HASH_SIZE  256

struct claim {
    struct claim *next, *hash_next;
    struct proc *proc; /* no reference: it ends its claims before it goes */
    mach_port_t port;  /* receive right */
    mach_port_t file;  /* send right */
};

static struct claim *by_port[HASH_SIZE];

static struct claim **find(struct proc *p, mach_port_t file)
{
    struct claim **at = &p->claims;

    while (*at && (*at)->file != file)
        at = &(*at)->next;
    return at;
}

static void end(struct claim **at)
{
    struct claim *claim = *at, **hash = &by_port[claim->port % HASH_SIZE];

    *at = claim->next;
    claim->proc->claim_count--;
    while (*hash != claim)
        hash = &(*hash)->hash_next;
    *hash = claim->hash_next;
    mach_port_destroy_receive(claim->port);
    mach_port_drop(claim->file);
    free(claim);
}

void claims_end(struct proc *p)
{
    while (p->claims)
        end(&p->claims);
}

static error_t make(struct proc *p, mach_port_t file, struct claim **result)
{
    struct claim *claim = *result;

    if (p->claim_count >= CLAIMS_MAX)
        return HURD_ENOLCK;
    claim = calloc(1, sizeof *claim);
    if (!claim)
        return HURD_ENOMEM;
    *claim = (struct claim){.next = p->claims,
                            .proc = p,
                            .port = mach_port_make_token(),
                            .file = file};
    if (claim->port == MACH_PORT_NULL) {
        free(claim);
        return HURD_ENOMEM;
    }
    p->claims = claim;
    p->claim_count++;
    claim->hash_next = by_port[claim->port % HASH_SIZE];
    by_port[claim->port % HASH_SIZE] = claim;
    mach_port_ref_send(file, 1);
    *result = claim;
    return 0;
}

kern_return_t S_claims_claim(pstruct_t p, mach_port_t file, mach_port_t *port,
                             mach_msg_type_name_t *type)
{
    error_t err = 0;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (!MACH_PORT_VALID(file))
        return HURD_EINVAL;
    struct claim *claim = *find(p, file);
    if (!claim)
        err = make(p, file, &claim);
    if (err)
        return err;
    mach_port_drop(file);
    *port = claim->port;
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return 0;
}

kern_return_t S_claims_drop(pstruct_t p, mach_port_t file)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    struct claim **at = find(p, file);
    if (!*at)
        return HURD_ESRCH;
    end(at);
    mach_port_drop(file);
    return 0;
}

kern_return_t S_claims_list(pstruct_t p, mach_port_t **files,
                            mach_msg_type_name_t *type,
                            mach_msg_type_number_t *count)
{
    unsigned n = 0;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (p->claim_count > *count) {
        vm_address_t room = 0;
        error_t err = vm_allocate(mach_task_self(), &room,
                                  p->claim_count * sizeof **files, TRUE);
        if (err)
            return err;
        *files = (mach_port_t *)room;
    }
    for (struct claim *claim = p->claims; claim; claim = claim->next)
        (*files)[n++] = claim->file;
    *type = MACH_MSG_TYPE_COPY_SEND;
    *count = n;
    return 0;
}

kern_return_t S_claims_name_children(pstruct_t p)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->names_children = 1;
    return 0;
}

kern_return_t S_claims_claimant(pstruct_t caller, mach_port_t port,
                                mach_port_t file, pid_t *pid)
{
    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!MACH_PORT_VALID(port))
        return HURD_EINVAL;
    struct claim *claim = by_port[port % HASH_SIZE];
    while (claim && claim->port != port)
        claim = claim->hash_next;
    if (!claim || claim->file != file)
        return HURD_EINVAL;
    *pid = claim->proc->pid;
    mach_port_drop(port);
    mach_port_drop(file);
    return 0;
}
