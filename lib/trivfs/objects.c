/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trivfs/objects.c: controls, opens and their users. */

#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <stdlib.h>
#include <trivfs/private.h>

#define CLASSES_MAX 8

static struct {
    struct port_class *classes[CLASSES_MAX];
    int n;
} controls, protids;

__attribute__((weak)) error_t (*trivfs_check_open_hook)(struct trivfs_control *,
                                                        struct iouser *, int);
__attribute__((weak))
error_t (*trivfs_check_access_hook)(struct trivfs_control *, struct iouser *,
                                    mach_port_t, int *);
__attribute__((weak))
error_t (*trivfs_open_hook)(struct trivfs_control *, struct iouser *,
                            mach_port_t, int, mach_port_t,
                            struct trivfs_protid **);
__attribute__((weak))
error_t (*trivfs_protid_create_hook)(struct trivfs_protid *);
__attribute__((weak))
error_t (*trivfs_peropen_create_hook)(struct trivfs_peropen *);
__attribute__((weak)) void (*trivfs_protid_destroy_hook)(
    struct trivfs_protid *);
__attribute__((weak)) void (*trivfs_peropen_destroy_hook)(
    struct trivfs_peropen *);

static pthread_mutex_t refs_lock = PTHREAD_MUTEX_INITIALIZER;

static error_t add_class(struct port_class **class, void (*clean)(void *),
                         struct port_class **classes, int *n)
{
    if (!*class)
        *class = ports_create_class(clean, NULL);
    if (!*class)
        return HURD_ENOMEM;
    for (int i = 0; i < *n; i++)
        if (classes[i] == *class)
            return 0;
    if (*n == CLASSES_MAX)
        return HURD_ENOMEM;
    classes[(*n)++] = *class;
    return 0;
}

error_t trivfs_add_control_port_class(struct port_class **class)
{
    return add_class(class, trivfs_clean_cntl, controls.classes, &controls.n);
}

error_t trivfs_add_protid_port_class(struct port_class **class)
{
    return add_class(class, trivfs_clean_protid, protids.classes, &protids.n);
}

static void *begin_using(mach_port_t port, struct port_class **classes, int n)
{
    struct port_info *pi = ports_lookup_port(NULL, port, NULL);

    for (int i = 0; pi && i < n; i++)
        if (pi->class == classes[i])
            return pi;
    if (pi)
        ports_port_deref(pi);
    return NULL;
}

trivfs_protid_t trivfs_begin_using_protid(mach_port_t port)
{
    return begin_using(port, protids.classes, protids.n);
}

trivfs_protid_t trivfs_begin_using_protid_payload(uint64_t payload)
{
    return trivfs_begin_using_protid(ports_payload_get_name(payload));
}

void trivfs_end_using_protid(trivfs_protid_t cred)
{
    if (cred)
        ports_port_deref(cred);
}

trivfs_control_t trivfs_begin_using_control(mach_port_t port)
{
    return begin_using(port, controls.classes, controls.n);
}

trivfs_control_t trivfs_begin_using_control_payload(uint64_t payload)
{
    return trivfs_begin_using_control(ports_payload_get_name(payload));
}

void trivfs_end_using_control(trivfs_control_t cntl)
{
    if (cntl)
        ports_port_deref(cntl);
}

void trivfs_clean_cntl(void *object)
{
    struct trivfs_control *cntl = object;

    mach_port_destroy_receive(cntl->filesys_id);
    mach_port_destroy_receive(cntl->file_id);
    mach_port_drop(cntl->underlying);
    pthread_mutex_destroy(&cntl->lock);
}

static void drop_peropen(struct trivfs_peropen *po)
{
    pthread_mutex_lock(&refs_lock);
    int left = --po->refcnt;
    pthread_mutex_unlock(&refs_lock);
    if (left > 0)
        return;
    if (trivfs_peropen_destroy_hook)
        trivfs_peropen_destroy_hook(po);
    ports_port_deref(po->cntl);
    free(po);
}

void trivfs_clean_protid(void *object)
{
    struct trivfs_protid *cred = object;

    if (trivfs_protid_destroy_hook && cred->po)
        trivfs_protid_destroy_hook(cred);
    if (cred->po)
        drop_peropen(cred->po);
    iohelp_free_iouser(cred->user);
    mach_port_drop(cred->realnode);
}

