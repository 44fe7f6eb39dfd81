/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/ends.h: the end of what may be large; for ipc/ only.
 *
 * Messages that carry ports in whose queues are messages, ports that many want
 * to hear of, spaces and sets full of rights: each is put on a list as it dies,
 * and taken apart from there a step at a time, as much at once as the entry may
 * do (core/work.h), the rest in entries to come.  So nothing here is recursive.
 */
#ifndef IPC_ENDS_H
#define IPC_ENDS_H

#include "ipc/entry.h"

/* PORT is dead and has requests: those who made them are told. */
void ipc_end_requests(struct ipc_port *port);
/* SPACE is not active any more: its rights die. */
void ipc_end_space(struct ipc_space *space);
/* PSET is not active any more: its members leave.  Consumes its own reference. */
void ipc_end_pset(struct ipc_pset *pset);
/* All messages of LIST (linked by port_link) are destroyed. */
void ipc_end_messages(struct list *list);

/* Goes on with what there is. */
void ipc_run_ends(void);

#endif
