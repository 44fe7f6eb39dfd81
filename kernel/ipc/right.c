/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/right.h"
#include "core/account.h"
#include "ipc/ends.h"
#include "ipc/kmsg.h"
#include "ipc/mqueue.h"
#include "ipc/notify.h"
#include "task/task.h"

/* --- the end of names ----------------------------------------------------- */

struct ipc_port *ipc_right_cancel_request(struct ipc_entry *entry)
{
    struct ipc_request *request = entry->request;
    struct ipc_port *notify;

    if (request == NULL) {
        return NULL;
    }
    notify = request->notify;
    list_remove(&request->link);
    entry->request = NULL;
    kfree(request);
    return notify;
}

static void forget_marequest(struct ipc_entry *entry)
{
    if (entry->marequest != NULL) {
        entry->marequest->name = MACH_PORT_NAME_NULL;
        entry->marequest = NULL;
    }
}

/* The name goes; what its entry held is the caller's. */
static void remove_name(struct ipc_space *space, mach_port_name_t name,
                        struct ipc_entry *entry)
{
    struct ipc_port *notify = ipc_right_cancel_request(entry);

    forget_marequest(entry);
    ipc_entry_free(space, name, entry);
    if (notify != NULL) {
        ipc_notify_port_deleted(notify, name);
    }
}

void ipc_right_die(struct ipc_space *space, mach_port_name_t name,
                   struct ipc_entry *entry)
{
    struct ipc_port *port = entry->object;
    mach_port_type_t type = entry->type;

    if (type & MACH_PORT_TYPE_SEND) {
        ipc_hash_remove(space, port, name, entry);
    }
    forget_marequest(entry);
    entry->object = NULL;
    entry->type = MACH_PORT_TYPE_DEAD_NAME;
    if (type & MACH_PORT_TYPE_SEND) {
        ipc_port_release_send(port);
    } else {
        ipc_port_drop_sonce_quietly(port);
    }
}

static bool holds_dead_port(const struct ipc_entry *entry)
{
    return (entry->type & MACH_PORT_TYPE_SEND_RIGHTS) != 0 &&
           (entry->type & MACH_PORT_TYPE_RECEIVE) == 0 &&
           !((struct ipc_port *)entry->object)->active;
}

struct ipc_entry *ipc_right_lookup(struct ipc_space *space,
                                   mach_port_name_t name)
{
    struct ipc_entry *entry = ipc_entry_lookup(space, name);

    if (entry != NULL && holds_dead_port(entry)) {
        ipc_right_die(space, name, entry);
    }
    return entry;
}

kern_return_t ipc_right_lookup_receive(struct ipc_space *space,
                                       mach_port_name_t name,
                                       struct ipc_port **port_out)
{
    struct ipc_entry *entry = ipc_right_lookup(space, name);

    if (entry == NULL) {
        return KERN_INVALID_NAME;
    }
    if ((entry->type & MACH_PORT_TYPE_RECEIVE) == 0) {
        return KERN_INVALID_RIGHT;
    }
    *port_out = entry->object;
    return KERN_SUCCESS;
}

/* --- copyin --------------------------------------------------------------- */

bool ipc_right_copyin_check(const struct ipc_entry *entry,
                            mach_msg_type_name_t type)
{
    switch (type) {
    case MACH_MSG_TYPE_MAKE_SEND:
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
    case MACH_MSG_TYPE_MOVE_RECEIVE:
        return (entry->type & MACH_PORT_TYPE_RECEIVE) != 0;
    case MACH_MSG_TYPE_COPY_SEND:
    case MACH_MSG_TYPE_MOVE_SEND:
        return (entry->type &
                (MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_DEAD_NAME)) != 0;
    case MACH_MSG_TYPE_MOVE_SEND_ONCE:
        return (entry->type &
                (MACH_PORT_TYPE_SEND_ONCE | MACH_PORT_TYPE_DEAD_NAME)) != 0;
    default:
        return false;
    }
}

