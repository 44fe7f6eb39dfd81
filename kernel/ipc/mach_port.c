/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routines of mach_port.defs, and what mach_debug.defs has of ports. */
#include "core/work.h"
#include "ipc/kmsg.h"
#include "ipc/right.h"
#include "mig/kobject.h"
#include "vm/map.h"
#include "vm/object.h"

#include <mach/notify.h>

#include "mach_debug_server.h"
#include "mach_port_server.h"

/* Looks up an entry in a space that may be NULL. */
static kern_return_t find(ipc_space_t space, mach_port_name_t name,
                          struct ipc_entry **entry_out)
{
    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    *entry_out = ipc_right_lookup(space, name);
    return *entry_out != NULL ? KERN_SUCCESS : KERN_INVALID_NAME;
}

static kern_return_t find_receive(ipc_space_t space, mach_port_name_t name,
                                  struct ipc_port **port_out)
{
    return space == NULL ? KERN_INVALID_TASK
                         : ipc_right_lookup_receive(space, name, port_out);
}

/* --- all names -------------------------------------------------------------- */

/* The names of a space, as far as they have been found: the types stand behind
 * CAPACITY names. */
struct names {
    unsigned count, capacity;
    mach_port_name_t next;
    uint32_t words[];
};

static bool list_name(struct ipc_space *space, struct names *list)
{
    struct ipc_entry *entry = ipc_entry_next(space, &list->next);

    /* More may have come than there were when this began. */
    if (entry == NULL || list->count == list->capacity) {
        return false;
    }
    entry = ipc_right_lookup(space, list->next);
    list->words[list->count] = list->next++;
    list->words[list->capacity + list->count++] = ipc_right_type(entry);
    return true;
}

static kern_return_t list_names(struct ipc_space *space, struct names **list)
{
    if (*list == NULL) {
        *list = kalloc(sizeof **list +
                       2ul * space->used_count * sizeof(*list)->words[0]);
        if (*list == NULL) {
            return KERN_RESOURCE_SHORTAGE;
        }
        (*list)->capacity = space->used_count;
    }
    while (list_name(space, *list)) {
        if (work_spent()) {
            return KERN_LATER;
        }
    }
    return KERN_SUCCESS;
}

/* What a reply can carry of ARRAY. */
static kern_return_t to_copy(const void *array, unsigned count,
                             struct vm_map_copy **copy_out)
{
    *copy_out = NULL;
    return count == 0 ? KERN_SUCCESS
                      : vm_map_copy_from_kernel(array, count * sizeof(uint32_t),
                                                copy_out);
}

kern_return_t rpc_mach_port_names(ipc_space_t space,
                                  mach_port_name_array_t *names,
                                  mach_msg_type_number_t *name_count,
                                  mach_port_type_array_t *types,
                                  mach_msg_type_number_t *type_count)
{
    struct names **list = (struct names **)ipc_request_partial();
    struct vm_map_copy *name_copy, *type_copy;
    kern_return_t kr;

    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    kr = list_names(space, list);
    if (kr == KERN_SUCCESS) {
        kr = to_copy((*list)->words, (*list)->count, &name_copy);
    }
    if (kr != KERN_SUCCESS) {
        return kr;
    }
    kr =
        to_copy((*list)->words + (*list)->capacity, (*list)->count, &type_copy);
    if (kr != KERN_SUCCESS) {
        vm_map_copy_discard(name_copy);
        return kr;
    }
    *names = (mach_port_name_array_t)name_copy;
    *types = (mach_port_type_array_t)type_copy;
    *name_count = *type_count = (*list)->count;
    return KERN_SUCCESS;
}

kern_return_t rpc_mach_port_type(ipc_space_t space, mach_port_name_t name,
                                 mach_port_type_t *type)
{
    struct ipc_entry *entry;
    kern_return_t kr = find(space, name, &entry);

    if (kr == KERN_SUCCESS) {
        *type = ipc_right_type(entry);
    }
    return kr;
}

/* --- making and renaming ----------------------------------------------------- */

