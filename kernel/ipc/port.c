/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/account.h"
#include "ipc/ends.h"
#include "ipc/ipc.h"
#include "ipc/module.h"
#include "ipc/mqueue.h"
#include "ipc/notify.h"
#include "ipc/space.h"
#include "task/task.h"

struct ipc_module ipc;

struct ipc_port *ipc_port_alloc(void)
{
    struct ipc_port *port = kalloc(sizeof *port);

    if (port != NULL) {
        port->references = 1;
        port->active = true;
        port->id = ++ipc.port_count;
        port->queue_limit = MACH_PORT_QLIMIT_DEFAULT;
        list_init(&port->requests);
        list_init(&port->queue.messages);
        list_init(&port->queue.receivers);
        list_init(&port->senders);
    }
    return port;
}

struct ipc_port *ipc_port_alloc_kernel(enum ipc_kobject_type type,
                                       void *kobject)
{
    struct ipc_port *port = ipc_port_alloc();

    if (port != NULL) {
        port->kernel_owned = true;
        ipc_kobject_set(port, type, kobject);
    }
    return port;
}

void ipc_port_dealloc_kernel(struct ipc_port *port)
{
    kassert(port->kernel_owned);
    port->kobject_type = IKOT_NONE;
    port->kobject = NULL;
    port->kernel_owned = false;
    ipc_port_destroy(port);
}

void ipc_port_reference(struct ipc_port *port)
{
    port->references++;
}

void ipc_port_release(struct ipc_port *port)
{
    if (--port->references == 0) {
        kassert(!port->active && list_empty(&port->requests));
        kfree(port);
    }
}

struct account *ipc_port_account(const struct ipc_port *port)
{
    struct task *task =
        port->receiver != NULL ? ipc_space_task(port->receiver) : NULL;

    return task != NULL ? task->account : NULL;
}

bool ipc_port_active(const struct ipc_port *port)
{
    return IP_VALID(port) && port->active;
}

/* --- kobjects ------------------------------------------------------------- */

void ipc_kobject_set(struct ipc_port *port, enum ipc_kobject_type type,
                     void *kobject)
{
    port->kobject_type = type;
    port->kobject = kobject;
}

enum ipc_kobject_type ipc_kobject_type_of(const struct ipc_port *port)
{
    return ipc_port_active(port) ? port->kobject_type : IKOT_NONE;
}

void *ipc_kobject_get(const struct ipc_port *port, enum ipc_kobject_type type)
{
    return ipc_kobject_type_of(port) == type ? port->kobject : NULL;
}

/* --- send rights ---------------------------------------------------------- */

struct ipc_port *ipc_port_make_send(struct ipc_port *port)
{
    if (!IP_VALID(port)) {
        return port;
    }
    port->references++;
    port->send_rights++;
    port->make_send_count++;
    return port;
}

struct ipc_port *ipc_port_copy_send(struct ipc_port *port)
{
    if (!IP_VALID(port)) {
        return port;
    }
    if (!port->active) {
        return IP_DEAD;
    }
    port->references++;
    port->send_rights++;
    return port;
}

bool ipc_port_has_senders(const struct ipc_port *port)
{
    return port->send_rights != 0;
}

static void last_sender_went(struct ipc_port *port)
{
    struct ipc_port *notify = port->no_senders;

    if (notify != NULL) {
        port->no_senders = NULL;
        ipc_notify_no_senders(notify, port->make_send_count);
    }
    if (port->kernel_owned && !port->no_senders_queued) {
        port->no_senders_queued = true;
        port->references++;
        list_append(&ipc.no_senders, &port->deferred_link);
    }
}

void ipc_port_release_send(struct ipc_port *port)
{
    if (!IP_VALID(port)) {
        return;
    }
    kassert(port->send_rights != 0);
    if (--port->send_rights == 0 && port->active) {
        last_sender_went(port);
    }
    ipc_port_release(port);
}

