/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages on their way in.  First everything that may have to wait: the
 * bytes, the names in out-of-line port arrays, and out-of-line memory that is
 * some pager's.  Then the rights, which are
 * checked for the header (so that a refused header takes nothing) and taken
 * one by one in the body (where an error loses what was taken). */
#include "ipc/kmsg.h"
#include "core/account.h"
#include "ipc/right.h"
#include "vm/fault.h"
#include "vm/map.h"
#include "vm/page.h"

#define IPC_KMSG_READ_ANYWAY 8192u

/* An item's copy, its pieces and amaps; and for each page its share of the
 * amap's tree. */
#define OOL_COST      1024
#define OOL_PAGE_COST 10

/* A header's two names, checked but not yet taken. */
struct header_rights {
    mach_port_name_t dest_name, reply_name;
    mach_msg_type_name_t dest_type, reply_type;
    struct ipc_entry *dest, *reply; /* reply NULL: null or dead name */
};

static bool is_send(mach_msg_type_name_t type)
{
    return type == MACH_MSG_TYPE_MOVE_SEND ||
           type == MACH_MSG_TYPE_MOVE_SEND_ONCE;
}

/* Two rights of one name: is there enough of them? */
static bool both_available(const struct header_rights *h)
{
    if (h->dest != h->reply || !is_send(h->dest_type) ||
        !is_send(h->reply_type)) {
        return true;
    }
    return h->dest_type == MACH_MSG_TYPE_MOVE_SEND && h->dest->user_refs >= 2;
}

static mach_msg_return_t check_header(struct ipc_space *space,
                                      struct ipc_kmsg *kmsg,
                                      struct header_rights *h)
{
    mach_msg_bits_t bits = kmsg->header.msgh_bits;

    h->dest_name = (mach_port_name_t)kmsg->header.msgh_remote_port;
    h->reply_name = (mach_port_name_t)kmsg->header.msgh_local_port;
    h->dest_type = MACH_MSGH_BITS_REMOTE(bits);
    h->reply_type = MACH_MSGH_BITS_LOCAL(bits);
    h->reply = NULL;
    if (!MACH_MSG_TYPE_PORT_ANY_SEND(h->dest_type) ||
        (h->reply_type == 0 ? h->reply_name != MACH_PORT_NAME_NULL
                            : !MACH_MSG_TYPE_PORT_ANY_SEND(h->reply_type))) {
        return MACH_SEND_INVALID_HEADER;
    }
    h->dest = ipc_right_lookup(space, h->dest_name);
    if (h->dest == NULL || (h->dest->type & MACH_PORT_TYPE_DEAD_NAME) ||
        !ipc_right_copyin_check(h->dest, h->dest_type)) {
        return MACH_SEND_INVALID_DEST;
    }
    if (!MACH_PORT_NAME_VALID(h->reply_name)) {
        return MACH_MSG_SUCCESS;
    }
    h->reply = ipc_right_lookup(space, h->reply_name);
    if (h->reply == NULL || !ipc_right_copyin_check(h->reply, h->reply_type) ||
        !both_available(h)) {
        return MACH_SEND_INVALID_REPLY;
    }
    return MACH_MSG_SUCCESS;
}

/* MACH_SEND_CANCEL: if the destination's name goes away with this message,
 * the port-deleted notification that NOTIFY's port would get is not sent. */
static mach_msg_return_t cancel_request(struct ipc_space *space,
                                        const struct header_rights *h,
                                        mach_port_name_t notify)
{
    struct ipc_port *port;

    if (notify == MACH_PORT_NAME_NULL) {
        return MACH_MSG_SUCCESS;
    }
    if (ipc_right_lookup_receive(space, notify, &port) != KERN_SUCCESS) {
        return MACH_SEND_INVALID_NOTIFY;
    }
    if (is_send(h->dest_type) && h->dest->user_refs == 1 &&
        (h->dest->type & MACH_PORT_TYPE_RECEIVE) == 0 &&
        h->dest->request != NULL && h->dest->request->notify == port) {
        ipc_port_drop_sonce_quietly(ipc_right_cancel_request(h->dest));
    }
    return MACH_MSG_SUCCESS;
}

