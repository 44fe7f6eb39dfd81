/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/port.h: ports, as the rest of the kernel uses them.
 *
 * A port is reference counted; it is active until its receive right dies.  The
 * kernel holds receive rights of its own objects' ports (kobject ports); a port
 * that a task receives from may carry a kobject too (a pager's memory object
 * port carries the vm_object).  A `send right' held in a kernel variable is a
 * counted right and one reference: it is made by make_send or copy_send, and
 * ended by release_send or by giving it to a message.  Nothing here blocks.
 */
#ifndef IPC_PORT_H
#define IPC_PORT_H

#include "core/core.h"
#include "core/list.h"

enum ipc_kobject_type {
    IKOT_NONE,
    IKOT_THREAD,
    IKOT_TASK,
    IKOT_HOST,
    IKOT_HOST_PRIV,
    IKOT_PROCESSOR,
    IKOT_PSET,
    IKOT_PSET_NAME,
    IKOT_PAGER,          /* a pager's port; kobject: struct vm_object */
    IKOT_PAGING_REQUEST, /* memory control port */
    IKOT_PAGING_NAME,    /* memory object name port */
    IKOT_PAGER_PROXY,    /* kobject: struct vm_proxy */
    IKOT_DEVICE,
    IKOT_MASTER_DEVICE,
    IKOT_IO_PERM,
    IKOT_IRQ_HANDLER,     /* a driver's port; kobject: what it listens to */
    IKOT_EXCEPTION_REPLY, /* kobject: what waits for the reply */
    IKOT_SWAP_REPLY,      /* the default pager answers there */
};

struct account;
struct ipc_port;
typedef struct ipc_port *ipc_port_t;

/* The name field of a dead right in messages and kernel variables. */
#define IP_NULL     ((struct ipc_port *)0)
#define IP_DEAD     ((struct ipc_port *)~0ul)
#define IP_VALID(p) ((p) != IP_NULL && (p) != IP_DEAD)

/* A new active port whose receive right the kernel owns; one reference, which
 * is that right.  NULL if memory is short. */
struct ipc_port *ipc_port_alloc_kernel(enum ipc_kobject_type type,
                                       void *kobject);
/* Destroys the port: senders find it dead.  Consumes the receive right. */
void ipc_port_dealloc_kernel(struct ipc_port *port);

void ipc_port_reference(struct ipc_port *port);
void ipc_port_release(struct ipc_port *port);
bool ipc_port_active(const struct ipc_port *port);
/* The account of the task that receives from it; NULL: none does. */
struct account *ipc_port_account(const struct ipc_port *port);

void ipc_kobject_set(struct ipc_port *port, enum ipc_kobject_type type,
                     void *kobject);
enum ipc_kobject_type ipc_kobject_type_of(const struct ipc_port *port);
/* The kobject if PORT is valid, active and of TYPE; else NULL. */
void *ipc_kobject_get(const struct ipc_port *port, enum ipc_kobject_type type);

/* A new send right.  COPY_SEND returns IP_DEAD for a dead port; NULL and DEAD
 * pass through. */
struct ipc_port *ipc_port_make_send(struct ipc_port *port);
struct ipc_port *ipc_port_copy_send(struct ipc_port *port);
void ipc_port_release_send(struct ipc_port *port);
struct ipc_port *ipc_port_make_sonce(struct ipc_port *port);
void ipc_port_release_sonce(struct ipc_port *port); /* notifies: send-once */
/* Destroys a receive right in transit (kernel variable or message). */
void ipc_port_release_receive(struct ipc_port *port);

/* For MIG's stubs, as they put a receive right into a message to DEST: true if
 * the right would wait, at some remove, in its own queue. */
boolean_t ipc_port_check_circularity(struct ipc_port *port,
                                     struct ipc_port *dest);

/* True while anybody holds send rights of PORT. */
bool ipc_port_has_senders(const struct ipc_port *port);

/* What other modules want to hear of ports; called from the kernel loop. */
/* The last send right of a kernel-owned port went away. */
void ipc_kobject_no_senders(struct ipc_port *port, enum ipc_kobject_type type,
                            void *kobject);
/* A port with a kobject that a task owned has died. */
void ipc_kobject_port_died(struct ipc_port *port, enum ipc_kobject_type type,
                           void *kobject);

/* Sends a message built by a MIG KernelUser stub, or by hand, in the kernel's
 * format: rights are port pointers and consumed, out-of-line memory is a struct
 * vm_map_copy pointer and consumed.  The destination's right is consumed as
 * its disposition in msgh_bits says.  Ignores the queue limit; a dead
 * destination destroys the message.  Declared here as MIG's stubs need it. */
struct mach_msg_header;
void ipc_send_from_kernel(struct mach_msg_header *header, size_t size_bytes);

#endif
