/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/request.c: what the kernel asks for is supplied, unlocked, refused,
 * or kept until it may be answered.
 *
 * A page that was only asked for to be read is supplied locked against writing:
 * so the first store to it is heard of, and has its place on the medium before
 * it is made.
 */
#include <pager/private.h>
#include <stdlib.h>

/* What is supplied or unlocked for one request: the pages around it come for
 * almost nothing, as they are next on the disk. */
#define CLUSTER 0x10000ul
/* So many requests at most are kept.  The kernel makes one for each page that
 * somebody waits for; who only looks like a kernel shall not fill memory. */
#define WAITING_MAX 4096

/* On from OFFSET to the end of its cluster, as far as there is something; 0 if
 * there is nothing at all. */
static vm_size_t request_amount(pager_t pager, vm_offset_t offset)
{
    vm_size_t end = MACH_PAGE_ROUND(pager->ops->size(pager->cookie));
    vm_size_t amount = CLUSTER - offset % CLUSTER;

    if (offset >= end)
        return 0;
    return amount < end - offset ? amount : end - offset;
}

static void request_refuse(const struct pager_request *request, error_t err)
{
    /* A kernel that has the page would not hear of an error: it asks for the
     * page anew, and is told then. */
    if (request->unlock)
        memory_object_lock_request(request->control, request->offset,
                                   vm_page_size, MEMORY_OBJECT_RETURN_DIRTY,
                                   TRUE, VM_PROT_NO_CHANGE, MACH_PORT_NULL);
    memory_object_data_error(request->control, request->offset, vm_page_size,
                             err);
}

/* Under the pager's lock: whether REQUEST, which may be answered with all of its
 * cluster, has to wait.  If so it is kept. */
static boolean_t request_waits(pager_t pager,
                               const struct pager_request *request)
{
    vm_offset_t end = request->offset - request->offset % CLUSTER + CLUSTER;

    if (request->offset >= pager->held_end || end <= pager->held)
        return FALSE;
    struct pager_request *copy =
        pager->waiting_count < WAITING_MAX ? malloc(sizeof *copy) : NULL;
    if (!copy) {
        request_refuse(request, HURD_ENOMEM);
        mach_port_drop(request->control);
        return TRUE;
    }
    *copy = *request;
    copy->next = pager->waiting;
    pager->waiting = copy;
    pager->waiting_count++;
    return TRUE;
}

/* Makes what is going to be written safe to write, and reads what is asked for
 * into *BUFFER (whole pages of its own) if it has to be supplied. */
static error_t request_prepare(pager_t pager,
                               const struct pager_request *request,
                               vm_size_t *size, vm_address_t *buffer)
{
    error_t err = 0;

    if (request->access & VM_PROT_WRITE && pager->ops->reserve)
        err = pager->ops->reserve(pager->cookie, request->offset, size);
    if (err || request->unlock)
        return err;
    if (!*buffer)
        err = vm_allocate(mach_task_self(), buffer, CLUSTER, TRUE);
    if (!err)
        err = pager->ops->read(pager->cookie, request->offset, (char *)*buffer,
                               *size);
    return err;
}

/* Under the pager's lock, so that nobody begins to hold the range meanwhile. */
static void request_answer(pager_t pager, const struct pager_request *request,
                           vm_address_t buffer, vm_size_t size)
{
    boolean_t writable = request->access & VM_PROT_WRITE || !pager->ops->write;

    if (request->unlock)
        memory_object_lock_request(request->control, request->offset, size,
                                   MEMORY_OBJECT_RETURN_NONE, FALSE,
                                   VM_PROT_NONE, MACH_PORT_NULL);
    else
        memory_object_data_supply(
            request->control, request->offset, buffer, size, FALSE,
            writable ? VM_PROT_NONE : VM_PROT_WRITE, FALSE, MACH_PORT_NULL);
}

/* One try.  FALSE: in the middle of it some range was held, or pages came back.
 * The size is asked for after CHANGES: who changes it holds what that concerns. */
static boolean_t request_try(pager_t pager, const struct pager_request *request,
                             vm_address_t *buffer)
{
    pthread_mutex_lock(&pager->lock);
    unsigned changes = pager->changes;
    boolean_t waits = request_waits(pager, request);
    if (!waits && request->access & VM_PROT_WRITE)
        pager->written = TRUE;
    pthread_mutex_unlock(&pager->lock);
    if (waits)
        return TRUE;
    vm_size_t size = request_amount(pager, request->offset);
    error_t err =
        size ? request_prepare(pager, request, &size, buffer) : HURD_EIO;
    pthread_mutex_lock(&pager->lock);
    boolean_t done = pager->changes == changes;
    if (done && err)
        request_refuse(request, err);
    else if (done)
        request_answer(pager, request, *buffer, size);
    pthread_mutex_unlock(&pager->lock);
    if (done)
        mach_port_drop(request->control);
    return done;
}

void pager_request_begin(pager_t pager, const struct pager_request *request)
{
    vm_size_t size = request_amount(pager, request->offset);

    if (!size || !pager->ops->at_hand ||
        pager->ops->at_hand(pager->cookie, request->offset, size,
                            !request->unlock) ||
        !pager_workers_take(pager, request))
        pager_request_serve(pager, request);
}

void pager_request_serve(pager_t pager, const struct pager_request *request)
{
    vm_address_t buffer = 0;

    while (!request_try(pager, request, &buffer))
        continue;
    if (buffer)
        vm_deallocate(mach_task_self(), buffer, CLUSTER);
}