static void take_header(struct ipc_space *space, struct ipc_kmsg *kmsg,
                        const struct header_rights *h)
{
    struct ipc_port *dest, *reply;

    if (h->reply == NULL) {
        dest = ipc_right_copyin(space, h->dest_name, h->dest, h->dest_type);
        reply = h->reply_name == MACH_PORT_NAME_NULL ? IP_NULL : IP_DEAD;
    } else if (h->reply == h->dest && is_send(h->dest_type)) {
        /* What stays must be done before what goes. */
        reply = ipc_right_copyin(space, h->reply_name, h->reply, h->reply_type);
        dest = ipc_right_copyin(space, h->dest_name, h->dest, h->dest_type);
    } else {
        dest = ipc_right_copyin(space, h->dest_name, h->dest, h->dest_type);
        reply = ipc_right_copyin(space, h->reply_name, h->reply, h->reply_type);
    }
    kmsg->header.msgh_remote_port = (mach_port_t)dest;
    kmsg->header.msgh_local_port = (mach_port_t)reply;
    kmsg->header.msgh_bits =
        (kmsg->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) |
        MACH_MSGH_BITS(ipc_disposition_result(h->dest_type),
                       ipc_disposition_result(h->reply_type));
}

static bool somebody_listens(const struct ipc_port *port)
{
    return !list_empty(port->pset != NULL ? &port->pset->queue.receivers
                                          : &port->queue.receivers);
}

/* From who has too much nothing is taken in that would wait in a queue.  He may
 * talk to those who listen, and to the kernel, so that he can give something
 * back and say what happened; if no answers pile up either. */
static bool may_send(const struct header_rights *h)
{
    const struct ipc_port *dest = h->dest->object;
    const struct ipc_port *reply = h->reply != NULL ? h->reply->object : NULL;

    if (!account_is_over(account_current)) {
        return true;
    }
    return dest->active && (dest->kernel_owned || somebody_listens(dest)) &&
           (reply == NULL || reply->message_count == 0);
}

/* --- the body ------------------------------------------------------------- */

static bool is_ool_ports(const struct ipc_item *item)
{
    return item->is_port && !item->type->msgt_inline;
}

/* Undoes fetch_ports for the items before LIMIT. */
static void free_ports(struct ipc_kmsg *kmsg, char *limit)
{
    char *at = ipc_kmsg_body(kmsg);
    struct ipc_item item;

    while (at < limit &&
           ipc_item_next(&at, ipc_kmsg_end(kmsg), 32, &item) == 0) {
        if (is_ool_ports(&item) && item.type->msgt_number != 0) {
            kfree(*(void **)item.data);
        }
    }
}

/* Replaces the address of an out-of-line array of names by a kernel array,
 * wide enough for pointers, with the names in its second half.  Behind it
 * stands the address. */
static mach_msg_return_t fetch_ports(struct vm_map *map,
                                     const struct ipc_item *item,
                                     struct vm_fault_wait *wait)
{
    vm_offset_t address = *(vm_offset_t *)item->data;
    size_t number = item->type->msgt_number;
    vm_offset_t *array = NULL;
    kern_return_t kr;

    if (number != 0) {
        array = kalloc((number + 1) * sizeof *array);
        if (array == NULL) {
            return MACH_SEND_NO_BUFFER;
        }
        kr = copyin(map, address, (mach_port_name_t *)array + number,
                    number * sizeof(mach_port_name_t), wait);
        if (kr != KERN_SUCCESS) {
            kfree(array);
            return kr == KERN_WAITING ? kr : MACH_SEND_INVALID_MEMORY;
        }
        array[number] = address;
    }
    *(vm_offset_t **)item->data = array;
    return MACH_MSG_SUCCESS;
}

/* What a pager has to bring it brings while the sender waits. */
static mach_msg_return_t fetch_memory(struct vm_map *map,
                                      const struct ipc_item *item,
                                      struct vm_copyin_bound *bound,
                                      struct vm_fault_wait *wait)
{
    kern_return_t kr = KERN_SUCCESS;

    if (item->bytes != 0) {
        kr = vm_map_copyin_fetch(map, *(vm_offset_t *)item->data, item->bytes,
                                 bound, wait);
    }
    if (kr == KERN_RESOURCE_SHORTAGE) {
        return MACH_SEND_NO_BUFFER;
    }
    return kr == KERN_SUCCESS || kr == KERN_WAITING ? kr
                                                    : MACH_SEND_INVALID_MEMORY;
}

/* What the items of a message may still be, together. */
struct body_bound {
    unsigned ports, ool_items;
    struct vm_copyin_bound memory;
};

