/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <mach_debug/mach_debug.h>
#include <pager/memory_object_S.h>
#include <pager/private.h>
#include <ports/interrupt_S.h>
#include <ports/notify_S.h>
#include <stdlib.h>
#include <string.h>

static struct port_class *pager_class;

pager_t pager_begin_using(mach_port_t port)
{
    return ports_lookup_port(NULL, port, pager_class);
}

pager_t pager_begin_using_payload(uint64_t payload)
{
    return ports_lookup_payload(NULL, payload, pager_class);
}

void pager_end_using(pager_t pager)
{
    if (pager)
        ports_port_deref(pager);
}

static boolean_t pager_demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;

    if (!((routine = memory_object_server_routine(in)) ||
          (routine = ports_notify_server_routine(in)) ||
          (routine = interrupt_server_routine(in))))
        return FALSE;
    routine(in, out);
    return TRUE;
}

static void pager_clean(void *object)
{
    pager_t pager = object;

    /* The owner may use it up to here. */
    if (pager->ops->gone)
        pager->ops->gone(pager->cookie, pager);
    mach_port_drop(pager->control);
    mach_port_drop(pager->name);
    granted_forget(&pager->granted);
    pthread_cond_destroy(&pager->changed);
    pthread_mutex_destroy(&pager->lock);
}

static void *pager_serve(void *bucket)
{
    ports_manage_port_operations_one_thread(bucket, pager_demuxer, 0);
    return NULL;
}

error_t pager_start_bucket(struct pager_bucket *bucket)
{
    pthread_t thread;

    if (!pager_class)
        pager_class = ports_create_class(pager_clean, NULL);
    bucket->class = pager_class;
    bucket->bucket = ports_create_bucket();
    if (!bucket->class || !bucket->bucket ||
        pthread_create(&thread, NULL, pager_serve, bucket->bucket))
        return HURD_ENOMEM;
    pthread_detach(thread);
    return 0;
}

error_t pager_create(struct pager_bucket *bucket, const struct pager_ops *ops,
                     void *cookie, pager_t *result)
{
    pager_t pager;
    error_t err =
        ports_create_port(bucket->class, bucket->bucket, sizeof *pager, &pager);

    if (err)
        return err;
    pager->ops = ops;
    pager->cookie = cookie;
    pthread_mutex_init(&pager->lock, NULL);
    pthread_cond_init(&pager->changed, NULL);
    *result = pager;
    return 0;
}

mach_port_t pager_get_port(pager_t pager)
{
    return ports_get_send_right(pager);
}

/* --- the kernel's calls --------------------------------------------------- */

/* The number of the kernel's object behind PORT, if that is of TYPE; else 0. */
static vm_offset_t kernel_object(mach_port_t port, unsigned type)
{
    unsigned found = 0;
    vm_offset_t number = 0;

    if (mach_port_kernel_object(mach_task_self(), port, &found, &number))
        return 0;
    return found == type ? number : 0;
}

/* Whether an init with these ports is the kernel's. */
static boolean_t init_is_true(pager_t pager, mach_port_t control,
                              mach_port_t name)
{
    vm_offset_t number = kernel_object(pager->pi.port_right, KERNEL_PAGER);

    return number != 0 && kernel_object(control, KERNEL_CONTROL) == number &&
           kernel_object(name, KERNEL_NAME) == number;
}

boolean_t pager_knows(pager_t pager, mach_port_t control)
{
    pthread_mutex_lock(&pager->lock);
    boolean_t known = MACH_PORT_VALID(control) && control == pager->control;
    pthread_mutex_unlock(&pager->lock);
    return known;
}

kern_return_t pager_S_memory_object_init(pager_t pager, mach_port_t control,
                                         mach_port_t name, vm_size_t page_size)
{
    if (!pager)
        return HURD_EOPNOTSUPP;
    if (!init_is_true(pager, control, name)) {
        mach_port_drop(control);
        mach_port_drop(name);
        return 0;
    }
    pthread_mutex_lock(&pager->lock);
    mach_port_t old = pager->control, old_name = pager->name;
    pager->control = control;
    pager->name = name;
    pthread_mutex_unlock(&pager->lock);
    mach_port_drop(old);
    mach_port_drop(old_name);
    ports_port_ref(pager); /* the kernel's use of it */
    memory_object_ready(control, !pager->fleeting, MEMORY_OBJECT_COPY_DELAY);
    return 0;
}

