/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <diskfs/private.h>
#include <stdlib.h>
#include <string.h>

__thread const struct iouser *diskfs_user;
struct port_bucket *diskfs_port_bucket;
struct port_class *diskfs_protid_class, *diskfs_control_class;

struct peropen *diskfs_make_peropen(struct node *np, int flags,
                                    const struct peropen *context)
{
    struct peropen *po = calloc(1, sizeof *po);

    if (!po) {
        diskfs_nrele(np);
        return NULL;
    }
    po->refs = 1;
    po->np = np;
    /* What nobody was told of, the next one is. */
    po->write_errors = np->write_errors - (np->error_untold ? 1 : 0);
    po->openstat = flags & (HO_ACCMODE | HO_EXEC | HO_SETTABLE);
    fshelp_rlock_po_init(&po->lock_status, &np->rlocks, &diskfs_lock);
    if (context) {
        po->root_parent = context->root_parent;
        if (po->root_parent)
            mach_port_ref_send(po->root_parent, 1);
        po->shadow_root = context->shadow_root;
        if (po->shadow_root)
            diskfs_nref(po->shadow_root);
    }
    return po;
}

void diskfs_release_peropen(struct peropen *po)
{
    if (--po->refs)
        return;
    boolean_t locked = diskfs_has_locked(po);
    fshelp_rlock_drop_peropen(&po->lock_status);
    diskfs_tell_unlocked(po, locked);
    diskfs_drop_counted(po);
    mach_port_drop(po->root_parent);
    if (po->shadow_root)
        diskfs_nrele(po->shadow_root);
    diskfs_nrele(po->np);
    free(po);
}

error_t diskfs_make_protid(struct peropen *po, struct iouser *user,
                           struct protid **result)
{
    struct protid *cred;
    error_t err = ports_create_port(diskfs_protid_class, diskfs_port_bucket,
                                    sizeof *cred, &cred);

    if (!err && (err = ports_charge(cred, iohelp_payer(user)))) {
        /* The lock is held, which the object's end takes if it has anything. */
        ports_port_deref(cred);
    }
    if (err) {
        iohelp_free_iouser(user);
        diskfs_release_peropen(po);
        return err;
    }
    cred->user = user;
    cred->po = po;
    *result = cred;
    return 0;
}

static error_t open_for(struct node *np, int flags, uid_t uid, gid_t gid,
                        mach_port_t *port)
{
    struct iouser *user;
    struct protid *cred;
    error_t err = iohelp_create_simple_iouser(&user, uid, gid);

    if (err)
        return err;
    diskfs_nref(np);
    struct peropen *po = diskfs_make_peropen(np, flags, NULL);
    if (!po) {
        iohelp_free_iouser(user);
        return HURD_ENOMEM;
    }
    err = diskfs_make_protid(po, user, &cred);
    if (err)
        return err;
    *port = ports_get_send_right(cred);
    ports_port_deref(cred);
    return 0;
}

error_t diskfs_open_for_root(struct node *np, int flags, mach_port_t *port)
{
    return open_for(np, flags, 0, 0, port);
}

error_t diskfs_open_for_owner(struct node *np, int flags, mach_port_t *port)
{
    return open_for(np, flags, np->st.st_uid, np->st.st_gid, port);
}

/* What is going to be freed with PO is looked at before. */
static void peropen_prepare_free(const struct peropen *po)
{
    struct diskfs_attempt attempt = {0};
    error_t err;

    do {
        diskfs_attempt_begin(&attempt);
        err = po->refs == 1 && po->np->refs == 1 && !po->np->st.st_nlink
                  ? diskfs_prepare_free(po->np)
                  : 0;
    } while (diskfs_attempt_again(&attempt, &err));
}

/* The last sender of a protid is gone. */
static void protid_clean(void *object)
{
    struct protid *cred = object;

    if (cred->po) {
        pthread_mutex_lock(&diskfs_lock);
        peropen_prepare_free(cred->po);
        diskfs_release_peropen(cred->po);
        pthread_mutex_unlock(&diskfs_lock);
    }
    if (cred->user)
        iohelp_free_iouser(cred->user);
}

protid_t diskfs_begin_using_protid(mach_port_t port)
{
    return ports_lookup_port(diskfs_port_bucket, port, diskfs_protid_class);
}

protid_t diskfs_begin_using_protid_payload(uint64_t payload)
{
    return ports_lookup_payload(diskfs_port_bucket, payload,
                                diskfs_protid_class);
}

void diskfs_end_using_protid(protid_t cred)
{
    if (cred)
        ports_port_deref(cred);
}

control_t diskfs_begin_using_control(mach_port_t port)
{
    return ports_lookup_port(diskfs_port_bucket, port, diskfs_control_class);
}

control_t diskfs_begin_using_control_payload(uint64_t payload)
{
    return ports_lookup_payload(diskfs_port_bucket, payload,
                                diskfs_control_class);
}

void diskfs_end_using_control(control_t control)
{
    if (control)
        ports_port_deref(control);
}

mach_port_t diskfs_make_control_port(void)
{
    struct diskfs_control *control;

    if (ports_create_port(diskfs_control_class, diskfs_port_bucket,
                          sizeof *control, &control))
        return MACH_PORT_NULL;
    mach_port_t port = ports_get_send_right(control);
    ports_port_deref(control);
    return port;
}

void diskfs_opens_init(void)
{
    diskfs_port_bucket = ports_create_bucket();
    diskfs_protid_class = ports_create_class(protid_clean, NULL);
    diskfs_control_class = ports_create_class(NULL, NULL);
}
