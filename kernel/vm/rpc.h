/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/rpc.h: what MIG's server stubs call for memory.
 *
 * The routines themselves are declared by the headers that MIG generates; here
 * are the types those use.  A routine that succeeds has consumed the rights and
 * out-of-line memory of its request; of one that fails the caller destroys
 * them.
 */
#ifndef VM_RPC_H
#define VM_RPC_H

#include "core/core.h"
#include "ipc/port.h"
#include "ipc/space.h"
#include "vm/map.h"
#include "vm/object.h"

#include "mig/types.h"

#include "gnumach_server.h"
#include "mach4_server.h"
#include "mach_host_server.h"
#include "mach_server.h"

/* A limited window on an object; the kobject of an IKOT_PAGER_PROXY port, whose
 * receive right it owns. */
struct vm_proxy {
    struct vm_object *object; /* a reference */
    vm_offset_t start;
    vm_size_t size;
    vm_prot_t max_prot;
    struct ipc_port *port;
};

/* A window on OBJECT as a port to map, a send right.  Consumes the reference on
 * OBJECT in any case. */
kern_return_t vm_proxy_create(struct vm_object *object, vm_offset_t start,
                              vm_size_t size, vm_prot_t max_prot,
                              ipc_port_t *port_out);
/* The last send right of a proxy's port is gone. */
void vm_proxy_destroy(struct vm_proxy *proxy);

#endif