static struct ipc_port *move_receive(struct ipc_space *space,
                                     mach_port_name_t name,
                                     struct ipc_entry *entry)
{
    struct ipc_port *port = entry->object;

    if (entry->type & MACH_PORT_TYPE_SEND) {
        /* The reference of the receive right travels; a send right keeps its
         * own. */
        entry->type = MACH_PORT_TYPE_SEND;
    } else {
        remove_name(space, name, entry);
    }
    ipc_port_clear_receiver(port);
    return port;
}

/* One user reference less; the send right itself is the caller's. */
static struct ipc_port *move_send(struct ipc_space *space,
                                  mach_port_name_t name,
                                  struct ipc_entry *entry)
{
    struct ipc_port *port = entry->object;

    if (--entry->user_refs > 0) {
        return ipc_port_copy_send(port);
    }
    ipc_hash_remove(space, port, name, entry);
    if (entry->type & MACH_PORT_TYPE_RECEIVE) {
        entry->type = MACH_PORT_TYPE_RECEIVE;
    } else {
        remove_name(space, name, entry);
    }
    return port;
}

static struct ipc_port *move_dead(struct ipc_space *space,
                                  mach_port_name_t name,
                                  struct ipc_entry *entry)
{
    if (--entry->user_refs == 0) {
        remove_name(space, name, entry);
    }
    return IP_DEAD;
}

struct ipc_port *ipc_right_copyin(struct ipc_space *space,
                                  mach_port_name_t name,
                                  struct ipc_entry *entry,
                                  mach_msg_type_name_t type)
{
    struct ipc_port *port = entry->object;

    if (entry->type & MACH_PORT_TYPE_DEAD_NAME) {
        return type == MACH_MSG_TYPE_COPY_SEND ? IP_DEAD
                                               : move_dead(space, name, entry);
    }
    switch (type) {
    case MACH_MSG_TYPE_MAKE_SEND:
        return ipc_port_make_send(port);
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
        return ipc_port_make_sonce(port);
    case MACH_MSG_TYPE_COPY_SEND:
        return ipc_port_copy_send(port);
    case MACH_MSG_TYPE_MOVE_SEND:
        return move_send(space, name, entry);
    case MACH_MSG_TYPE_MOVE_RECEIVE:
        return move_receive(space, name, entry);
    default: /* MOVE_SEND_ONCE */
        remove_name(space, name, entry);
        return port;
    }
}

kern_return_t ipc_right_take(struct ipc_space *space, mach_port_name_t name,
                             mach_msg_type_name_t type,
                             struct ipc_port **port_out)
{
    struct ipc_entry *entry = ipc_right_lookup(space, name);

    if (entry == NULL) {
        return KERN_INVALID_NAME;
    }
    if (!ipc_right_copyin_check(entry, type)) {
        return KERN_INVALID_RIGHT;
    }
    *port_out = ipc_right_copyin(space, name, entry, type);
    return KERN_SUCCESS;
}

/* --- copyout -------------------------------------------------------------- */

/* The entry by which SPACE knows PORT already, for send and receive rights. */
static struct ipc_entry *known_name(struct ipc_space *space,
                                    struct ipc_port *port,
                                    mach_port_name_t *name_out)
{
    if (port->receiver == space) {
        *name_out = port->receiver_name;
        return ipc_entry_lookup(space, port->receiver_name);
    }
    return ipc_hash_lookup(space, port, name_out);
}

static void take_receive(struct ipc_space *space, mach_port_name_t name,
                         struct ipc_entry *entry, struct ipc_port *port)
{
    ipc_port_clear_destination(port);
    port->receiver = space;
    port->receiver_name = name;
    entry->object = port;
    entry->type |= MACH_PORT_TYPE_RECEIVE;
}

/* Adds a right to an entry that is new (type 0) or already of the same port.
 * Fails only for want of memory or of user references. */