struct ipc_port *ipc_port_make_sonce(struct ipc_port *port)
{
    if (IP_VALID(port)) {
        port->references++;
        port->send_once_rights++;
    }
    return port;
}

void ipc_port_drop_sonce_quietly(struct ipc_port *port)
{
    if (IP_VALID(port)) {
        kassert(port->send_once_rights != 0);
        port->send_once_rights--;
        ipc_port_release(port);
    }
}

void ipc_port_release_sonce(struct ipc_port *port)
{
    if (ipc_port_active(port)) {
        ipc_notify_send_once(port);
    } else {
        ipc_port_drop_sonce_quietly(port);
    }
}

/* --- notification requests ------------------------------------------------ */

struct ipc_port *ipc_port_request_no_senders(struct ipc_port *port,
                                             mach_port_mscount_t sync,
                                             struct ipc_port *notify)
{
    struct ipc_port *previous = port->no_senders;

    if (notify != NULL && port->send_rights == 0 &&
        port->make_send_count >= sync) {
        port->no_senders = NULL;
        ipc_notify_no_senders(notify, port->make_send_count);
    } else {
        port->no_senders = notify;
    }
    return previous;
}

struct ipc_port *ipc_port_request_destroyed(struct ipc_port *port,
                                            struct ipc_port *notify)
{
    struct ipc_port *previous = port->port_destroyed;

    port->port_destroyed = notify;
    return previous;
}

/* --- receive rights ------------------------------------------------------- */

bool ipc_port_too_deep(const struct ipc_port *port)
{
    unsigned depth = 0;

    while (port != NULL && depth <= IPC_NEST_MAX) {
        port = port->destination;
        depth++;
    }
    return depth > IPC_NEST_MAX;
}

bool ipc_port_set_destination(struct ipc_port *port, struct ipc_port *dest)
{
    unsigned depth = 0;

    for (struct ipc_port *at = dest; at != NULL; at = at->destination) {
        if (at == port || ++depth > IPC_NEST_MAX) {
            return true;
        }
    }
    dest->references++;
    ipc_port_clear_destination(port);
    port->destination = dest;
    return false;
}

boolean_t ipc_port_check_circularity(struct ipc_port *port,
                                     struct ipc_port *dest)
{
    return ipc_port_set_destination(port, dest);
}

void ipc_port_clear_destination(struct ipc_port *port)
{
    struct ipc_port *dest = port->destination;

    if (dest != NULL) {
        port->destination = NULL;
        ipc_port_release(dest);
    }
}

void ipc_port_clear_receiver(struct ipc_port *port)
{
    if (port->pset != NULL) {
        ipc_pset_remove(port);
    }
    ipc_mqueue_wake_receivers(&port->queue, MACH_RCV_PORT_DIED);
    port->receiver = NULL;
    port->receiver_name = MACH_PORT_NAME_NULL;
    port->kernel_owned = false;
    port->make_send_count = 0;
    port->seqno = 0;
    port->has_payload = false;
}

static void destroy_contents(struct ipc_port *port)
{
    ipc_mqueue_release_senders(port);
    port->message_count = 0;
    ipc_end_messages(&port->queue.messages);
}

void ipc_port_destroy(struct ipc_port *port)
{
    struct ipc_port *notify = port->port_destroyed;

    ipc_port_clear_destination(port);
    ipc_port_clear_receiver(port);
    if (notify != NULL) {
        port->port_destroyed = NULL;
        ipc_notify_port_destroyed(notify, port);
        return;
    }
    port->active = false;
    destroy_contents(port);
    if (!list_empty(&port->requests)) {
        ipc_end_requests(port);
    }
    notify = port->no_senders;
    port->no_senders = NULL;
    ipc_port_release_sonce(notify);
    if (port->kobject_type != IKOT_NONE) {
        ipc_kobject_port_died(port, port->kobject_type, port->kobject);
    }
    ipc_port_release(port);
}

void ipc_port_release_receive(struct ipc_port *port)
{
    if (IP_VALID(port)) {
        ipc_port_destroy(port);
    }
}

