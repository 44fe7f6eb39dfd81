/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/objects.c: making, finding, holding and ending port objects. */

#include <ports/ports.h>
#include <stdlib.h>

#define HASH_SIZE 1024

pthread_mutex_t _ports_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t _ports_block = PTHREAD_COND_INITIALIZER;
int _ports_total_rpcs, _ports_flags;

static struct port_info *by_name[HASH_SIZE];

struct port_bucket *ports_create_bucket(void)
{
    struct port_bucket *bucket = calloc(1, sizeof *bucket);

    if (bucket && mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET,
                                     &bucket->portset)) {
        free(bucket);
        return NULL;
    }
    return bucket;
}

struct port_class *ports_create_class(void (*clean_routine)(void *),
                                      void (*dropweak_routine)(void *))
{
    struct port_class *class = calloc(1, sizeof *class);

    if (class) {
        class->clean_routine = clean_routine;
        class->dropweak_routine = dropweak_routine;
    }
    return class;
}

struct port_info *_ports_find(mach_port_t name)
{
    struct port_info *pi = by_name[name % HASH_SIZE];

    while (pi && pi->port_right != name)
        pi = pi->hash_next;
    return pi;
}

static void link_name(struct port_info *pi)
{
    struct port_info **head = &by_name[pi->port_right % HASH_SIZE];

    pi->hash_next = *head;
    *head = pi;
}

void _ports_unlink_name(struct port_info *pi)
{
    struct port_info **at = &by_name[pi->port_right % HASH_SIZE];

    while (*at != pi)
        at = &(*at)->hash_next;
    *at = pi->hash_next;
}

void _ports_link(struct port_info *pi)
{
    link_name(pi);
    pi->class_next = pi->class->ports;
    pi->class_prevp = &pi->class->ports;
    if (pi->class_next)
        pi->class_next->class_prevp = &pi->class_next;
    pi->class->ports = pi;
    pi->class->count++;
    pi->bucket_next = pi->bucket->ports;
    pi->bucket_prevp = &pi->bucket->ports;
    if (pi->bucket_next)
        pi->bucket_next->bucket_prevp = &pi->bucket_next;
    pi->bucket->ports = pi;
    pi->bucket->count++;
}

static void unlink_object(struct port_info *pi)
{
    *pi->class_prevp = pi->class_next;
    if (pi->class_next)
        pi->class_next->class_prevp = pi->class_prevp;
    pi->class->count--;
    *pi->bucket_prevp = pi->bucket_next;
    if (pi->bucket_next)
        pi->bucket_next->bucket_prevp = pi->bucket_prevp;
    pi->bucket->count--;
}

/* Consumes the receive right PORT if it succeeds. */
static error_t make_object(struct port_class *class, struct port_bucket *bucket,
                           mach_port_t port, size_t size,
                           struct port_info **result)
{
    struct port_info *pi = calloc(1, size < sizeof *pi ? sizeof *pi : size);

    if (!pi)
        return HURD_ENOMEM;
    pi->class = class;
    pi->bucket = bucket;
    pi->refcnt = 1;
    pi->port_right = port;
    pthread_mutex_lock(&_ports_lock);
    while (class->flags & PORT_CLASS_NO_NEW ||
           bucket->flags & PORT_BUCKET_NO_NEW) {
        if (pthread_hurd_cond_wait_np(&_ports_block, &_ports_lock)) {
            pthread_mutex_unlock(&_ports_lock);
            free(pi);
            return HURD_EINTR;
        }
    }
    _ports_link(pi);
    pthread_mutex_unlock(&_ports_lock);
    *result = pi;
    return 0;
}

error_t ports_create_port_noinstall(struct port_class *class,
                                    struct port_bucket *bucket, size_t size,
                                    void *result)
{
    mach_port_t port;
    error_t err =
        mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);

    if (err)
        return err;
    err = make_object(class, bucket, port, size, result);
    if (err)
        mach_port_destroy_receive(port);
    return err;
}

void ports_install_port(void *object)
{
    struct port_info *pi = object;

    mach_port_move_member(mach_task_self(), pi->port_right,
                          pi->bucket->portset);
}

error_t ports_create_port(struct port_class *class, struct port_bucket *bucket,
                          size_t size, void *result)
{
    error_t err = ports_create_port_noinstall(class, bucket, size, result);

    if (!err)
        ports_install_port(*(void **)result);
    return err;
}