static kern_return_t add(struct ipc_space *space, mach_port_name_t name,
                         struct ipc_entry *entry, struct ipc_port *port,
                         mach_msg_type_name_t type, bool saturate)
{
    if (type == MACH_MSG_TYPE_PORT_RECEIVE) {
        take_receive(space, name, entry, port);
    } else if (type == MACH_MSG_TYPE_PORT_SEND_ONCE) {
        entry->object = port;
        entry->type = MACH_PORT_TYPE_SEND_ONCE;
        entry->user_refs = 1;
    } else if ((entry->type & MACH_PORT_TYPE_SEND) == 0) {
        if (!ipc_hash_insert(space, port, name, entry)) {
            return KERN_RESOURCE_SHORTAGE;
        }
        entry->type |= MACH_PORT_TYPE_SEND;
        entry->user_refs = 1;
    } else {
        if (entry->user_refs == IPC_USER_REFS_MAX && !saturate) {
            return KERN_UREFS_OVERFLOW;
        }
        entry->user_refs = min_of(entry->user_refs + 1, IPC_USER_REFS_MAX);
        ipc_port_release_send(port); /* one right stands for all */
    }
    return KERN_SUCCESS;
}

kern_return_t ipc_right_copyout(struct ipc_space *space, struct ipc_port *port,
                                mach_msg_type_name_t type,
                                mach_port_name_t *name_out)
{
    struct ipc_entry *entry = NULL;
    kern_return_t kr = KERN_RESOURCE_SHORTAGE;
    bool fresh;

    if (!ipc_port_active(port)) {
        *name_out = port == NULL ? MACH_PORT_NAME_NULL : MACH_PORT_NAME_DEAD;
        ipc_right_drop(port, type);
        return KERN_SUCCESS;
    }
    if (type != MACH_MSG_TYPE_PORT_SEND_ONCE) {
        entry = known_name(space, port, name_out);
    }
    fresh = entry == NULL;
    if (fresh && space->active) {
        entry = ipc_entry_alloc(space, name_out);
    }
    if (entry != NULL) {
        kr = add(space, *name_out, entry, port, type, true);
    }
    if (kr != KERN_SUCCESS) {
        if (entry != NULL && fresh) {
            ipc_entry_free(space, *name_out, entry);
        }
        *name_out = MACH_PORT_NAME_NULL;
        ipc_right_drop(port, type);
    }
    return kr;
}

