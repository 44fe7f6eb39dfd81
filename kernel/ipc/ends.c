/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/ends.h"
#include "ipc/ipc.h"
#include "ipc/module.h"
#include "ipc/mqueue.h"
#include "ipc/notify.h"
#include "ipc/right.h"

void ipc_end_requests(struct ipc_port *port)
{
    ipc_port_reference(port);
    list_append(&ipc.dying_ports, &port->dying_link);
    ipc_run_ends();
}

void ipc_end_space(struct ipc_space *space)
{
    ipc_space_reference(space);
    list_append(&ipc.dying_spaces, &space->dying_link);
    ipc_run_ends();
}

void ipc_end_pset(struct ipc_pset *pset)
{
    list_append(&ipc.dying_psets, &pset->dying_link);
    ipc_run_ends();
}

void ipc_end_messages(struct list *list)
{
    list_splice(&ipc.doomed, list);
    ipc_run_ends();
}

/* The name's holder gets one reference more to the dead name, for the one who
 * hears of it to drop. */
static void tell_dead_name(struct ipc_request *request)
{
    struct ipc_entry *entry = ipc_entry_lookup(request->space, request->name);

    list_remove(&request->link);
    entry->request = NULL;
    /* Somebody may have looked at it meanwhile. */
    if ((entry->type & MACH_PORT_TYPE_DEAD_NAME) == 0) {
        ipc_right_die(request->space, request->name, entry);
    }
    if (entry->user_refs < IPC_USER_REFS_MAX) {
        entry->user_refs++;
    }
    ipc_notify_dead_name(request->notify, request->name);
    kfree(request);
}

static void port_step(struct ipc_port *port)
{
    struct ipc_request *request =
        list_first_entry(&port->requests, struct ipc_request, link);

    if (request != NULL) {
        tell_dead_name(request);
        return;
    }
    list_remove(&port->dying_link);
    ipc_port_release(port);
}

static void space_step(struct ipc_space *space)
{
    struct ipc_entry *entry = ipc_entry_next(space, &space->dying_name);

    if (entry != NULL) {
        entry = ipc_right_lookup(space, space->dying_name);
        ipc_right_destroy(space, space->dying_name, entry);
        return;
    }
    if (space->dead != NULL) {
        void (*dead)(void *) = space->dead;

        space->dead = NULL;
        dead(space->dead_context);
        return;
    }
    if (ipc_entry_free_table(space)) {
        return;
    }
    list_remove(&space->dying_link);
    ipc_space_release(space);
}

static void pset_step(struct ipc_pset *pset)
{
    struct ipc_port *port =
        list_first_entry(&pset->members, struct ipc_port, pset_link);

    if (port != NULL) {
        ipc_pset_remove(port);
        return;
    }
    list_remove(&pset->dying_link);
    ipc_pset_release(pset);
}

/* False if there is nothing to do. */
static bool step(void)
{
    struct list *first;

    work_step(1);
    if ((first = list_first(&ipc.doomed)) != NULL) {
        list_remove(first);
        ipc_kmsg_destroy_now(list_entry(first, struct ipc_kmsg, port_link));
    } else if ((first = list_first(&ipc.dying_ports)) != NULL) {
        port_step(list_entry(first, struct ipc_port, dying_link));
    } else if ((first = list_first(&ipc.dying_spaces)) != NULL) {
        space_step(list_entry(first, struct ipc_space, dying_link));
    } else if ((first = list_first(&ipc.dying_psets)) != NULL) {
        pset_step(list_entry(first, struct ipc_pset, dying_link));
    } else {
        return false;
    }
    return true;
}

void ipc_run_ends(void)
{
    bool left = true;

    if (ipc.ending) {
        return;
    }
    ipc.ending = true;
    while (left && !work_spent()) {
        left = step();
    }
    ipc.ending = false;
    if (left) {
        work_later(&ipc.work);
    }
}
