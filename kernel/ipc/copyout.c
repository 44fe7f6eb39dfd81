/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/kmsg.h"
#include "core/account.h"
#include "ipc/right.h"
#include "vm/map.h"

/* --- the body ------------------------------------------------------------- */

static mach_msg_return_t right_error(kern_return_t kr)
{
    if (kr == KERN_SUCCESS) {
        return MACH_MSG_SUCCESS;
    }
    return kr == KERN_NO_SPACE ? MACH_MSG_IPC_SPACE : MACH_MSG_IPC_KERNEL;
}

static mach_msg_return_t memory_error(kern_return_t kr)
{
    return kr == KERN_RESOURCE_SHORTAGE ? MACH_MSG_VM_KERNEL
                                        : MACH_MSG_VM_SPACE;
}

/* Names for the ports of an inline item or an array of the kernel's.  A name
 * needs less room than a pointer: NAMES may be where PORTS is. */
static mach_msg_return_t give_ports(struct ipc_space *space,
                                    mach_msg_type_name_t type, unsigned number,
                                    struct ipc_port *const *ports, void *names,
                                    size_t stride)
{
    mach_msg_return_t mr = MACH_MSG_SUCCESS;

    for (unsigned i = 0; i < number; i++) {
        struct ipc_port *port = ports[i];
        mach_port_name_t name;

        if (IP_VALID(port) && type == MACH_MSG_TYPE_PORT_RECEIVE) {
            ipc_port_clear_destination(port);
        }
        mr |= right_error(ipc_right_copyout(space, port, type, &name));
        memset((char *)names + i * stride, 0, stride);
        memcpy((char *)names + i * stride, &name, sizeof name);
    }
    return mr;
}

/* Puts COPY into MAP; what cannot be put there is lost. */
static mach_msg_return_t give_memory(struct vm_map *map,
                                     struct vm_map_copy *copy,
                                     const struct ipc_item *item)
{
    vm_offset_t address = 0;
    kern_return_t kr = KERN_SUCCESS;

    if (copy != NULL) {
        kr = vm_map_copyout(map, &address, copy);
    }
    if (kr != KERN_SUCCESS) {
        vm_map_copy_discard(copy);
        address = 0;
        item->type->msgt_number = 0;
    }
    *(vm_offset_t *)item->data = address;
    return kr == KERN_SUCCESS ? MACH_MSG_SUCCESS : memory_error(kr);
}

/* The names are made: for where to write them even the last of memory will do.
 * The receiver is charged as he gets it. */
static kern_return_t copy_names(const void *names, size_t size_bytes,
                                struct vm_map_copy **copy_out)
{
    struct account *receiver = account_current;
    kern_return_t kr;

    account_current = NULL;
    kr = vm_map_copy_from_kernel(names, size_bytes, copy_out);
    account_current = receiver;
    return kr;
}

static mach_msg_return_t give_ool_ports(struct ipc_space *space,
                                        struct vm_map *map,
                                        const struct ipc_item *item)
{
    struct ipc_port **ports = *(struct ipc_port ***)item->data;
    unsigned number = item->type->msgt_number;
    struct vm_map_copy *copy = NULL;
    mach_msg_return_t mr = MACH_MSG_SUCCESS;
    kern_return_t kr = KERN_SUCCESS;

    item->type->msgt_size = 32;
    if (number != 0) {
        mr = give_ports(space, item->type->msgt_name, number, ports, ports,
                        sizeof(mach_port_name_t));
        kr = copy_names(ports, number * sizeof(mach_port_name_t), &copy);
    }
    kfree(ports);
    if (kr != KERN_SUCCESS) {
        item->type->msgt_number = 0;
        *(vm_offset_t *)item->data = 0;
        return mr | MACH_MSG_VM_KERNEL;
    }
    return mr | give_memory(map, copy, item);
}

static mach_msg_return_t give_body(struct ipc_kmsg *kmsg,
                                   struct ipc_space *space, struct vm_map *map)
{
    char *at = ipc_kmsg_body(kmsg), *end = ipc_kmsg_end(kmsg);
    mach_msg_return_t mr = MACH_MSG_SUCCESS;
    unsigned shown = 0;
    struct ipc_item item;

    while (at < end && ipc_item_next(&at, end, 64, &item) == 0) {
        item.type->msgt_deallocate = !item.type->msgt_inline;
        if (item.is_port && item.type->msgt_inline) {
            mr |=
                give_ports(space, item.type->msgt_name, item.type->msgt_number,
                           item.data, item.data, sizeof(struct ipc_port *));
        } else if (item.is_port) {
            mr |= give_ool_ports(space, map, &item);
        } else if (!item.type->msgt_inline) {
            struct vm_map_copy *copy = *(struct vm_map_copy **)item.data;

            if (copy != NULL && ++shown > IPC_SHOWN_ITEMS_MAX) {
                vm_map_copy_hide(copy);
            }
            mr |= give_memory(map, copy, &item);
        }
    }
    return mr;
}

/* --- the header ----------------------------------------------------------- */

/* What the receiver sees of the port it received from: its name, or the label
 * it has put on it.  The destination's right ends here. */