kern_return_t pager_S_memory_object_terminate(pager_t pager,
                                              mach_port_t control,
                                              mach_port_t name)
{
    if (!pager)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pager->lock);
    boolean_t current = control == pager->control;
    if (current) {
        mach_port_drop(pager->control);
        mach_port_drop(pager->name);
        pager->control = pager->name = MACH_PORT_NULL;
        pager->written = FALSE;
        granted_forget(&pager->granted);
        pager->syncs_done = pager->syncs_asked; /* it answers no more */
        pthread_cond_broadcast(&pager->changed);
    }
    pthread_mutex_unlock(&pager->lock);
    mach_port_destroy_receive(control);
    mach_port_destroy_receive(name);
    if (current)
        ports_port_deref(pager);
    return 0;
}

kern_return_t pager_S_memory_object_data_request(pager_t pager,
                                                 mach_port_t control,
                                                 vm_offset_t offset,
                                                 vm_size_t length,
                                                 vm_prot_t access)
{
    struct pager_request request = {.control = control,
                                    .offset = MACH_PAGE_TRUNC(offset),
                                    .access = access};

    if (!pager)
        return HURD_EOPNOTSUPP;
    if (pager_knows(pager, control)) {
        /* The kernel has it no more, and what it returned came before this. */
        pthread_mutex_lock(&pager->lock);
        granted_clear(&pager->granted, request.offset, vm_page_size);
        pthread_mutex_unlock(&pager->lock);
        pager_request_begin(pager, &request);
    } else {
        mach_port_drop(control);
    }
    return 0;
}

kern_return_t pager_S_memory_object_data_unlock(pager_t pager,
                                                mach_port_t control,
                                                vm_offset_t offset,
                                                vm_size_t length,
                                                vm_prot_t access)
{
    struct pager_request request = {.control = control,
                                    .offset = MACH_PAGE_TRUNC(offset),
                                    .access = access,
                                    .unlock = TRUE};

    if (!pager)
        return HURD_EOPNOTSUPP;
    if (pager_knows(pager, control))
        pager_request_begin(pager, &request);
    else
        mach_port_drop(control);
    return 0;
}

/* Pages have come: what is being read meanwhile may be older. */
static void note_return(pager_t pager, error_t err)
{
    pthread_mutex_lock(&pager->lock);
    pager->error = pager->error ? pager->error : err;
    pager->changes++;
    pthread_mutex_unlock(&pager->lock);
}

kern_return_t pager_S_memory_object_data_return(
    pager_t pager, mach_port_t control, vm_offset_t offset, vm_offset_t data,
    mach_msg_type_number_t size, boolean_t dirty, boolean_t kernel_copy)
{
    if (!pager)
        return HURD_EOPNOTSUPP;
    if (pager_knows(pager, control)) {
        error_t err = 0;
        unsigned naps = 0;
        while (dirty &&
               (err = pager->ops->write(pager->cookie, offset,
                                        (const char *)data, size)) ==
                   HURD_ENOMEM &&
               naps < PAGER_NAPS_MAX)
            pager_nap(&naps);
        note_return(pager, err);
        if (!kernel_copy) {
            pthread_mutex_lock(&pager->lock);
            granted_clear(&pager->granted, offset, size);
            pthread_mutex_unlock(&pager->lock);
        }
    }
    vm_deallocate(mach_task_self(), data, size);
    mach_port_drop(control);
    return 0;
}

/* Not asked for: COPY_CALL and the other answers. */
kern_return_t pager_S_memory_object_copy(pager_t pager, mach_port_t control,
                                         vm_offset_t offset, vm_size_t length,
                                         mach_port_t copy)
{
    return HURD_EOPNOTSUPP;
}

kern_return_t pager_S_memory_object_lock_completed(pager_t pager,
                                                   mach_port_t control,
                                                   vm_offset_t offset,
                                                   vm_size_t length)
{
    if (!pager)
        return HURD_EOPNOTSUPP;
    if (pager_knows(pager, control)) {
        pthread_mutex_lock(&pager->lock);
        pager->syncs_done++;
        pthread_cond_broadcast(&pager->changed);
        pthread_mutex_unlock(&pager->lock);
    }
    mach_port_drop(control);
    return 0;
}

kern_return_t pager_S_memory_object_supply_completed(
    pager_t pager, mach_port_t control, vm_offset_t offset, vm_size_t length,
    kern_return_t result, vm_offset_t error_offset)
{
    return HURD_EOPNOTSUPP;
}

kern_return_t
pager_S_memory_object_change_completed(pager_t pager, boolean_t may_cache,
                                       memory_object_copy_strategy_t strategy)
{
    return HURD_EOPNOTSUPP;
}
