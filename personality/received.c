/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/received.c: messages that anybody may have sent. */
#include "personality/received.h"

#include <mach/message.h>

bool received_rights(const mach_msg_header_t *msg, mach_msg_size_t size,
                     const mach_msg_type_t *const *items, unsigned count)
{
    if (!(msg->msgh_bits & MACH_MSGH_BITS_COMPLEX) || msg->msgh_size < size)
        return false;
    for (unsigned i = 0; i < count; i++) {
        if (items[i]->msgt_name != MACH_MSG_TYPE_PORT_SEND ||
            !items[i]->msgt_inline || items[i]->msgt_size != 64 ||
            items[i]->msgt_number != 1)
            return false;
    }
    return true;
}

static void right_drop(mach_port_t name, unsigned type)
{
    if (!MACH_PORT_VALID(name))
        return;
    if (type == MACH_MSG_TYPE_PORT_RECEIVE)
        port_destroy_receive(name);
    else
        port_deallocate(name);
}

/* The kernel has gone through the items before: they fit in what came. */
static const char *item_drop(const char *at)
{
    const mach_msg_type_t *type = (const mach_msg_type_t *)at;
    const char *data = at + sizeof *type;
    uint64_t bytes = ((uint64_t)type->msgt_number * type->msgt_size + 7) / 8;
    bool rights = MACH_MSG_TYPE_PORT_ANY(type->msgt_name);

    if (type->msgt_inline) {
        for (unsigned i = 0; rights && i < type->msgt_number; i++)
            right_drop(*(const mach_port_t *)(data + 8ul * i), type->msgt_name);
        return data + ((bytes + 7) & ~7ul);
    }
    const mach_port_t *outside = *(mach_port_t *const *)data;
    for (unsigned i = 0; rights && i < type->msgt_number; i++)
        right_drop(outside[i], type->msgt_name);
    if (bytes)
        vm_deallocate(mach_task_self(), (vm_address_t)outside, bytes);
    return data + sizeof outside;
}

void received_drop(const mach_msg_header_t *msg)
{
    const char *at = (const char *)(msg + 1);
    const char *end = (const char *)msg + msg->msgh_size;

    if (!(msg->msgh_bits & MACH_MSGH_BITS_COMPLEX))
        return;
    while (at + sizeof(mach_msg_type_t) <= end)
        at = item_drop(at);
}