error_t ports_import_port(struct port_class *class, struct port_bucket *bucket,
                          mach_port_t port, size_t size, void *result)
{
    mach_port_status_t status;
    struct port_info *pi;
    error_t err = mach_port_get_receive_status(mach_task_self(), port, &status);

    if (!err)
        err = make_object(class, bucket, port, size, &pi);
    if (err)
        return err;
    *(void **)result = pi;
    pi->mscount = status.mps_mscount;
    if (status.mps_srights) {
        mach_port_t old = MACH_PORT_NULL;
        pi->refcnt++;
        pi->flags |= PORT_HAS_SENDRIGHTS;
        mach_port_request_notification(
            mach_task_self(), port, MACH_NOTIFY_NO_SENDERS, pi->mscount, port,
            MACH_MSG_TYPE_MAKE_SEND_ONCE, &old);
        mach_port_drop(old);
    }
    ports_install_port(pi);
    return 0;
}

/* Called with the lock held; the right leaves the object. */
static mach_port_t take_right(struct port_info *pi, boolean_t *drop)
{
    mach_port_t port = pi->port_right;

    *drop = FALSE;
    if (port == MACH_PORT_NULL)
        return port;
    _ports_unlink_name(pi);
    pi->port_right = MACH_PORT_NULL;
    if (pi->flags & PORT_HAS_SENDRIGHTS) {
        pi->flags &= ~PORT_HAS_SENDRIGHTS;
        *drop = TRUE;
    }
    return port;
}

void ports_destroy_right(void *object)
{
    boolean_t drop;

    pthread_mutex_lock(&_ports_lock);
    mach_port_t port = take_right(object, &drop);
    pthread_mutex_unlock(&_ports_lock);
    mach_port_destroy_receive(port);
    if (drop)
        ports_port_deref(object);
}

mach_port_t ports_claim_right(void *object)
{
    boolean_t drop;

    pthread_mutex_lock(&_ports_lock);
    mach_port_t port = take_right(object, &drop);
    pthread_mutex_unlock(&_ports_lock);
    if (port != MACH_PORT_NULL)
        mach_port_move_member(mach_task_self(), port, MACH_PORT_NULL);
    if (drop)
        ports_port_deref(object);
    return port;
}

void ports_transfer_right(void *to, void *from)
{
    struct port_info *topi = to, *frompi = from;
    boolean_t drop_to, drop_from;

    pthread_mutex_lock(&_ports_lock);
    mach_port_t old = take_right(topi, &drop_to);
    mach_port_t port = take_right(frompi, &drop_from);
    topi->port_right = port;
    topi->mscount = frompi->mscount;
    topi->cancel_threshold = frompi->cancel_threshold;
    if (drop_from) {
        /* The senders' reference goes along. */
        topi->flags |= PORT_HAS_SENDRIGHTS;
        topi->refcnt++;
    }
    if (port != MACH_PORT_NULL)
        link_name(topi);
    pthread_mutex_unlock(&_ports_lock);
    mach_port_destroy_receive(old);
    if (port != MACH_PORT_NULL && topi->bucket != frompi->bucket)
        ports_install_port(topi);
    if (drop_to)
        ports_port_deref(topi);
    if (drop_from)
        ports_port_deref(frompi);
}

void ports_reallocate_port(void *object)
{
    struct port_info *pi = object;

    ports_port_ref(pi);
    ports_destroy_right(pi);
    mach_port_t port = MACH_PORT_NULL;
    mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
    pthread_mutex_lock(&_ports_lock);
    pi->port_right = port;
    pi->cancel_threshold = 0;
    pi->mscount = 0;
    link_name(pi);
    pthread_mutex_unlock(&_ports_lock);
    ports_install_port(pi);
    ports_port_deref(pi);
}

mach_port_t ports_get_right(void *object)
{
    struct port_info *pi = object;
    mach_port_t old = MACH_PORT_NULL;

    pthread_mutex_lock(&_ports_lock);
    mach_port_t port = pi->port_right;
    if (port != MACH_PORT_NULL) {
        pi->mscount++;
        if (!(pi->flags & PORT_HAS_SENDRIGHTS)) {
            pi->flags |= PORT_HAS_SENDRIGHTS;
            pi->refcnt++;
            mach_port_request_notification(
                mach_task_self(), port, MACH_NOTIFY_NO_SENDERS, pi->mscount,
                port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &old);
        }
    }
    pthread_mutex_unlock(&_ports_lock);
    mach_port_drop(old);
    return port;
}

mach_port_t ports_get_send_right(void *object)
{
    mach_port_t port = ports_get_right(object);

    if (port != MACH_PORT_NULL &&
        mach_port_insert_right(mach_task_self(), port, port,
                               MACH_MSG_TYPE_MAKE_SEND))
        return MACH_PORT_NULL;
    return port;
}

void *ports_lookup_port(struct port_bucket *bucket, mach_port_t port,
                        struct port_class *class)
{
    pthread_mutex_lock(&_ports_lock);
    struct port_info *pi = MACH_PORT_VALID(port) ? _ports_find(port) : NULL;
    if (pi &&
        ((class && pi->class != class) || (bucket && pi->bucket != bucket)))
        pi = NULL;
    if (pi)
        pi->refcnt++;
    pthread_mutex_unlock(&_ports_lock);
    return pi;
}

