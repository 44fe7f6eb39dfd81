/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/notify.h: the kernel's notifications; for ipc/ only.
 *
 * Each consumes the send-once right NOTIFY, also when memory is too short to
 * send it (then the notification is lost).
 */
#ifndef IPC_NOTIFY_H
#define IPC_NOTIFY_H

#include "ipc/object.h"

void ipc_notify_port_deleted(struct ipc_port *notify, mach_port_name_t name);
void ipc_notify_msg_accepted(struct ipc_port *notify, mach_port_name_t name);
/* Consumes the receive right, too. */
void ipc_notify_port_destroyed(struct ipc_port *notify,
                               struct ipc_port *receive);
void ipc_notify_no_senders(struct ipc_port *notify,
                           mach_port_mscount_t make_send_count);
void ipc_notify_send_once(struct ipc_port *port);
void ipc_notify_dead_name(struct ipc_port *notify, mach_port_name_t name);

#endif
