/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/kmsg.h"
#include "ipc/notify.h"
#include "ipc/right.h"

/* The entry by which the sender knows the destination. */
static struct ipc_entry *dest_entry(struct ipc_space *space,
                                    struct ipc_port *dest,
                                    mach_port_name_t *name_out)
{
    if (dest->receiver == space) {
        *name_out = dest->receiver_name;
        return ipc_entry_lookup(space, dest->receiver_name);
    }
    return ipc_hash_lookup(space, dest, name_out);
}

mach_msg_return_t ipc_marequest_create(struct ipc_space *space,
                                       struct ipc_kmsg *kmsg,
                                       mach_port_name_t notify)
{
    mach_port_name_t name = MACH_PORT_NAME_NULL;
    struct ipc_marequest *request;
    struct ipc_entry *entry;
    struct ipc_port *port;

    if (ipc_right_lookup_receive(space, notify, &port) != KERN_SUCCESS) {
        return MACH_SEND_INVALID_NOTIFY;
    }
    entry = dest_entry(space, KMSG_REMOTE(kmsg), &name);
    if (entry != NULL && entry->marequest != NULL) {
        return MACH_SEND_NOTIFY_IN_PROGRESS;
    }
    request = kalloc(sizeof *request);
    if (request == NULL) {
        return MACH_SEND_NO_NOTIFY;
    }
    ipc_space_reference(space);
    request->space = space;
    request->name = name;
    request->notify = ipc_port_make_sonce(port);
    if (entry != NULL) {
        entry->marequest = request;
    }
    kmsg->marequest = request;
    return MACH_MSG_SUCCESS;
}

void ipc_marequest_done(struct ipc_kmsg *kmsg)
{
    struct ipc_marequest *request = kmsg->marequest;
    struct ipc_entry *entry;

    if (request == NULL) {
        return;
    }
    kmsg->marequest = NULL;
    entry = ipc_entry_lookup(request->space, request->name);
    if (entry != NULL && entry->marequest == request) {
        entry->marequest = NULL;
    }
    ipc_notify_msg_accepted(request->notify, request->name);
    ipc_space_release(request->space);
    kfree(request);
}