/* A payload, where one was set, is the name of the port. */
mach_port_t ports_payload_get_name(uint64_t payload)
{
    return payload;
}

void *ports_lookup_payload(struct port_bucket *bucket, uint64_t payload,
                           struct port_class *class)
{
    return ports_lookup_port(bucket, ports_payload_get_name(payload), class);
}

void ports_port_ref(void *object)
{
    pthread_mutex_lock(&_ports_lock);
    ((struct port_info *)object)->refcnt++;
    pthread_mutex_unlock(&_ports_lock);
}

void ports_port_ref_weak(void *object)
{
    pthread_mutex_lock(&_ports_lock);
    ((struct port_info *)object)->weakrefcnt++;
    pthread_mutex_unlock(&_ports_lock);
}

/* Called with the lock held and no reference left; lets the lock go. */
void _ports_complete_deallocate(struct port_info *pi)
{
    boolean_t drop;
    mach_port_t port = take_right(pi, &drop);

    unlink_object(pi);
    _ports_discharge(pi);
    pthread_cond_broadcast(&_ports_block);
    pthread_mutex_unlock(&_ports_lock);
    mach_port_destroy_receive(port);
    if (pi->class->clean_routine)
        pi->class->clean_routine(pi);
    free(pi);
}

void ports_port_deref(void *object)
{
    struct port_info *pi = object;

    pthread_mutex_lock(&_ports_lock);
    if (pi->refcnt == 1 && pi->weakrefcnt && pi->class->dropweak_routine) {
        /* Whoever holds weak references may let them go. */
        pi->weakrefcnt++;
        pi->refcnt = 0;
        pthread_mutex_unlock(&_ports_lock);
        pi->class->dropweak_routine(pi);
        ports_port_deref_weak(pi);
        return;
    }
    pi->refcnt--;
    if (pi->refcnt == 0 && pi->weakrefcnt == 0)
        _ports_complete_deallocate(pi);
    else
        pthread_mutex_unlock(&_ports_lock);
}

void ports_port_deref_weak(void *object)
{
    struct port_info *pi = object;

    pthread_mutex_lock(&_ports_lock);
    pi->weakrefcnt--;
    if (pi->refcnt == 0 && pi->weakrefcnt == 0)
        _ports_complete_deallocate(pi);
    else
        pthread_mutex_unlock(&_ports_lock);
}

int ports_count_class(struct port_class *class)
{
    pthread_mutex_lock(&_ports_lock);
    int count = class->count;
    class->flags |= PORT_CLASS_NO_NEW;
    pthread_mutex_unlock(&_ports_lock);
    return count;
}

int ports_count_bucket(struct port_bucket *bucket)
{
    pthread_mutex_lock(&_ports_lock);
    int count = bucket->count;
    bucket->flags |= PORT_BUCKET_NO_NEW;
    pthread_mutex_unlock(&_ports_lock);
    return count;
}

void ports_enable_class(struct port_class *class)
{
    pthread_mutex_lock(&_ports_lock);
    class->flags &= ~PORT_CLASS_NO_NEW;
    pthread_cond_broadcast(&_ports_block);
    pthread_mutex_unlock(&_ports_lock);
}

void ports_enable_bucket(struct port_bucket *bucket)
{
    pthread_mutex_lock(&_ports_lock);
    bucket->flags &= ~PORT_BUCKET_NO_NEW;
    pthread_cond_broadcast(&_ports_block);
    pthread_mutex_unlock(&_ports_lock);
}

/* FUN runs without the lock, so the objects are noted first. */
static error_t iterate(struct port_info *first, int count, boolean_t by_class,
                       error_t (*fun)(void *))
{
    struct port_info **all = calloc(count + 1, sizeof *all);
    error_t err = 0;
    int n = 0;

    if (!all) {
        pthread_mutex_unlock(&_ports_lock);
        return HURD_ENOMEM;
    }
    for (struct port_info *pi = first; pi;
         pi = by_class ? pi->class_next : pi->bucket_next) {
        pi->refcnt++;
        all[n++] = pi;
    }
    pthread_mutex_unlock(&_ports_lock);
    for (int i = 0; i < n; i++) {
        if (!err)
            err = fun(all[i]);
        ports_port_deref(all[i]);
    }
    free(all);
    return err;
}

error_t ports_bucket_iterate(struct port_bucket *bucket, error_t (*fun)(void *))
{
    pthread_mutex_lock(&_ports_lock);
    return iterate(bucket->ports, bucket->count, FALSE, fun);
}

error_t ports_class_iterate(struct port_class *class, error_t (*fun)(void *))
{
    pthread_mutex_lock(&_ports_lock);
    return iterate(class->ports, class->count, TRUE, fun);
}