static mach_msg_return_t count_item(const struct ipc_item *item,
                                    struct body_bound *bound)
{
    unsigned ports = item->is_port ? item->type->msgt_number : 0;
    unsigned ool = !item->type->msgt_inline;

    if (ports > bound->ports || ool > bound->ool_items) {
        return MACH_SEND_NO_BUFFER;
    }
    bound->ports -= ports;
    bound->ool_items -= ool;
    return MACH_MSG_SUCCESS;
}

/* The kernel's memory that a copy of out-of-line memory takes at most. */
static uint64_t memory_cost(const struct ipc_item *item)
{
    uint64_t pages = item->bytes / PAGE_SIZE + 2;

    return OOL_COST + OOL_PAGE_COST * min_of(pages, vm_page_total_count());
}

/* Checks the form of the whole body and fetches what may have to wait.  What is
 * taken from its sender afterwards goes through, so the sender must be able to
 * pay for it. */
static mach_msg_return_t prepare_body(struct vm_map *map, struct ipc_kmsg *kmsg,
                                      struct body_bound *bound,
                                      struct vm_fault_wait *wait)
{
    char *at = ipc_kmsg_body(kmsg), *start;
    char *end = ipc_kmsg_end(kmsg);
    mach_msg_return_t mr = MACH_MSG_SUCCESS;
    struct ipc_item item;
    uint64_t cost = 0;

    vm_copyin_bound_init(&bound->memory);
    while (at < end) {
        start = at;
        mr = ipc_item_next(&at, end, 32, &item);
        if (mr == MACH_MSG_SUCCESS) {
            mr = count_item(&item, bound);
        }
        if (mr == MACH_MSG_SUCCESS && is_ool_ports(&item)) {
            mr = fetch_ports(map, &item, wait);
        } else if (mr == MACH_MSG_SUCCESS && !item.type->msgt_inline) {
            mr = fetch_memory(map, &item, &bound->memory, wait);
            cost += memory_cost(&item);
        }
        if (mr == MACH_MSG_SUCCESS && cost != 0 &&
            !account_has_room(account_current, ACCOUNT_BYTES, cost)) {
            mr = MACH_SEND_NO_BUFFER;
            start = at;
        }
        if (mr != MACH_MSG_SUCCESS) {
            free_ports(kmsg, start);
            break;
        }
    }
    return mr;
}

/* Takes the rights of one item.  On failure the item holds those before the
 * bad one, its number says how many. */
static mach_msg_return_t take_ports(struct ipc_space *space,
                                    struct ipc_kmsg *kmsg,
                                    const struct ipc_item *item,
                                    const void *names, size_t stride,
                                    struct ipc_port **ports)
{
    mach_msg_type_name_t type = item->type->msgt_name;
    unsigned number = item->type->msgt_number;
    mach_port_name_t name;

    item->type->msgt_name = ipc_disposition_result(type);
    for (unsigned i = 0; i < number; i++) {
        name = *(const mach_port_name_t *)((const char *)names + i * stride);
        if (!MACH_PORT_NAME_VALID(name)) {
            ports[i] = name == MACH_PORT_NAME_NULL ? IP_NULL : IP_DEAD;
            continue;
        }
        if (type == MACH_MSG_TYPE_MOVE_RECEIVE &&
            ipc_port_too_deep(KMSG_REMOTE(kmsg))) {
            item->type->msgt_number = i;
            return MACH_SEND_NO_BUFFER;
        }
        if (ipc_right_take(space, name, type, &ports[i]) != KERN_SUCCESS) {
            item->type->msgt_number = i;
            return MACH_SEND_INVALID_RIGHT;
        }
        if (type == MACH_MSG_TYPE_MOVE_RECEIVE &&
            ipc_port_set_destination(ports[i], KMSG_REMOTE(kmsg))) {
            kmsg->header.msgh_bits |= MACH_MSGH_BITS_CIRCULAR;
        }
    }
    return MACH_MSG_SUCCESS;
}

static mach_msg_return_t take_ool_ports(struct ipc_space *space,
                                        struct vm_map *map,
                                        struct ipc_kmsg *kmsg,
                                        struct ipc_item *item)
{
    vm_offset_t *array = *(vm_offset_t **)item->data;
    size_t number = item->type->msgt_number;