kern_return_t rpc_mach_port_rename(ipc_space_t space, mach_port_name_t old_name,
                                   mach_port_name_t new_name)
{
    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    if (!MACH_PORT_NAME_VALID(new_name)) {
        return KERN_INVALID_VALUE;
    }
    return ipc_right_rename(space, old_name, new_name);
}

static bool can_be_made(mach_port_right_t right)
{
    return right == MACH_PORT_RIGHT_RECEIVE ||
           right == MACH_PORT_RIGHT_PORT_SET ||
           right == MACH_PORT_RIGHT_DEAD_NAME;
}

kern_return_t rpc_mach_port_allocate_name(ipc_space_t space,
                                          mach_port_right_t right,
                                          mach_port_name_t name)
{
    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    if (!MACH_PORT_NAME_VALID(name) || !can_be_made(right)) {
        return KERN_INVALID_VALUE;
    }
    return ipc_right_new(space, right, &name);
}

kern_return_t rpc_mach_port_allocate(ipc_space_t space, mach_port_right_t right,
                                     mach_port_name_t *name)
{
    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    if (!can_be_made(right)) {
        return KERN_INVALID_VALUE;
    }
    *name = MACH_PORT_NAME_NULL;
    return ipc_right_new(space, right, name);
}

/* --- references --------------------------------------------------------------- */

kern_return_t rpc_mach_port_destroy(ipc_space_t space, mach_port_name_t name)
{
    struct ipc_entry *entry;
    kern_return_t kr = find(space, name, &entry);

    if (kr == KERN_SUCCESS) {
        ipc_right_destroy(space, name, entry);
    }
    return kr;
}

kern_return_t rpc_mach_port_deallocate(ipc_space_t space, mach_port_name_t name)
{
    struct ipc_entry *entry;
    kern_return_t kr = find(space, name, &entry);

    return kr != KERN_SUCCESS ? kr : ipc_right_dealloc(space, name, entry);
}

kern_return_t rpc_mach_port_get_refs(ipc_space_t space, mach_port_name_t name,
                                     mach_port_right_t right,
                                     mach_port_urefs_t *refs)
{
    struct ipc_entry *entry;
    kern_return_t kr = find(space, name, &entry);

    return kr != KERN_SUCCESS ? kr : ipc_right_get_refs(entry, right, refs);
}

kern_return_t rpc_mach_port_mod_refs(ipc_space_t space, mach_port_name_t name,
                                     mach_port_right_t right,
                                     mach_port_delta_t delta)
{
    struct ipc_entry *entry;
    kern_return_t kr = find(space, name, &entry);

    return kr != KERN_SUCCESS
               ? kr
               : ipc_right_delta(space, name, entry, right, delta);
}

/* --- receive rights ------------------------------------------------------------ */

kern_return_t rpc_mach_port_set_qlimit(ipc_space_t space, mach_port_name_t name,
                                       mach_port_msgcount_t limit)
{
    struct ipc_port *port;
    kern_return_t kr = find_receive(space, name, &port);

    if (kr == KERN_SUCCESS && limit > MACH_PORT_QLIMIT_MAX) {
        kr = KERN_INVALID_VALUE;
    }
    if (kr == KERN_SUCCESS) {
        ipc_port_set_qlimit(port, limit);
    }
    return kr;
}

kern_return_t rpc_mach_port_set_mscount(ipc_space_t space,
                                        mach_port_name_t name,
                                        mach_port_mscount_t count)
{
    struct ipc_port *port;
    kern_return_t kr = find_receive(space, name, &port);

    if (kr == KERN_SUCCESS) {
        port->make_send_count = count;
    }
    return kr;
}

kern_return_t rpc_mach_port_set_seqno(ipc_space_t space, mach_port_name_t name,
                                      mach_port_seqno_t seqno)
{
    struct ipc_port *port;
    kern_return_t kr = find_receive(space, name, &port);

    if (kr == KERN_SUCCESS) {
        port->seqno = seqno;
    }
    return kr;
}

