/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/notify.h"
#include "core/account.h"
#include "ipc/kmsg.h"
#include "ipc/mqueue.h"
#include "ipc/trace.h"

#include <mach/notify.h>

/* Every notification but send-once: one item of 8 bytes after the header. */
struct notification {
    mach_msg_header_t header;
    mach_msg_type_t type;
    uint64_t value;
};

/* It was asked for: whoever sets it off, it is its receiver's. */
static struct ipc_kmsg *make(const struct ipc_port *notify, uint32_t size_bytes)
{
    struct account *before = account_current;
    struct ipc_kmsg *kmsg;

    account_current = ipc_port_account(notify);
    kmsg = ipc_kmsg_alloc_sure(size_bytes);
    account_current = before;
    return kmsg;
}

static void send(struct ipc_port *notify, mach_msg_id_t id,
                 mach_msg_bits_t more_bits, mach_msg_type_t type,
                 uint64_t value)
{
    struct ipc_kmsg *kmsg;
    struct notification *message;

    if (!ipc_port_active(notify)) {
        if (type.msgt_name == MACH_MSG_TYPE_PORT_RECEIVE) {
            ipc_port_release_receive((struct ipc_port *)value);
        }
        ipc_port_drop_sonce_quietly(notify);
        return;
    }
    kmsg = make(notify, sizeof *message);
    message = (struct notification *)&kmsg->header;
    message->header = (mach_msg_header_t){
        .msgh_bits =
            more_bits | MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, 0),
        .msgh_size = id == MACH_NOTIFY_SEND_ONCE ? sizeof message->header
                                                 : sizeof *message,
        .msgh_remote_port = (mach_port_t)notify,
        .msgh_id = id,
    };
    if (id != MACH_NOTIFY_SEND_ONCE) {
        message->type = type;
        message->value = value;
    }
    if (platform_trace_enabled()) {
        ipc_trace_message(kmsg, "kernel");
    }
    ipc_mqueue_send_always(kmsg);
}

#define ITEM(item_name, bits)                                                  \
    ((mach_msg_type_t){.msgt_name = (item_name),                               \
                       .msgt_size = (bits),                                    \
                       .msgt_inline = true,                                    \
                       .msgt_number = 1})

void ipc_notify_port_deleted(struct ipc_port *notify, mach_port_name_t name)
{
    send(notify, MACH_NOTIFY_PORT_DELETED, 0, ITEM(MACH_MSG_TYPE_PORT_NAME, 32),
         name);
}

void ipc_notify_msg_accepted(struct ipc_port *notify, mach_port_name_t name)
{
    send(notify, MACH_NOTIFY_MSG_ACCEPTED, 0, ITEM(MACH_MSG_TYPE_PORT_NAME, 32),
         name);
}

void ipc_notify_port_destroyed(struct ipc_port *notify,
                               struct ipc_port *receive)
{
    if (ipc_port_set_destination(receive, notify)) {
        /* It would wait in its own queue: nobody could ever get it. */
        ipc_port_release_receive(receive);
        ipc_port_release_sonce(notify);
        return;
    }
    send(notify, MACH_NOTIFY_PORT_DESTROYED, MACH_MSGH_BITS_COMPLEX,
         ITEM(MACH_MSG_TYPE_PORT_RECEIVE, 64), (uint64_t)receive);
}

void ipc_notify_no_senders(struct ipc_port *notify,
                           mach_port_mscount_t make_send_count)
{
    send(notify, MACH_NOTIFY_NO_SENDERS, 0, ITEM(MACH_MSG_TYPE_INTEGER_32, 32),
         make_send_count);
}

void ipc_notify_send_once(struct ipc_port *port)
{
    send(port, MACH_NOTIFY_SEND_ONCE, 0, (mach_msg_type_t){0}, 0);
}

void ipc_notify_dead_name(struct ipc_port *notify, mach_port_name_t name)
{
    send(notify, MACH_NOTIFY_DEAD_NAME, 0, ITEM(MACH_MSG_TYPE_PORT_NAME, 32),
         name);
}
