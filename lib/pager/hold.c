/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/hold.c: the owner's side: contents taken back from the kernel. */
#include <pager/private.h>
#include <stdlib.h>

/* A reference to the control port, or null if the kernel has no object. */
static mach_port_t pager_control(pager_t pager)
{
    mach_port_t control = pager->control;

    if (control)
        mach_port_ref_send(control, 1);
    return control;
}

/* Under the pager's lock: what was changed in the range comes back, and with
 * FLUSH the kernel forgets the range.  The answer comes to the pager's own
 * port, behind the pages. */
static void take_back(pager_t pager, vm_offset_t offset, vm_size_t size,
                      boolean_t flush)
{
    mach_port_t control = pager_control(pager);

    if (!control)
        return;
    unsigned ticket = ++pager->syncs_asked;
    error_t err = memory_object_lock_request(
        control, offset, size, MEMORY_OBJECT_RETURN_DIRTY, flush,
        VM_PROT_NO_CHANGE, pager->pi.port_right);
    if (err)
        pager->syncs_asked--;
    while (!err && pager->syncs_done < ticket)
        pthread_cond_wait(&pager->changed, &pager->lock);
    mach_port_drop(control);
}

/* A kernel that was never asked to let anything be written has nothing to
 * return, and has done what it is told here when the message is sent. */
static void make_forget(pager_t pager, vm_offset_t offset, vm_size_t size)
{
    mach_port_t control = pager_control(pager);

    if (!control)
        return;
    memory_object_lock_request(control, offset, size, MEMORY_OBJECT_RETURN_NONE,
                               TRUE, VM_PROT_NO_CHANGE, MACH_PORT_NULL);
    mach_port_drop(control);
}

error_t pager_sync_some(pager_t pager, vm_offset_t offset, vm_size_t size)
{
    pthread_mutex_lock(&pager->lock);
    if (pager->written)
        take_back(pager, offset, size, FALSE);
    error_t err = pager->error;
    pager->error = 0;
    pthread_mutex_unlock(&pager->lock);
    return err;
}

void pager_hold(pager_t pager, vm_offset_t offset, vm_size_t size)
{
    pthread_mutex_lock(&pager->lock);
    while (pager->held_end)
        pthread_cond_wait(&pager->changed, &pager->lock);
    pager->held = MACH_PAGE_TRUNC(offset);
    pager->held_end = MACH_PAGE_ROUND(offset + size);
    pager->changes++;
    vm_size_t pages = pager->held_end - pager->held;
    if (pager->written)
        take_back(pager, pager->held, pages, TRUE);
    else
        make_forget(pager, pager->held, pages);
    granted_clear(&pager->granted, pager->held, pages);
    pthread_mutex_unlock(&pager->lock);
}

void pager_release(pager_t pager)
{
    pthread_mutex_lock(&pager->lock);
    struct pager_request *waiting = pager->waiting;
    pager->waiting = NULL;
    pager->waiting_count = 0;
    pager->held = pager->held_end = 0;
    pthread_cond_broadcast(&pager->changed);
    pthread_mutex_unlock(&pager->lock);
    while (waiting) {
        struct pager_request *next = waiting->next;
        pager_request_serve(pager, waiting);
        free(waiting);
        waiting = next;
    }
}

void pager_forget(pager_t pager)
{
    pthread_mutex_lock(&pager->lock);
    mach_port_t control = pager_control(pager);
    pager->fleeting = TRUE;
    pthread_mutex_unlock(&pager->lock);
    if (!control)
        return;
    memory_object_change_attributes(control, FALSE, MEMORY_OBJECT_COPY_DELAY,
                                    MACH_PORT_NULL);
    mach_port_drop(control);
}
