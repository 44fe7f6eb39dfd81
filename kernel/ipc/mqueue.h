/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/mqueue.h: messages on their way through ports; for ipc/ only.
 *
 * A message that comes to a port where a thread waits is handed to it at once
 * and never seen in the queue.  Otherwise it is queued, if the port's limit
 * allows; or else its sender waits, in order, until there is room.
 */
#ifndef IPC_MQUEUE_H
#define IPC_MQUEUE_H

#include "ipc/kmsg.h"

struct thread;

/* True if a sender must wait (or give up) before this message can go. */
bool ipc_mqueue_full(const struct ipc_kmsg *kmsg);

/* Sends the message: consumes it.  Limits do not apply.  A dead destination
 * or a circle of rights destroys it; one for a port of the kernel's is put off
 * until ipc_run_deferred. */
void ipc_mqueue_send_always(struct ipc_kmsg *kmsg);

/* The first message of PORT, or of PSET if that is not NULL; it stays. */
struct ipc_kmsg *ipc_mqueue_first(struct ipc_mqueue *queue, bool set);
/* Takes a message out, numbers it, and lets a waiting sender have its place.
 */
void ipc_mqueue_take(struct ipc_kmsg *kmsg);

/* All receivers wake with STATE as their result. */
void ipc_mqueue_wake_receivers(struct ipc_mqueue *queue,
                               mach_msg_return_t state);

/* PORT has become a member of a set: its messages join the set's. */
void ipc_mqueue_join(struct ipc_port *port);
/* It leaves its set: they do, too. */
void ipc_mqueue_leave(struct ipc_port *port);

/* Lets waiting senders in while there is room. */
void ipc_mqueue_admit_senders(struct ipc_port *port);
/* The port is dead: its senders have sent, their messages are destroyed. */
void ipc_mqueue_release_senders(struct ipc_port *port);

/* --- right.c and mig/, for those who look from below ----------------------- */

/* ENTRY's port is dead: makes it a dead name. */
void ipc_right_die(struct ipc_space *space, mach_port_name_t name,
                   struct ipc_entry *entry);

/* Serves a message to a port of the kernel's own; consumes it.  The reply is
 * queued when this returns, or comes later. */
void ipc_kobject_message(struct ipc_kmsg *kmsg);

#endif
