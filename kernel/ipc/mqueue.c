/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/mqueue.h"
#include "core/account.h"
#include "ipc/module.h"
#include "task/thread.h"

#include <mach/notify.h>

/* One message in so many is a user's, if there is one. */
#define LATER_TURN 8

bool ipc_mqueue_full(const struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);

    return port->active && !port->kernel_owned &&
           port->message_count >= port->queue_limit &&
           MACH_MSGH_BITS_REMOTE(kmsg->header.msgh_bits) !=
               MACH_MSG_TYPE_PORT_SEND_ONCE;
}

/* What somebody sent under such a number is none: who serves it drops it. */
static bool is_notice(const struct ipc_kmsg *kmsg)
{
    return kmsg->header.msgh_id >= MACH_NOTIFY_FIRST &&
           kmsg->header.msgh_id <= MACH_NOTIFY_LAST &&
           MACH_MSGH_BITS_REMOTE(kmsg->header.msgh_bits) ==
               MACH_MSG_TYPE_PORT_SEND_ONCE;
}

/* The message leaves PORT's queue, or never was in one.  What a set's messages
 * are told besides lets a server with several threads finish with a
 * notification before it serves what was sent after that (lib/ports). */
static void ipc_mqueue_number(struct ipc_kmsg *kmsg, struct ipc_port *port)
{
    kmsg->header.msgh_seqno = port->seqno++;
    kmsg->notices = 0;
    if (port->pset != NULL) {
        kmsg->notices = port->pset->queue.notices;
        port->pset->queue.notices += is_notice(kmsg);
    }
}

/* Gives the message to the first receiver that can take it.  One whose buffer
 * is too small, and who wants to know, is told and leaves. */
static bool hand_over(struct ipc_mqueue *queue, struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);
    struct list *first;

    while ((first = list_first(&queue->receivers)) != NULL) {
        struct thread *receiver = list_entry(first, struct thread, wait_link);

        list_remove(first);
        if ((receiver->ith.options & MACH_RCV_LARGE) &&
            kmsg->header.msgh_size > receiver->ith.receive_size) {
            receiver->ith.state = MACH_RCV_TOO_LARGE;
            receiver->ith.large_size = kmsg->header.msgh_size;
            thread_wakeup(receiver, KERN_SUCCESS);
            continue;
        }
        ipc_mqueue_number(kmsg, port);
        receiver->ith.state = MACH_MSG_SUCCESS;
        receiver->ith.kmsg = kmsg;
        ipc_marequest_done(kmsg);
        thread_wakeup(receiver, KERN_SUCCESS);
        return true;
    }
    return false;
}

void ipc_mqueue_leave(struct ipc_port *port)
{
    if (heap_linked(&port->ready_node)) {
        heap_remove(port->ready_in, &port->ready_node);
    }
}

/* What users send to a server waits behind what the system's tasks do, so that
 * many of theirs do not keep it from everybody.  A port stands in its set by its
 * first message, so none overtakes another to the same port. */
static bool goes_later(const struct ipc_kmsg *kmsg)
{
    const struct account *sender = kalloc_account(kmsg);

    return sender != NULL && sender->rank == ACCOUNT_USER;
}

/* PORT's first message is another one: it takes its place in the set. */
static void place_in_set(struct ipc_port *port)
{
    struct ipc_kmsg *first =
        list_first_entry(&port->queue.messages, struct ipc_kmsg, port_link);

    if (port->pset == NULL) {
        return;
    }
    ipc_mqueue_leave(port);
    if (first != NULL) {
        port->ready_in = first->later ? &port->pset->later : &port->pset->ready;
        heap_insert(port->ready_in, &port->ready_node, first->arrival);
    }
}

