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

static bool is_notice(const struct ipc_kmsg *kmsg)
{
    return kmsg->header.msgh_id >= MACH_NOTIFY_FIRST &&
           kmsg->header.msgh_id <= MACH_NOTIFY_LAST;
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

/* What users send to a server waits behind what the system's tasks do, so that
 * many of theirs do not keep it from everybody; but never does a message overtake
 * one to the same port. */
static bool goes_later(const struct ipc_kmsg *kmsg, struct ipc_port *port)
{
    const struct account *sender = kalloc_account(kmsg);
    const struct list *last = port->queue.messages.prev;

    if (last != &port->queue.messages) {
        return list_entry(last, struct ipc_kmsg, port_link)->later;
    }
    return sender != NULL && sender->rank == ACCOUNT_USER;
}

static void enqueue_in_set(struct ipc_kmsg *kmsg, struct ipc_port *port)
{
    struct ipc_mqueue *queue = &port->pset->queue;

    kmsg->later = goes_later(kmsg, port);
    list_append(kmsg->later ? &queue->later : &queue->messages,
                &kmsg->set_link);
}

static void enqueue(struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);
    struct ipc_mqueue *queue =
        port->pset != NULL ? &port->pset->queue : &port->queue;

    if (hand_over(queue, kmsg)) {
        return;
    }
    if (port->pset != NULL) {
        enqueue_in_set(kmsg, port);
    }
    list_append(&port->queue.messages, &kmsg->port_link);
    port->message_count++;
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

struct ipc_kmsg *ipc_mqueue_first(struct ipc_mqueue *queue, bool set)
{
    struct list *first = list_first(&queue->messages);

    /* Now and then it is the others' turn even so. */
    if (set && !list_empty(&queue->later) &&
        (first == NULL || queue->turn % LATER_TURN == LATER_TURN - 1)) {
        first = list_first(&queue->later);
    }
    if (first == NULL) {
        return NULL;
    }
    return set ? list_entry(first, struct ipc_kmsg, set_link)
               : list_entry(first, struct ipc_kmsg, port_link);
}

void ipc_mqueue_take(struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);

    list_remove(&kmsg->port_link);
    if (port->pset != NULL) {
        list_remove(&kmsg->set_link);
        port->pset->queue.turn++;
    }
    port->message_count--;
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
    struct list waiting = {&waiting, &waiting};
    struct list *first;

    /* Receivers of the set may be waiting for just these. */
    while ((first = list_first(&port->queue.messages)) != NULL) {
        list_remove(first);
        list_append(&waiting, first);
        port->message_count--;
    }
    while ((first = list_first(&waiting)) != NULL) {
        list_remove(first);
        enqueue(list_entry(first, struct ipc_kmsg, port_link));
    }
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
