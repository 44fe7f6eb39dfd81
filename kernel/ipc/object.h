/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/object.h: what ports and port sets are made of; for ipc/ only.
 *
 * A port's receive right is in exactly one place: a space (receiver), the
 * kernel (kernel_owned), a queued message (destination is that message's
 * port), or limbo (none of these: on its way, or dead).
 *
 * Every message waits in its port's queue.  A set keeps those of its members
 * that have messages, by the arrival of their first; apart from the others are
 * those whose first is a user's.  Threads wait for messages
 * at the port or at its set, never both: a port in a set cannot be received from.
 */
#ifndef IPC_OBJECT_H
#define IPC_OBJECT_H

#include "core/heap.h"
#include "ipc/port.h"

struct ipc_space;
struct ipc_kmsg;
struct thread;

struct ipc_mqueue {
    struct list messages;  /* of struct ipc_kmsg; a port's only */
    struct list receivers; /* of struct thread.wait_link */
    uint32_t notices;      /* notifications that left it for a receiver */
};

struct ipc_pset {
    unsigned references;
    bool active;
    mach_port_name_t name;
    struct list members; /* of struct ipc_port.pset_link */
    struct heap ready;   /* of struct ipc_port.ready_node */
    struct heap later;   /* the same: their first message is a user's */
    unsigned turn;       /* messages taken */
    struct ipc_mqueue queue;
    struct list dying_link; /* see ipc/ends.h */
};

/* A dead-name request: whoever holds NAME in SPACE wants to hear of the
 * port's death.  NOTIFY is a send-once right. */
struct ipc_request {
    struct list link; /* port->requests */
    struct ipc_space *space;
    mach_port_name_t name;
    struct ipc_port *notify;
};

struct ipc_port {
    unsigned references;
    bool active;
    bool kernel_owned;
    bool has_payload;
    bool no_senders_queued;
    enum ipc_kobject_type kobject_type;
    void *kobject;

    struct ipc_space *receiver; /* no reference: it clears this as it dies */
    mach_port_name_t receiver_name;
    struct ipc_port *destination; /* a reference */
    struct ipc_pset *pset;        /* a reference */
    struct list pset_link;
    struct heap_node ready_node; /* while it has messages */
    struct heap *ready_in;       /* pset->ready or pset->later */

    unsigned send_rights, send_once_rights;
    mach_port_mscount_t make_send_count;
    struct ipc_port *no_senders;     /* send-once right or null */
    struct ipc_port *port_destroyed; /* send-once right or null */
    struct list requests;            /* of struct ipc_request */

    struct ipc_mqueue queue;
    mach_port_msgcount_t message_count, queue_limit;
    mach_port_seqno_t seqno;
    struct list senders; /* of struct thread.wait_link: the queue was full */

    uint64_t payload;
    struct list deferred_link;
    struct list dying_link; /* see ipc/ends.h */
    uint64_t id;            /* for the trace; never reused */
};

struct ipc_port *ipc_port_alloc(void);

/* Takes the receive right away from its space: the port leaves its set and is
 * in limbo; those who wait to receive are told PORT_DIED. */
void ipc_port_clear_receiver(struct ipc_port *port);

/* The receive right dies.  Consumes it with its reference. */
void ipc_port_destroy(struct ipc_port *port);

/* A port can wait in a queue of a port that waits in a queue, and so on: up to
 * so far, as each time the way is walked. */
#define IPC_NEST_MAX 64u
/* True if what is sent to PORT would stand too deep. */
bool ipc_port_too_deep(const struct ipc_port *port);

/* Marks PORT, in limbo, as queued to DEST.  True if DEST itself waits, at some
 * remove, in PORT's queue, or too deep: then PORT stays in limbo and the message
 * must not be queued. */
bool ipc_port_set_destination(struct ipc_port *port, struct ipc_port *dest);
void ipc_port_clear_destination(struct ipc_port *port);

/* A right's end, without notifications where the caller has reasons. */
void ipc_port_drop_sonce_quietly(struct ipc_port *port);

/* Arms NOTIFY (consumed) and returns what was armed before. */
struct ipc_port *ipc_port_request_no_senders(struct ipc_port *port,
                                             mach_port_mscount_t sync,
                                             struct ipc_port *notify);
struct ipc_port *ipc_port_request_destroyed(struct ipc_port *port,
                                            struct ipc_port *notify);

void ipc_port_set_qlimit(struct ipc_port *port, mach_port_msgcount_t limit);

struct ipc_pset *ipc_pset_alloc(void);
void ipc_pset_reference(struct ipc_pset *pset);
void ipc_pset_release(struct ipc_pset *pset);
void ipc_pset_add(struct ipc_pset *pset, struct ipc_port *port);
void ipc_pset_remove(struct ipc_port *port);
/* Members leave, receivers are told PORT_DIED; drops the set's own reference.
 */
void ipc_pset_destroy(struct ipc_pset *pset);
/* The set that PORT is in, or NULL. */
struct ipc_pset *ipc_port_pset(struct ipc_port *port);

#endif