kern_return_t rpc_mach_port_get_receive_status(ipc_space_t space,
                                               mach_port_name_t name,
                                               mach_port_status_t *status)
{
    struct ipc_port *port;
    kern_return_t kr = find_receive(space, name, &port);

    if (kr == KERN_SUCCESS) {
        *status = (mach_port_status_t){
            .mps_pset = ipc_port_pset(port) != NULL ? port->pset->name
                                                    : MACH_PORT_NAME_NULL,
            .mps_seqno = port->seqno,
            .mps_mscount = port->make_send_count,
            .mps_qlimit = port->queue_limit,
            .mps_msgcount = port->message_count,
            .mps_sorights = port->send_once_rights,
            .mps_srights = port->send_rights != 0,
            .mps_pdrequest = port->port_destroyed != NULL,
            .mps_nsrequest = port->no_senders != NULL,
        };
    }
    return kr;
}

kern_return_t rpc_mach_port_set_protected_payload(ipc_space_t space,
                                                  mach_port_name_t name,
                                                  rpc_uintptr_t payload)
{
    struct ipc_port *port;
    kern_return_t kr = find_receive(space, name, &port);

    if (kr == KERN_SUCCESS) {
        port->payload = payload;
        port->has_payload = true;
    }
    return kr;
}

kern_return_t rpc_mach_port_clear_protected_payload(ipc_space_t space,
                                                    mach_port_name_t name)
{
    struct ipc_port *port;
    kern_return_t kr = find_receive(space, name, &port);

    if (kr == KERN_SUCCESS) {
        port->has_payload = false;
    }
    return kr;
}

/* --- port sets ------------------------------------------------------------------ */