kern_return_t ipc_right_copyout_name(struct ipc_space *space,
                                     struct ipc_port *port,
                                     mach_msg_type_name_t type,
                                     mach_port_name_t name)
{
    struct ipc_entry *entry = ipc_right_lookup(space, name);
    struct ipc_entry *known = NULL;
    mach_port_name_t known_as;
    kern_return_t kr;

    if (!ipc_port_active(port)) {
        return KERN_INVALID_CAPABILITY;
    }
    if (type != MACH_MSG_TYPE_PORT_SEND_ONCE) {
        known = known_name(space, port, &known_as);
    }
    if (known != NULL && known != entry) {
        return KERN_RIGHT_EXISTS;
    }
    if (entry != NULL && known == NULL) {
        return KERN_NAME_EXISTS;
    }
    if (entry == NULL) {
        entry = ipc_entry_alloc_name(space, name);
    }
    if (entry == NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    kr = add(space, name, entry, port, type, false);
    if (kr != KERN_SUCCESS && known == NULL) {
        ipc_entry_free(space, name, entry);
    }
    return kr;
}

/* --- user references ------------------------------------------------------ */

static void destroy_receive(struct ipc_space *space, mach_port_name_t name,
                            struct ipc_entry *entry)
{
    struct ipc_port *port = entry->object;

    if (entry->type & MACH_PORT_TYPE_SEND) {
        /* A dead name as soon as the port is dead; it may live on elsewhere,
         * if somebody asked for it. */
        entry->type = MACH_PORT_TYPE_SEND;
    } else {
        remove_name(space, name, entry);
    }
    ipc_port_destroy(port);
}

/* Drops COUNT user references of a send right. */
static void drop_send(struct ipc_space *space, mach_port_name_t name,
                      struct ipc_entry *entry, uint32_t count)
{
    if (count < entry->user_refs) {
        entry->user_refs -= count;
    } else {
        entry->user_refs = 1;
        ipc_port_release_send(move_send(space, name, entry));
    }
}

static void drop_sonce(struct ipc_space *space, mach_port_name_t name,
                       struct ipc_entry *entry)
{
    struct ipc_port *port = entry->object;

    remove_name(space, name, entry);
    ipc_port_release_sonce(port);
}

static void drop_dead(struct ipc_space *space, mach_port_name_t name,
                      struct ipc_entry *entry, uint32_t count)
{
    entry->user_refs -= count;
    if (entry->user_refs == 0) {
        remove_name(space, name, entry);
    }
}

static void drop_set(struct ipc_space *space, mach_port_name_t name,
                     struct ipc_entry *entry)
{
    struct ipc_pset *pset = entry->object;

    remove_name(space, name, entry);
    ipc_pset_destroy(pset);
}

kern_return_t ipc_right_dealloc(struct ipc_space *space, mach_port_name_t name,
                                struct ipc_entry *entry)
{
    if (entry->type & MACH_PORT_TYPE_SEND) {
        drop_send(space, name, entry, 1);
    } else if (entry->type & MACH_PORT_TYPE_SEND_ONCE) {
        drop_sonce(space, name, entry);
    } else if (entry->type & MACH_PORT_TYPE_DEAD_NAME) {
        drop_dead(space, name, entry, 1);
    } else {
        return KERN_INVALID_RIGHT;
    }
    return KERN_SUCCESS;
}

void ipc_right_destroy(struct ipc_space *space, mach_port_name_t name,
                       struct ipc_entry *entry)
{
    if (entry->type & MACH_PORT_TYPE_PORT_SET) {
        drop_set(space, name, entry);
        return;
    }
    if (entry->type & MACH_PORT_TYPE_DEAD_NAME) {
        drop_dead(space, name, entry, entry->user_refs);
        return;
    }
    if (entry->type & MACH_PORT_TYPE_SEND_ONCE) {
        drop_sonce(space, name, entry);
        return;
    }
    if (entry->type & MACH_PORT_TYPE_SEND) {
        bool both = (entry->type & MACH_PORT_TYPE_RECEIVE) != 0;

        drop_send(space, name, entry, entry->user_refs);
        if (!both) {
            return;
        }
    }
    destroy_receive(space, name, entry);
}

static const mach_port_type_t right_types[MACH_PORT_RIGHT_NUMBER] = {
    [MACH_PORT_RIGHT_SEND] = MACH_PORT_TYPE_SEND,
    [MACH_PORT_RIGHT_RECEIVE] = MACH_PORT_TYPE_RECEIVE,
    [MACH_PORT_RIGHT_SEND_ONCE] = MACH_PORT_TYPE_SEND_ONCE,
    [MACH_PORT_RIGHT_PORT_SET] = MACH_PORT_TYPE_PORT_SET,
    [MACH_PORT_RIGHT_DEAD_NAME] = MACH_PORT_TYPE_DEAD_NAME,
};

static bool counted(mach_port_right_t right)
{
    return right == MACH_PORT_RIGHT_SEND || right == MACH_PORT_RIGHT_DEAD_NAME;
}

kern_return_t ipc_right_get_refs(const struct ipc_entry *entry,
                                 mach_port_right_t right,
                                 mach_port_urefs_t *refs_out)
{
    if (right >= MACH_PORT_RIGHT_NUMBER) {
        return KERN_INVALID_VALUE;
    }
    *refs_out = 0;
    if (entry->type & right_types[right]) {
        *refs_out = counted(right) ? entry->user_refs : 1;
    }
    return KERN_SUCCESS;
}

static kern_return_t delta_counted(struct ipc_space *space,
                                   mach_port_name_t name,
                                   struct ipc_entry *entry,
                                   mach_port_delta_t delta)
{
    int64_t refs = (int64_t)entry->user_refs + delta;

    if (refs < 0) {
        return KERN_INVALID_VALUE;
    }
    if (refs > IPC_USER_REFS_MAX) {
        return KERN_UREFS_OVERFLOW;
    }
    if (delta >= 0) {
        entry->user_refs = refs;
    } else if (entry->type & MACH_PORT_TYPE_SEND) {
        drop_send(space, name, entry, -(int64_t)delta);
    } else {
        drop_dead(space, name, entry, -(int64_t)delta);
    }
    return KERN_SUCCESS;
}

kern_return_t ipc_right_delta(struct ipc_space *space, mach_port_name_t name,
                              struct ipc_entry *entry, mach_port_right_t right,
                              mach_port_delta_t delta)
{
    if (right >= MACH_PORT_RIGHT_NUMBER) {
        return KERN_INVALID_VALUE;
    }
    if ((entry->type & right_types[right]) == 0) {
        return KERN_INVALID_RIGHT;
    }
    if (counted(right)) {
        return delta_counted(space, name, entry, delta);
    }
    if (delta == 0) {
        return KERN_SUCCESS;
    }
    if (delta != -1) {
        return KERN_INVALID_VALUE;
    }
    if (right == MACH_PORT_RIGHT_RECEIVE) {
        destroy_receive(space, name, entry);
    } else if (right == MACH_PORT_RIGHT_PORT_SET) {
        drop_set(space, name, entry);
    } else {
        drop_sonce(space, name, entry);
    }
    return KERN_SUCCESS;
}

mach_port_type_t ipc_right_type(const struct ipc_entry *entry)
{
    mach_port_type_t type = entry->type;

    if (entry->request != NULL) {
        type |= MACH_PORT_TYPE_DNREQUEST;
    }
    if (entry->marequest != NULL) {
        type |= MACH_PORT_TYPE_MAREQUEST;
    }
    return type;
}

/* --- renaming and making -------------------------------------------------- */

kern_return_t ipc_right_rename(struct ipc_space *space,
                               mach_port_name_t old_name,
                               mach_port_name_t new_name)
{
    struct ipc_entry *old = ipc_right_lookup(space, old_name);
    struct ipc_entry *entry;

    if (old == NULL) {
        return KERN_INVALID_NAME;
    }
    if (ipc_right_lookup(space, new_name) != NULL) {
        return KERN_NAME_EXISTS;
    }
    entry = ipc_entry_alloc_name(space, new_name);
    if (entry == NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    if (old->type & MACH_PORT_TYPE_SEND) {
        ipc_hash_remove(space, old->object, old_name, old);
    }
    *entry = *old;
    if (entry->type & MACH_PORT_TYPE_SEND) {
        account_insists++; /* it was there, under the old name */
        ipc_hash_insert(space, entry->object, new_name, entry);
        account_insists--;
    }
    if (entry->type & MACH_PORT_TYPE_RECEIVE) {
        ((struct ipc_port *)entry->object)->receiver_name = new_name;
    }
    if (entry->type & MACH_PORT_TYPE_PORT_SET) {
        ((struct ipc_pset *)entry->object)->name = new_name;
    }
    if (entry->request != NULL) {
        entry->request->name = new_name;
    }
    if (entry->marequest != NULL) {
        entry->marequest->name = new_name;
    }
    ipc_entry_free(space, old_name, old);
    return KERN_SUCCESS;
}

static struct ipc_entry *new_entry(struct ipc_space *space,
                                   mach_port_name_t *name)
{
    return *name == MACH_PORT_NAME_NULL ? ipc_entry_alloc(space, name)
                                        : ipc_entry_alloc_name(space, *name);
}

kern_return_t ipc_right_new(struct ipc_space *space, mach_port_right_t right,
                            mach_port_name_t *name)
{
    struct ipc_entry *entry;
    void *object = NULL;

    if (*name != MACH_PORT_NAME_NULL &&
        ipc_right_lookup(space, *name) != NULL) {
        return KERN_NAME_EXISTS;
    }
    if (right == MACH_PORT_RIGHT_RECEIVE) {
        object = ipc_port_alloc();
    } else if (right == MACH_PORT_RIGHT_PORT_SET) {
        object = ipc_pset_alloc();
    }
    if ((object == NULL && right != MACH_PORT_RIGHT_DEAD_NAME) ||
        (entry = new_entry(space, name)) == NULL) {
        kfree(object);
        return KERN_RESOURCE_SHORTAGE;
    }
    entry->object = object;
    entry->type = right_types[right];
    entry->user_refs = 1;
    if (right == MACH_PORT_RIGHT_RECEIVE) {
        take_receive(space, *name, entry, object);
    } else if (right == MACH_PORT_RIGHT_PORT_SET) {
        ((struct ipc_pset *)object)->name = *name;
    }
    return KERN_SUCCESS;
}

/* --- dead-name requests --------------------------------------------------- */

static kern_return_t arm(struct ipc_space *space, mach_port_name_t name,
                         struct ipc_entry *entry, struct ipc_port *notify)
{
    struct ipc_port *port = entry->object;
    struct ipc_request *request = kalloc(sizeof *request);

    if (request == NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    request->space = space;
    request->name = name;
    request->notify = notify;
    list_append(&port->requests, &request->link);
    entry->request = request;
    return KERN_SUCCESS;
}

kern_return_t ipc_right_request_dead_name(struct ipc_space *space,
                                          mach_port_name_t name, bool immediate,
                                          struct ipc_port *notify,
                                          struct ipc_port **previous_out)
{
    struct ipc_entry *entry = ipc_right_lookup(space, name);
    kern_return_t kr = KERN_SUCCESS;

    *previous_out = NULL;
    if (entry == NULL) {
        return KERN_INVALID_NAME;
    }
    if (entry->type & MACH_PORT_TYPE_PORT_RIGHTS) {
        if (entry->request != NULL && notify != NULL) {
            *previous_out = entry->request->notify;
            entry->request->notify = notify;
        } else if (entry->request != NULL) {
            *previous_out = ipc_right_cancel_request(entry);
        } else if (notify != NULL) {
            kr = arm(space, name, entry, notify);
        }
        return kr;
    }
    if ((entry->type & MACH_PORT_TYPE_DEAD_NAME) == 0) {
        return KERN_INVALID_RIGHT;
    }
    if (!immediate || notify == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    if (entry->user_refs == IPC_USER_REFS_MAX) {
        return KERN_UREFS_OVERFLOW;
    }
    entry->user_refs++;
    ipc_notify_dead_name(notify, name);
    return KERN_SUCCESS;
}

/* --- spaces as the kernel sees them ---------------------------------------- */

void ipc_space_destroy(struct ipc_space *space, void (*done)(void *),
                       void *context)
{
    if (space->active) {
        space->active = false;
        space->task = NULL;
        space->dead = done;
        space->dead_context = context;
        ipc_end_space(space);
    }
}

mach_port_name_t ipc_space_insert_send(struct ipc_space *space,
                                       struct ipc_port *right)
{
    mach_port_name_t name;

    ipc_right_copyout(space, right, MACH_MSG_TYPE_PORT_SEND, &name);
    return name;
}

mach_port_name_t ipc_space_insert_sonce(struct ipc_space *space,
                                        struct ipc_port *right)
{
    mach_port_name_t name;

    ipc_right_copyout(space, right, MACH_MSG_TYPE_PORT_SEND_ONCE, &name);
    return name;
}

bool ipc_space_has_send(struct ipc_space *space, struct ipc_port *port)
{
    mach_port_name_t name;

    return ipc_hash_lookup(space, port, &name) != NULL;
}

struct ipc_port *ipc_space_copyin_send(struct ipc_space *space,
                                       mach_port_name_t name)
{
    struct ipc_port *port = IP_NULL;

    if (ipc_right_take(space, name, MACH_MSG_TYPE_COPY_SEND, &port) !=
            KERN_SUCCESS ||
        port == IP_DEAD) {
        return IP_NULL;
    }
    return port;
}