static void enqueue(struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);
    struct ipc_mqueue *queue =
        port->pset != NULL ? &port->pset->queue : &port->queue;

    if (hand_over(queue, kmsg)) {
        return;
    }
    kmsg->arrival = ipc.arrivals++;
    kmsg->later = goes_later(kmsg);
    list_append(&port->queue.messages, &kmsg->port_link);
    if (port->message_count++ == 0) {
        place_in_set(port);
    }
}

void ipc_mqueue_send_always(struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);

    if (!port->active ||
        (kmsg->header.msgh_bits & MACH_MSGH_BITS_CIRCULAR) != 0) {
        ipc_kmsg_destroy(kmsg);
    } else if (port->kernel_owned) {
        list_append(&ipc.kernel_messages, &kmsg->port_link);
    } else {
        enqueue(kmsg);
    }
}

/* Which of a set's members with messages is next.  Now and then it is users'
 * turn even if others wait, too. */
static struct heap_node *next_ready(const struct ipc_pset *pset)
{
    if (pset->later.first != NULL &&
        (pset->ready.first == NULL ||
         pset->turn % LATER_TURN == LATER_TURN - 1)) {
        return pset->later.first;
    }
    return pset->ready.first;
}

struct ipc_kmsg *ipc_mqueue_first(struct ipc_mqueue *queue, bool set)
{
    struct heap_node *ready;

    if (set) {
        ready = next_ready(list_entry(queue, struct ipc_pset, queue));
        if (ready == NULL) {
            return NULL;
        }
        queue = &heap_entry(ready, struct ipc_port, ready_node)->queue;
    }
    return list_first_entry(&queue->messages, struct ipc_kmsg, port_link);
}

void ipc_mqueue_take(struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);

    list_remove(&kmsg->port_link);
    if (port->pset != NULL) {
        port->pset->turn++;
    }
    port->message_count--;
    place_in_set(port);
    ipc_mqueue_number(kmsg, port);
    ipc_marequest_done(kmsg);
    ipc_mqueue_admit_senders(port);
}

void ipc_mqueue_wake_receivers(struct ipc_mqueue *queue,
                               mach_msg_return_t state)
{
    struct list *first;

    while ((first = list_first(&queue->receivers)) != NULL) {
        struct thread *receiver = list_entry(first, struct thread, wait_link);

        list_remove(first);
        receiver->ith.state = state;
        thread_wakeup(receiver, KERN_SUCCESS);
    }
}

void ipc_mqueue_join(struct ipc_port *port)
{
    struct list *first;

    /* Receivers of the set may be waiting for just these. */
    while (!list_empty(&port->pset->queue.receivers) &&
           (first = list_first(&port->queue.messages)) != NULL) {
        list_remove(first);
        port->message_count--;
        if (!hand_over(&port->pset->queue,
                       list_entry(first, struct ipc_kmsg, port_link))) {
            list_prepend(&port->queue.messages, first);
            port->message_count++;
            break;
        }
    }
    place_in_set(port);
    ipc_mqueue_admit_senders(port);
}

/* The first waiting sender's message, with the sender let go. */
static struct ipc_kmsg *next_sender(struct ipc_port *port)
{
    struct list *first = list_first(&port->senders);
    struct thread *sender;
    struct ipc_kmsg *kmsg;

    if (first == NULL) {
        return NULL;
    }
    sender = list_entry(first, struct thread, wait_link);
    list_remove(first);
    kmsg = sender->ith.kmsg;
    sender->ith.kmsg = NULL;
    thread_wakeup(sender, KERN_SUCCESS);
    return kmsg;
}

void ipc_mqueue_admit_senders(struct ipc_port *port)
{
    struct ipc_kmsg *kmsg;

    while (port->message_count < port->queue_limit &&
           (kmsg = next_sender(port)) != NULL) {
        ipc_mqueue_send_always(kmsg);
    }
}

void ipc_mqueue_release_senders(struct ipc_port *port)
{
    struct ipc_kmsg *kmsg;

    while ((kmsg = next_sender(port)) != NULL) {
        ipc_kmsg_destroy(kmsg);
    }
}
