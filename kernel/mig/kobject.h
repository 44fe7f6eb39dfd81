/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mig/kobject.h: the kernel as a server: requests to its own ports.
 *
 * A request is served inside the send that brings it (current_thread is the
 * caller), or, if the kernel itself sent it, from the kernel loop
 * (current_thread is NULL).
 */
#ifndef MIG_KOBJECT_H
#define MIG_KOBJECT_H

#include "core/core.h"
#include "ipc/port.h"

#include <mach/message.h>
#include <mach/mig_errors.h>

/* For an rpc_ routine that will answer later: takes the reply right out of the
 * request being served, together with its kind (PORT_SEND or PORT_SEND_ONCE)
 * and the id that the reply must have.  The right is the caller's to use up;
 * it may be null or dead.  The routine must then return MIG_NO_REPLY. */
struct ipc_reply_to {
    struct ipc_port *port;
    mach_msg_type_name_t disposition;
    mach_msg_id_t id;
};
void ipc_take_reply(struct ipc_reply_to *reply);
/* The same, but the request keeps the right. */
void ipc_peek_reply(struct ipc_reply_to *reply);

/* A routine that has more to do than one entry may (core/work.h) returns
 * KERN_LATER and is called anew with the same request, in another entry, with no
 * current thread.  It must have got a little further, and have taken nothing out
 * of the request.  *CURSOR is 0 at first, then what the routine left there.  The
 * requests of one task wait for each other, tasks take turns. */
uint64_t *ipc_request_cursor(void);
/* Memory that the routine has made for itself, NULL at first: freed (kfree) with
 * the request if it is still there. */
void **ipc_request_partial(void);

/* A routine that has to wait for a page (vm/fault.h) may do so with this, instead
 * of a partial result, and return KERN_WAITING: it is called anew when the page
 * is there.  Whoever should bring it has REQUEST_PATIENCE_MS for all that one
 * request waits for; then, or if there is an error, ipc_request_waited is not
 * KERN_SUCCESS.  NULL: no memory. */
#define REQUEST_PATIENCE_MS 2000u
struct vm_fault_wait;
struct vm_fault_wait *ipc_request_wait(void);
kern_return_t ipc_request_waited(void);
/* Whose request it is. */
struct task;
struct task *ipc_request_task(void);
/* The port that the request being served was sent to; borrowed. */
struct ipc_port *ipc_request_port(void);

/* Sends the 48-byte reply that carries only a return code; consumes the right.
 */
void ipc_reply_simple(struct ipc_port *port, mach_msg_type_name_t disposition,
                      mach_msg_id_t id, kern_return_t code);

/* The fixed head of every MIG reply, with CODE, for replies made by hand:
 * consumes nothing, the right goes with the message. */
void ipc_reply_head(mig_reply_header_t *head, const struct ipc_reply_to *reply,
                    mach_msg_size_t size_bytes, kern_return_t code);

/* Sends exception_raise (2400) with a send-once right for REPLY_PORT, which
 * should be an IKOT_EXCEPTION_REPLY port.  EXCEPTION is a send right, THREAD
 * and TASK are ports; all stay the caller's. */
void ipc_send_exception(struct ipc_port *exception, struct ipc_port *reply_port,
                        struct ipc_port *thread, struct ipc_port *task,
                        int type, int code, int64_t subcode);

/* --- what the task module provides ----------------------------------------- */

/* A message came to an IKOT_EXCEPTION_REPLY port: the answer (id 2500) with
 * its return code, or anything else (a send-once notification among them) as
 * KERN_FAILURE.  PORT stays alive during the call at least. */
void exception_answered(struct ipc_port *port, void *kobject,
                        kern_return_t code);

#endif