kern_return_t rpc_mach_port_get_set_status(ipc_space_t space,
                                           mach_port_name_t name,
                                           mach_port_name_array_t *members,
                                           mach_msg_type_number_t *count)
{
    struct ipc_entry *entry;
    struct ipc_pset *pset;
    struct ipc_port *port;
    mach_port_name_t *names;
    kern_return_t kr = find(space, name, &entry);
    struct vm_map_copy *copy;
    unsigned n = 0;

    if (kr != KERN_SUCCESS) {
        return kr;
    }
    if ((entry->type & MACH_PORT_TYPE_PORT_SET) == 0) {
        return KERN_INVALID_RIGHT;
    }
    pset = entry->object;
    list_for_each(&pset->members, port, pset_link)
    {
        n++;
    }
    names = kalloc((n + 1) * sizeof *names);
    if (names == NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    *count = n;
    n = 0;
    list_for_each(&pset->members, port, pset_link)
    {
        names[n++] = port->receiver_name;
    }
    kr = to_copy(names, n, &copy);
    kfree(names);
    *members = (mach_port_name_array_t)copy;
    return kr;
}

kern_return_t rpc_mach_port_move_member(ipc_space_t space,
                                        mach_port_name_t member,
                                        mach_port_name_t after)
{
    struct ipc_pset *pset = NULL;
    struct ipc_entry *entry;
    struct ipc_port *port;
    kern_return_t kr = find_receive(space, member, &port);

    if (kr != KERN_SUCCESS) {
        return kr;
    }
    if (after != MACH_PORT_NAME_NULL) {
        kr = find(space, after, &entry);
        if (kr != KERN_SUCCESS) {
            return kr;
        }
        if ((entry->type & MACH_PORT_TYPE_PORT_SET) == 0) {
            return KERN_INVALID_RIGHT;
        }
        pset = entry->object;
    } else if (ipc_port_pset(port) == NULL) {
        return KERN_NOT_IN_SET;
    }
    if (ipc_port_pset(port) != pset) {
        if (port->pset != NULL) {
            ipc_pset_remove(port);
        }
        if (pset != NULL) {
            ipc_pset_add(pset, port);
        }
    }
    return KERN_SUCCESS;
}

/* --- notifications ---------------------------------------------------------------- */

kern_return_t
rpc_mach_port_request_notification(ipc_space_t space, mach_port_name_t name,
                                   mach_msg_id_t id, mach_port_mscount_t sync,
                                   ipc_port_t notify, ipc_port_t *previous)
{
    struct ipc_port *port;
    kern_return_t kr;

    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    if (notify == IP_DEAD) {
        return KERN_INVALID_CAPABILITY;
    }
    if (id == MACH_NOTIFY_DEAD_NAME) {
        return ipc_right_request_dead_name(space, name, sync != 0, notify,
                                           previous);
    }
    if (id != MACH_NOTIFY_NO_SENDERS &&
        (id != MACH_NOTIFY_PORT_DESTROYED || sync != 0)) {
        return KERN_INVALID_VALUE;
    }
    kr = find_receive(space, name, &port);
    if (kr == KERN_SUCCESS) {
        *previous = id == MACH_NOTIFY_NO_SENDERS
                        ? ipc_port_request_no_senders(port, sync, notify)
                        : ipc_port_request_destroyed(port, notify);
    }
    return kr;
}

/* --- rights by name ------------------------------------------------------------------ */

kern_return_t rpc_mach_port_insert_right(ipc_space_t space,
                                         mach_port_name_t name, ipc_port_t port,
                                         mach_msg_type_name_t type)
{
    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    if (!MACH_PORT_NAME_VALID(name) || !MACH_MSG_TYPE_PORT_ANY_RIGHT(type)) {
        return KERN_INVALID_VALUE;
    }
    if (!IP_VALID(port)) {
        return KERN_INVALID_CAPABILITY;
    }
    return ipc_right_copyout_name(space, port, type, name);
}

kern_return_t rpc_mach_port_extract_right(ipc_space_t space,
                                          mach_port_name_t name,
                                          mach_msg_type_name_t type,
                                          ipc_port_t *port,
                                          mach_msg_type_name_t *port_type)
{
    kern_return_t kr;

    if (space == NULL) {
        return KERN_INVALID_TASK;
    }
    if (!MACH_MSG_TYPE_PORT_ANY(type)) {
        return KERN_INVALID_VALUE;
    }
    kr = ipc_right_take(space, name, type, port);
    *port_type = ipc_disposition_result(type);
    return kr;
}

/* --- what stands behind a port --------------------------------------------------------- */

/* As GNU Mach numbers them. */
static const uint8_t object_types[] = {
    [IKOT_THREAD] = 1,       [IKOT_TASK] = 2,         [IKOT_HOST] = 3,
    [IKOT_HOST_PRIV] = 4,    [IKOT_PROCESSOR] = 5,    [IKOT_PSET] = 6,
    [IKOT_PSET_NAME] = 7,    [IKOT_PAGER] = 8,        [IKOT_PAGING_REQUEST] = 9,
    [IKOT_DEVICE] = 10,      [IKOT_PAGING_NAME] = 16, [IKOT_MASTER_DEVICE] = 19,
    [IKOT_PAGER_PROXY] = 27,
};

/* In place of an address memory objects have a number, the same for the three
 * ports of one, by which a pager knows the kernel (lib/pager). */
kern_return_t rpc_mach_port_kernel_object(ipc_space_t space,
                                          mach_port_name_t name,
                                          unsigned *object_type,
                                          vm_offset_t *object_addr)
{
    enum ipc_kobject_type type;
    struct ipc_entry *entry;
    struct ipc_port *port;
    kern_return_t kr = find(space, name, &entry);

    if (kr != KERN_SUCCESS) {
        return kr == KERN_INVALID_NAME ? KERN_INVALID_RIGHT : kr;
    }
    if ((entry->type & (MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_RECEIVE)) == 0) {
        return KERN_INVALID_RIGHT;
    }
    port = entry->object;
    type = ipc_kobject_type_of(port);
    *object_type = type < sizeof object_types ? object_types[type] : 0;
    *object_addr = 0;
    if (type == IKOT_PAGER || type == IKOT_PAGING_REQUEST ||
        type == IKOT_PAGING_NAME) {
        *object_addr = vm_object_id(port->kobject);
    }
    return KERN_SUCCESS;
}