void ipc_port_set_qlimit(struct ipc_port *port, mach_port_msgcount_t limit)
{
    port->queue_limit = limit;
    ipc_mqueue_admit_senders(port);
}

/* --- port sets ------------------------------------------------------------ */

struct ipc_pset *ipc_pset_alloc(void)
{
    struct ipc_pset *pset = kalloc(sizeof *pset);

    if (pset != NULL) {
        pset->references = 1;
        pset->active = true;
        list_init(&pset->members);
        list_init(&pset->queue.receivers);
    }
    return pset;
}

void ipc_pset_reference(struct ipc_pset *pset)
{
    pset->references++;
}

void ipc_pset_release(struct ipc_pset *pset)
{
    if (--pset->references == 0) {
        kfree(pset);
    }
}

void ipc_pset_add(struct ipc_pset *pset, struct ipc_port *port)
{
    port->pset = pset;
    pset->references++;
    list_append(&pset->members, &port->pset_link);
    ipc_mqueue_wake_receivers(&port->queue, MACH_RCV_PORT_CHANGED);
    ipc_mqueue_join(port);
}

void ipc_pset_remove(struct ipc_port *port)
{
    struct ipc_pset *pset = port->pset;

    ipc_mqueue_leave(port);
    list_remove(&port->pset_link);
    port->pset = NULL;
    ipc_pset_release(pset);
}

void ipc_pset_destroy(struct ipc_pset *pset)
{
    pset->active = false;
    ipc_mqueue_wake_receivers(&pset->queue, MACH_RCV_PORT_DIED);
    ipc_end_pset(pset);
}

struct ipc_pset *ipc_port_pset(struct ipc_port *port)
{
    /* A member that has not left its dead set yet. */
    if (port->pset != NULL && !port->pset->active) {
        ipc_pset_remove(port);
    }
    return port->pset;
}

/* --- the module ----------------------------------------------------------- */

/* A message that waited for the kernel is served for whom it is charged to. */
static void serve_later(struct ipc_kmsg *kmsg)
{
    struct account *account = kalloc_account(kmsg);

    account_enter(account);
    ipc_kobject_message(kmsg);
    account_leave(account);
}

static void tell_no_senders(struct ipc_port *port)
{
    port->no_senders_queued = false;
    if (port->active && port->kernel_owned && port->send_rights == 0) {
        ipc_kobject_no_senders(port, port->kobject_type, port->kobject);
    }
    ipc_port_release(port);
}

bool ipc_run_deferred(void)
{
    struct list *first;
    bool worked = false;

    for (;;) {
        if (work_spent()) {
            break;
        }
        if ((first = list_first(&ipc.kernel_messages)) != NULL) {
            list_remove(first);
            serve_later(list_entry(first, struct ipc_kmsg, port_link));
        } else if ((first = list_first(&ipc.no_senders)) != NULL) {
            list_remove(first);
            tell_no_senders(list_entry(first, struct ipc_port, deferred_link));
        } else {
            return worked;
        }
        worked = true;
    }
    if (!list_empty(&ipc.kernel_messages) || !list_empty(&ipc.no_senders)) {
        work_later(&ipc.work);
    }
    return worked;
}

/* What is deferred comes at the end of the entry, as ever. */
static void run_rest(struct work *work)
{
    ipc_run_deferred();
    ipc_run_ends();
}

void ipc_module_init(void)
{
    ipc.work.run = run_rest;
    list_init(&ipc.doomed);
    list_init(&ipc.dying_ports);
    list_init(&ipc.dying_spaces);
    list_init(&ipc.dying_psets);
    list_init(&ipc.no_senders);
    list_init(&ipc.kernel_messages);
}

void ipc_module_fini(void)
{
    ipc_run_deferred();
    while (ipc.tiny.count != 0) {
        kfree(ipc.tiny.kmsgs[--ipc.tiny.count]);
    }
    while (ipc.small.count != 0) {
        kfree(ipc.small.kmsgs[--ipc.small.count]);
    }
}
