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

/* Under the pager's lock, so that nobody begins to hold the range meanwhile.  What
 * is supplied of BUFFER is not there any more; how much that is. */
static vm_size_t request_answer(pager_t pager,
                                const struct pager_request *request,
                                vm_address_t buffer, vm_size_t size)
{
    boolean_t writable = request->access & VM_PROT_WRITE || !pager->ops->write;

    if (!request->unlock)
        size = granted_run(&pager->granted, request->offset, size);
    if (request->access & VM_PROT_WRITE)
        granted_set(&pager->granted, request->offset, size);
    if (request->unlock) {
        memory_object_lock_request(request->control, request->offset, size,
                                   MEMORY_OBJECT_RETURN_NONE, FALSE,
                                   VM_PROT_NONE, MACH_PORT_NULL);
        return 0;
    }
    error_t err = memory_object_data_supply(
        request->control, request->offset, buffer, size, TRUE,
        writable ? VM_PROT_NONE : VM_PROT_WRITE, FALSE, MACH_PORT_NULL);
    return err ? 0 : size;
}

static void buffer_free(vm_address_t *buffer, vm_size_t gone)
{
    if (*buffer && gone < CLUSTER)
        vm_deallocate(mach_task_self(), *buffer + gone, CLUSTER - gone);
    *buffer = 0;
}

/* How a try ended. */
enum outcome {
    OVER,  /* the request is answered, refused or kept */
    AGAIN, /* in the middle of it some range was held, or pages came back */
    SHORT, /* there was no memory */
};

/* The size is asked for after CHANGES: who changes it holds what that concerns.
 * With the LAST try it is over even if there is no memory. */
static enum outcome request_try(pager_t pager,
                                const struct pager_request *request,
                                vm_address_t *buffer, boolean_t last)
{
    pthread_mutex_lock(&pager->lock);
    unsigned changes = pager->changes;
    boolean_t waits = request_waits(pager, request);
    if (!waits && request->access & VM_PROT_WRITE)
        pager->written = TRUE;
    vm_size_t size = request->unlock ? CLUSTER
                                     : granted_run(&pager->granted,
                                                   request->offset, CLUSTER);
    pthread_mutex_unlock(&pager->lock);
    if (waits)
        return OVER;
    vm_size_t there = request_amount(pager, request->offset);
    size = size < there ? size : there;
    error_t err =
        size ? request_prepare(pager, request, &size, buffer) : HURD_EIO;
    if (err == HURD_ENOMEM && !last)
        return SHORT;
    pthread_mutex_lock(&pager->lock);
    boolean_t done = pager->changes == changes;
    if (done && err)
        request_refuse(request, err);
    else if (done)
        buffer_free(buffer, request_answer(pager, request, *buffer, size));
    pthread_mutex_unlock(&pager->lock);
    if (done)
        mach_port_drop(request->control);
    return done ? OVER : AGAIN;
}

void pager_request_begin(pager_t pager, const struct pager_request *request)
{
    vm_size_t size = request_amount(pager, request->offset);
    vm_address_t buffer = 0;
    enum outcome outcome = SHORT;

    if (!size || !pager->ops->at_hand ||
        pager->ops->at_hand(pager->cookie, request->offset, size,
                            !request->unlock)) {
        do
            outcome = request_try(pager, request, &buffer, FALSE);
        while (outcome == AGAIN);
        buffer_free(&buffer, 0);
    }
    if (outcome == SHORT && !pager_workers_take(pager, request))
        pager_request_serve(pager, request);
}

void pager_request_serve(pager_t pager, const struct pager_request *request)
{
    vm_address_t buffer = 0;
    unsigned naps = 0;
    enum outcome outcome;

    while ((outcome = request_try(pager, request, &buffer,
                                  naps == PAGER_NAPS_MAX)) != OVER) {
        if (outcome == SHORT)
            pager_nap(&naps);
    }
    buffer_free(&buffer, 0);
}