    item->type->msgt_size = 64;
    if (number == 0) {
        return MACH_MSG_SUCCESS;
    }
    if (item->type->msgt_deallocate) {
        vm_map_remove(
            map, trunc_page(array[number]),
            round_page(array[number] + number * sizeof(mach_port_name_t)));
    }
    /* Pointer I overwrites names 2I - NUMBER and the next: those are done. */
    return take_ports(space, kmsg, item, (mach_port_name_t *)array + number,
                      sizeof(mach_port_name_t), (struct ipc_port **)array);
}

static mach_msg_return_t take_memory(struct vm_map *map, struct ipc_item *item,
                                     struct vm_copyin_bound *bound)
{
    vm_offset_t address = *(vm_offset_t *)item->data;
    struct vm_map_copy *copy = NULL;

    if (item->bytes != 0 && vm_map_copyin_take(map, address, item->bytes,
                                               item->type->msgt_deallocate,
                                               bound, &copy) != KERN_SUCCESS) {
        return MACH_SEND_INVALID_MEMORY;
    }
    *(struct vm_map_copy **)item->data = copy;
    return MACH_MSG_SUCCESS;
}

static mach_msg_return_t take_item(struct ipc_space *space, struct vm_map *map,
                                   struct ipc_kmsg *kmsg, struct ipc_item *item,
                                   struct vm_copyin_bound *bound)
{
    if (!item->is_port) {
        return item->type->msgt_inline ? MACH_MSG_SUCCESS
                                       : take_memory(map, item, bound);
    }
    if (!item->type->msgt_inline) {
        return take_ool_ports(space, map, kmsg, item);
    }
    return take_ports(space, kmsg, item, item->data, sizeof(struct ipc_port *),
                      item->data);
}

/* Destroys a message of which ITEM could not be taken; the items from NEXT on
 * hold nothing but the arrays made for them. */
static void give_up(struct ipc_kmsg *kmsg, const struct ipc_item *item,
                    char *next)
{
    char *end = ipc_kmsg_end(kmsg), *taken = (char *)item->type;
    struct ipc_item rest;

    while (next < end && ipc_item_next(&next, end, 32, &rest) == 0) {
        if (is_ool_ports(&rest)) {
            kfree(*(void **)rest.data);
        }
    }
    if (item->is_port) {
        taken = (char *)item->data +
                (item->type->msgt_inline ? item->type->msgt_number : 1) * 8;
    }
    kmsg->header.msgh_size = taken - (char *)&kmsg->header;
    ipc_kmsg_destroy(kmsg);
}

static mach_msg_return_t take_body(struct ipc_space *space, struct vm_map *map,
                                   struct ipc_kmsg *kmsg,
                                   struct vm_copyin_bound *bound)
{
    char *at = ipc_kmsg_body(kmsg), *end = ipc_kmsg_end(kmsg);
    struct ipc_item item;
    mach_msg_return_t mr;
    bool complex = false;

    while (at < end) {
        ipc_item_next(&at, end, 32, &item);
        complex |= item.is_port || !item.type->msgt_inline;
        mr = take_item(space, map, kmsg, &item, bound);
        if (mr != MACH_MSG_SUCCESS) {
            give_up(kmsg, &item, at);
            return mr;
        }
    }
    if (!complex) {
        kmsg->header.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
    }
    return MACH_MSG_SUCCESS;
}

mach_msg_return_t ipc_kmsg_copyin(struct ipc_space *space, struct vm_map *map,
                                  uint64_t user_buffer, uint32_t size_bytes,
                                  mach_port_name_t notify,
                                  struct vm_fault_wait *wait,
                                  struct ipc_kmsg **kmsg_out)
{
    struct body_bound bound = {IPC_PORTS_MAX, IPC_OOL_ITEMS_MAX, {0}};
    struct header_rights h;
    struct ipc_kmsg *kmsg;
    mach_msg_return_t mr;
    kern_return_t kr;