error_t trivfs_open(struct trivfs_control *cntl, struct iouser *user, int flags,
                    mach_port_t realnode, struct trivfs_protid **cred)
{
    struct trivfs_peropen *po = calloc(1, sizeof *po);
    struct trivfs_protid *new;
    error_t err;

    if (!po)
        return HURD_ENOMEM;
    err = ports_create_port(cntl->protid_class, cntl->protid_bucket,
                            sizeof *new, &new);
    if (!err && (err = ports_charge(new, iohelp_payer(user))))
        ports_port_deref(new);
    if (err) {
        free(po);
        return err;
    }
    ports_port_ref(cntl);
    *po =
        (struct trivfs_peropen){.openmodes = flags, .refcnt = 1, .cntl = cntl};
    new->po = po;
    new->isroot = idvec_contains(user->uids, 0);
    if (trivfs_peropen_create_hook)
        err = trivfs_peropen_create_hook(po);
    if (!err) {
        new->user = user;
        new->realnode = realnode;
        if (trivfs_protid_create_hook)
            err = trivfs_protid_create_hook(new);
        if (err) {
            /* What the caller still owns must not go with the object. */
            new->user = NULL;
            new->realnode = MACH_PORT_NULL;
        }
    } else {
        /* Nothing was set up for the destroy hooks to undo. */
        new->po = NULL;
        ports_port_deref(cntl);
        free(po);
    }
    if (err)
        ports_port_deref(new);
    else
        *cred = new;
    return err;
}

error_t trivfs_protid_dup_noinstall(struct trivfs_protid *cred,
                                    struct trivfs_protid **dup)
{
    struct trivfs_protid *new;
    error_t err = ports_create_port_noinstall(cred->pi.class, cred->pi.bucket,
                                              sizeof *new, &new);

    if (err)
        return err;
    err = ports_charge(new, cred->pi.payer);
    if (!err)
        err = iohelp_dup_iouser(&new->user, cred->user);
    if (err) {
        ports_port_deref(new);
        return err;
    }
    pthread_mutex_lock(&refs_lock);
    cred->po->refcnt++;
    pthread_mutex_unlock(&refs_lock);
    new->po = cred->po;
    new->isroot = cred->isroot;
    new->hook = cred->hook;
    mach_port_ref_send(cred->realnode, 1);
    new->realnode = cred->realnode;
    if (trivfs_protid_create_hook)
        err = trivfs_protid_create_hook(new);
    if (err)
        ports_port_deref(new);
    else
        *dup = new;
    return err;
}

error_t trivfs_protid_dup(struct trivfs_protid *cred,
                          struct trivfs_protid **dup)
{
    error_t err = trivfs_protid_dup_noinstall(cred, dup);

    if (!err)
        ports_install_port(*dup);
    return err;
}

error_t trivfs_create_control(mach_port_t underlying,
                              struct port_class *control_class,
                              struct port_bucket *control_bucket,
                              struct port_class *protid_class,
                              struct port_bucket *protid_bucket,
                              struct trivfs_control **control)
{
    struct trivfs_control *cntl;
    error_t err = trivfs_add_control_port_class(&control_class);

    if (!err)
        err = trivfs_add_protid_port_class(&protid_class);
    if (!err && !control_bucket)
        control_bucket = ports_create_bucket();
    if (!err && !control_bucket)
        err = HURD_ENOMEM;
    if (!err)
        err = ports_create_port(control_class, control_bucket, sizeof *cntl,
                                &cntl);
    if (err)
        return err;
    pthread_mutex_init(&cntl->lock, NULL);
    cntl->underlying = underlying;
    cntl->protid_class = protid_class;
    cntl->protid_bucket = protid_bucket ? protid_bucket : control_bucket;
    cntl->filesys_id = mach_port_make_token();
    cntl->file_id = mach_port_make_token();
    *control = cntl;
    return 0;
}

error_t trivfs_startup(mach_port_t bootstrap, int flags,
                       struct port_class *control_class,
                       struct port_bucket *control_bucket,
                       struct port_class *protid_class,
                       struct port_bucket *protid_bucket,
                       struct trivfs_control **control)
{
    struct trivfs_control *cntl;
    mach_port_t underlying = MACH_PORT_NULL;
    error_t err =
        trivfs_create_control(MACH_PORT_NULL, control_class, control_bucket,
                              protid_class, protid_bucket, &cntl);

    if (err)
        return err;
    mach_port_t right = ports_get_send_right(cntl);
    err = fsys_startup(bootstrap, flags, right, MACH_MSG_TYPE_COPY_SEND,
                       &underlying);
    cntl->underlying = underlying;
    mach_port_drop(right);

    mach_port_t proc = getproc();
    if (!err && proc != MACH_PORT_NULL)
        proc_mark_important(proc); /* Only root may: no matter. */
    mach_port_drop(proc);
    if (!err && control)
        *control = cntl;
    else
        ports_port_deref(cntl);
    return err;
}