static void give_dest(struct ipc_kmsg *kmsg, struct ipc_space *space,
                      mach_msg_type_name_t reply_type,
                      mach_port_name_t reply_name)
{
    struct ipc_port *dest = KMSG_REMOTE(kmsg);
    mach_msg_bits_t bits = kmsg->header.msgh_bits;
    mach_msg_type_name_t dest_type = MACH_MSGH_BITS_REMOTE(bits);
    uint64_t local = MACH_PORT_NAME_NULL;
    mach_msg_type_name_t local_type = dest_type;

    if (!dest->active) {
        local = MACH_PORT_NAME_DEAD;
    } else if (dest->receiver == space) {
        local = dest->receiver_name;
        if (dest->has_payload) {
            local = dest->payload;
            local_type = MACH_MSG_TYPE_PROTECTED_PAYLOAD;
        }
    }
    kmsg->header.msgh_bits = (bits & MACH_MSGH_BITS_COMPLEX) |
                             MACH_MSGH_BITS(reply_type, local_type);
    kmsg->header.msgh_remote_port = reply_name;
    kmsg->header.msgh_protected_payload = local;
    if (dest_type == MACH_MSG_TYPE_PORT_SEND_ONCE) {
        ipc_port_drop_sonce_quietly(dest);
    } else {
        ipc_port_release_send(dest);
    }
}

/* MACH_RCV_NOTIFY: a dead-name request, to NOTIFY's port, for the new name. */
static mach_msg_return_t request_notice(struct ipc_space *space,
                                        mach_port_name_t name,
                                        mach_port_name_t notify)
{
    struct ipc_port *port, *previous;

    if (notify == MACH_PORT_NAME_NULL || !MACH_PORT_NAME_VALID(name)) {
        return MACH_MSG_SUCCESS;
    }
    if (ipc_right_lookup_receive(space, notify, &port) != KERN_SUCCESS) {
        return MACH_RCV_INVALID_NOTIFY;
    }
    port = ipc_port_make_sonce(port);
    if (ipc_right_request_dead_name(space, name, true, port, &previous) !=
        KERN_SUCCESS) {
        ipc_port_drop_sonce_quietly(port);
    } else if (previous != NULL) {
        ipc_port_release_sonce(previous);
    }
    return MACH_MSG_SUCCESS;
}

mach_msg_return_t ipc_kmsg_copyout(struct ipc_kmsg *kmsg,
                                   struct ipc_space *space, struct vm_map *map,
                                   mach_port_name_t notify)
{
    mach_msg_type_name_t type = MACH_MSGH_BITS_LOCAL(kmsg->header.msgh_bits);
    struct ipc_port *unused;
    mach_port_name_t reply;
    mach_msg_return_t mr;
    kern_return_t kr;

    if (notify != MACH_PORT_NAME_NULL &&
        ipc_right_lookup_receive(space, notify, &unused) != KERN_SUCCESS) {
        ipc_kmsg_copyout_dest(kmsg, space);
        return MACH_RCV_INVALID_NOTIFY;
    }
    kr = ipc_right_copyout(space, KMSG_LOCAL(kmsg), type, &reply);
    if (kr != KERN_SUCCESS) {
        kmsg->header.msgh_local_port = MACH_PORT_NULL;
        ipc_kmsg_copyout_dest(kmsg, space);
        return MACH_RCV_HEADER_ERROR | right_error(kr);
    }
    give_dest(kmsg, space, type, reply);
    request_notice(space, reply, notify);
    if ((kmsg->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) == 0) {
        return MACH_MSG_SUCCESS;
    }
    mr = give_body(kmsg, space, map);
    return mr == MACH_MSG_SUCCESS ? mr : MACH_RCV_BODY_ERROR | mr;
}

mach_msg_return_t ipc_kmsg_copyout_pseudo(struct ipc_kmsg *kmsg,
                                          struct ipc_space *space,
                                          struct vm_map *map)
{
    mach_msg_bits_t bits = kmsg->header.msgh_bits;
    mach_port_name_t dest, reply;
    mach_msg_return_t mr;

    mr = right_error(ipc_right_copyout(space, KMSG_REMOTE(kmsg),
                                       MACH_MSGH_BITS_REMOTE(bits), &dest));
    mr |= right_error(ipc_right_copyout(space, KMSG_LOCAL(kmsg),
                                        MACH_MSGH_BITS_LOCAL(bits), &reply));
    kmsg->header.msgh_remote_port = dest;
    kmsg->header.msgh_local_port = reply;
    kmsg->header.msgh_bits &= ~MACH_MSGH_BITS_CIRCULAR;
    if (bits & MACH_MSGH_BITS_COMPLEX) {
        mr |= give_body(kmsg, space, map);
    }
    return mr;
}

void ipc_kmsg_copyout_dest(struct ipc_kmsg *kmsg, struct ipc_space *space)
{
    mach_msg_bits_t bits = kmsg->header.msgh_bits;

    ipc_right_drop(KMSG_LOCAL(kmsg), MACH_MSGH_BITS_LOCAL(bits));
    if (bits & MACH_MSGH_BITS_COMPLEX) {
        ipc_kmsg_clean_body(kmsg, ipc_kmsg_end(kmsg));
    }
    kmsg->header.msgh_bits = bits & ~MACH_MSGH_BITS_COMPLEX;
    give_dest(kmsg, space, MACH_MSGH_BITS_LOCAL(bits), MACH_PORT_NAME_NULL);
}
