/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/reply.h: answering a kernel request later.
 *
 * An rpc_ routine that cannot finish now takes the reply right of the request
 * being served and returns MIG_NO_REPLY; somebody answers with ipc_reply_send,
 * once.
 */
#ifndef IPC_REPLY_H
#define IPC_REPLY_H

#include "core/core.h"
#include "ipc/port.h"

#include <mach/message.h>

struct ipc_reply {
    struct ipc_port *port; /* the right, owned; may be null */
    mach_msg_type_name_t type;
    mach_msg_id_t id;
};

/* Takes the current request's reply right over. */
void ipc_reply_take(struct ipc_reply *reply_out);

/* Sends the reply: RESULT and, if that is KERN_SUCCESS, BODY, which are MIG
 * items in the kernel's format (rights in it are consumed; COMPLEX if so).
 * Consumes the right. */
void ipc_reply_send(struct ipc_reply *reply, kern_return_t result,
                    const void *body, size_t body_size_bytes, bool is_complex);
static inline void ipc_reply_simple(struct ipc_reply *reply,
                                    kern_return_t result)
{
    ipc_reply_send(reply, result, NULL, 0, false);
}

#endif