    if (size_bytes < sizeof kmsg->header ||
        mach_msg_user_is_misaligned(size_bytes)) {
        return MACH_SEND_MSG_TOO_SMALL;
    }
    if (size_bytes > IPC_KMSG_SIZE_MAX) {
        return MACH_SEND_NO_BUFFER;
    }
    /* A small one is read even if it may not go. */
    kmsg = size_bytes <= IPC_KMSG_READ_ANYWAY ? ipc_kmsg_alloc_sure(size_bytes)
                                              : ipc_kmsg_alloc(size_bytes);
    if (kmsg == NULL) {
        return MACH_SEND_NO_BUFFER;
    }
    kr = copyin(map, user_buffer, &kmsg->header, size_bytes, wait);
    if (kr != KERN_SUCCESS) {
        ipc_kmsg_free(kmsg);
        return kr == KERN_WAITING ? kr : MACH_SEND_INVALID_DATA;
    }
    kmsg->header.msgh_size = size_bytes;
    mr = check_header(space, kmsg, &h);
    if (mr == MACH_MSG_SUCCESS && !may_send(&h)) {
        mr = MACH_SEND_NO_BUFFER;
    }
    if (mr == MACH_MSG_SUCCESS) {
        mr = cancel_request(space, &h, notify);
    }
    if (mr == MACH_MSG_SUCCESS &&
        (kmsg->header.msgh_bits & MACH_MSGH_BITS_COMPLEX)) {
        mr = prepare_body(map, kmsg, &bound, wait);
        /* To get memory something may have ended that the header names. */
        if (mr == MACH_MSG_SUCCESS) {
            mr = check_header(space, kmsg, &h);
            if (mr != MACH_MSG_SUCCESS) {
                free_ports(kmsg, ipc_kmsg_end(kmsg));
            }
        }
    }
    if (mr != MACH_MSG_SUCCESS) {
        ipc_kmsg_free(kmsg);
        return mr;
    }
    take_header(space, kmsg, &h);
    if (kmsg->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        account_insists++;
        mr = take_body(space, map, kmsg, &bound.memory);
        account_insists--;
    }
    *kmsg_out = kmsg;
    return mr;
}

/* --- messages of the kernel's own ------------------------------------------ */

/* Kernel code names the right it has; this makes the one that travels. */
static struct ipc_port *make_right(struct ipc_port *port,
                                   mach_msg_type_name_t type)
{
    switch (type) {
    case MACH_MSG_TYPE_MAKE_SEND:
        return ipc_port_make_send(port);
    case MACH_MSG_TYPE_COPY_SEND:
        return ipc_port_copy_send(port);
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
        return ipc_port_make_sonce(port);
    default:
        return port;
    }
}

static void take_kernel_ports(struct ipc_kmsg *kmsg,
                              const struct ipc_item *item)
{
    mach_msg_type_name_t type = item->type->msgt_name;
    struct ipc_port **ports = item->data;

    if (!item->type->msgt_inline) {
        ports = *(struct ipc_port ***)item->data;
    }
    item->type->msgt_name = ipc_disposition_result(type);
    for (unsigned i = 0; i < item->type->msgt_number; i++) {
        ports[i] = make_right(ports[i], type);
        if (type == MACH_MSG_TYPE_MOVE_RECEIVE && IP_VALID(ports[i])) {
            ipc_port_clear_receiver(ports[i]);
            if (ipc_port_set_destination(ports[i], KMSG_REMOTE(kmsg))) {
                kmsg->header.msgh_bits |= MACH_MSGH_BITS_CIRCULAR;
            }
        }
    }
}

void ipc_kmsg_copyin_from_kernel(struct ipc_kmsg *kmsg)
{
    mach_msg_bits_t bits = kmsg->header.msgh_bits;
    mach_msg_type_name_t dest_type = MACH_MSGH_BITS_REMOTE(bits);
    mach_msg_type_name_t reply_type = MACH_MSGH_BITS_LOCAL(bits);
    char *at = ipc_kmsg_body(kmsg), *end = ipc_kmsg_end(kmsg);
    struct ipc_item item;

    kmsg->header.msgh_remote_port =
        (mach_port_t)make_right(KMSG_REMOTE(kmsg), dest_type);
    kmsg->header.msgh_local_port =
        (mach_port_t)make_right(KMSG_LOCAL(kmsg), reply_type);
    kmsg->header.msgh_bits = (bits & MACH_MSGH_BITS_COMPLEX) |
                             MACH_MSGH_BITS(ipc_disposition_result(dest_type),
                                            ipc_disposition_result(reply_type));
    if ((bits & MACH_MSGH_BITS_COMPLEX) == 0) {
        return;
    }
    while (at < end && ipc_item_next(&at, end, 64, &item) == 0) {
        if (item.is_port) {
            take_kernel_ports(kmsg, &item);
        }
    }
}
