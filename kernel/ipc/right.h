/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/right.h: the rights that a space holds under its names; for ipc/ only.
 *
 * An entry whose port has died is a dead name from the moment anybody looks at
 * it through these functions.  Whenever a name that has a dead-name request
 * goes away, the requester gets a port-deleted notification.  A function that
 * fails leaves the space unchanged.
 */
#ifndef IPC_RIGHT_H
#define IPC_RIGHT_H

#include "ipc/entry.h"
#include <mach/message.h>

/* The entry of a name in use, or NULL. */
struct ipc_entry *ipc_right_lookup(struct ipc_space *space,
                                   mach_port_name_t name);
/* The port whose receive right NAME denotes: KERN_INVALID_NAME or
 * KERN_INVALID_RIGHT if there is none. */
kern_return_t ipc_right_lookup_receive(struct ipc_space *space,
                                       mach_port_name_t name,
                                       struct ipc_port **port_out);

/* Could a message take a right of disposition TYPE from ENTRY?  Dead names can
 * be sent in place of send and send-once rights. */
bool ipc_right_copyin_check(const struct ipc_entry *entry,
                            mach_msg_type_name_t type);
/* Takes it; the check has succeeded.  Gives a right of the kind
 * ipc_disposition_result(TYPE), or IP_DEAD. */
struct ipc_port *ipc_right_copyin(struct ipc_space *space,
                                  mach_port_name_t name,
                                  struct ipc_entry *entry,
                                  mach_msg_type_name_t type);
/* Both; KERN_INVALID_NAME or KERN_INVALID_RIGHT. */
kern_return_t ipc_right_take(struct ipc_space *space, mach_port_name_t name,
                             mach_msg_type_name_t type,
                             struct ipc_port **port_out);

/* Puts a right of kind TYPE (MACH_MSG_TYPE_PORT_*) into the space: consumes
 * it, always.  Null, dead and dying rights become null and dead names with
 * KERN_SUCCESS; KERN_RESOURCE_SHORTAGE or KERN_NO_SPACE: the name is null. */
kern_return_t ipc_right_copyout(struct ipc_space *space, struct ipc_port *port,
                                mach_msg_type_name_t type,
                                mach_port_name_t *name_out);
/* The same under a chosen name; consumes the right only if it succeeds.
 * KERN_NAME_EXISTS, KERN_RIGHT_EXISTS, KERN_INVALID_CAPABILITY,
 * KERN_UREFS_OVERFLOW. */
kern_return_t ipc_right_copyout_name(struct ipc_space *space,
                                     struct ipc_port *port,
                                     mach_msg_type_name_t type,
                                     mach_port_name_t name);

/* As mach_port_deallocate, _destroy, _mod_refs, _get_refs, _type, _rename. */
kern_return_t ipc_right_dealloc(struct ipc_space *space, mach_port_name_t name,
                                struct ipc_entry *entry);
void ipc_right_destroy(struct ipc_space *space, mach_port_name_t name,
                       struct ipc_entry *entry);
kern_return_t ipc_right_delta(struct ipc_space *space, mach_port_name_t name,
                              struct ipc_entry *entry, mach_port_right_t right,
                              mach_port_delta_t delta);
kern_return_t ipc_right_get_refs(const struct ipc_entry *entry,
                                 mach_port_right_t right,
                                 mach_port_urefs_t *refs_out);
mach_port_type_t ipc_right_type(const struct ipc_entry *entry);
kern_return_t ipc_right_rename(struct ipc_space *space,
                               mach_port_name_t old_name,
                               mach_port_name_t new_name);

/* Arms NOTIFY (a send-once right, consumed on success; null to cancel) for the
 * death of NAME's port; *PREVIOUS_OUT gets the right armed before.  IMMEDIATE:
 * a name that is dead already notifies at once. */
kern_return_t ipc_right_request_dead_name(struct ipc_space *space,
                                          mach_port_name_t name, bool immediate,
                                          struct ipc_port *notify,
                                          struct ipc_port **previous_out);
/* Forgets ENTRY's request; its send-once right becomes the caller's. */
struct ipc_port *ipc_right_cancel_request(struct ipc_entry *entry);

/* New receive rights, port sets and dead names.  NAME is chosen if it is not
 * null: then it must be free (KERN_NAME_EXISTS). */
kern_return_t ipc_right_new(struct ipc_space *space, mach_port_right_t right,
                            mach_port_name_t *name);

#endif
