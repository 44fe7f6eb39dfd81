/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/destroy.c: undoing a message: every right dropped, memory freed. */

#include <mach/mach.h>

static void destroy_port(mach_port_t port, mach_msg_type_name_t kind)
{
    if (!MACH_PORT_VALID(port))
        return;
    switch (kind) {
    case MACH_MSG_TYPE_MOVE_SEND:
    case MACH_MSG_TYPE_MOVE_SEND_ONCE:
        mach_port_deallocate(mach_task_self(), port);
        break;
    case MACH_MSG_TYPE_MOVE_RECEIVE:
        mach_port_destroy_receive(port);
        break;
    case MACH_MSG_TYPE_MAKE_SEND:
        /* As in a message that could not be sent: no right was made. */
    default:
        break;
    }
}

/* The item at AT is destroyed; returns where the next one starts. */
static char *destroy_item(char *at)
{
    mach_msg_type_t *type = (mach_msg_type_t *)at;
    char *data = at + sizeof *type;
    unsigned number = type->msgt_number;
    vm_size_t bytes = ((vm_size_t)number * type->msgt_size + 7) / 8;
    boolean_t ports = MACH_MSG_TYPE_PORT_ANY(type->msgt_name);

    if (type->msgt_inline) {
        for (unsigned i = 0; ports && i < number; i++) {
            mach_port_name_inlined_t *names = (mach_port_name_inlined_t *)data;
            destroy_port(names[i].name, type->msgt_name);
        }
        return data + ((bytes + 7) & ~(vm_size_t)7);
    }
    vm_address_t outside = *(vm_address_t *)data;
    for (unsigned i = 0; ports && i < number; i++)
        destroy_port(((mach_port_t *)outside)[i], type->msgt_name);
    if (bytes && type->msgt_deallocate)
        vm_deallocate(mach_task_self(), outside, bytes);
    return data + sizeof outside;
}

void mach_msg_destroy(mach_msg_header_t *msg)
{
    mach_msg_bits_t bits = msg->msgh_bits;

    destroy_port(msg->msgh_remote_port, MACH_MSGH_BITS_REMOTE(bits));
    /* The local right of a received message is the receiver's own port, save
     * for the kinds that come with a right of their own. */
    if (MACH_MSGH_BITS_LOCAL(bits) == MACH_MSG_TYPE_MOVE_RECEIVE)
        destroy_port(msg->msgh_local_port, MACH_MSGH_BITS_LOCAL(bits));
    if (!(bits & MACH_MSGH_BITS_COMPLEX))
        return;
    char *at = (char *)(msg + 1);
    char *end = (char *)msg + msg->msgh_size;
    while (at + sizeof(mach_msg_type_t) <= end)
        at = destroy_item(at);
}
