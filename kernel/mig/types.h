/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mig/types.h: the types and conversions that MIG's stubs use.
 *
 * The stubs call convert_port_to_X on what a request names: it gives a
 * reference, or NULL if the port is something else (or dead); the rpc_ routine
 * gets that NULL and answers KERN_INVALID_ARGUMENT or the like.  After the
 * routine the stub drops the reference.  convert_X_to_port makes the send
 * right for a reply; it consumes the reference that the routine has put there.
 *
 * Rules for rpc_ routines:
 *   - a routine that succeeds owns the rights and memory of the request's
 *     arguments; when it fails, the request is destroyed with all it holds;
 *   - out-of-line results: data as a struct vm_map_copy pointer (0 if empty),
 *     ports as a kalloc'd array of send rights; the same for arguments, which
 *     the routine ends (vm_map_copy_*, kfree);
 *   - to answer later: take the reply right (mig/kobject.h) and return
 *     MIG_NO_REPLY.
 */
#ifndef MIG_TYPES_H
#define MIG_TYPES_H

#include "core/core.h"
#include "ipc/port.h"
#include "ipc/space.h"

#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/mig_errors.h>

struct host;
struct io_perm;
struct device;
struct vm_map;
struct vm_object;

typedef struct vm_map *vm_map_t;
typedef struct vm_object *vm_object_t;
typedef struct host *host_t;
typedef struct device *device_t;
typedef vm_map_t vm_task_t;
typedef host_t host_priv_t;
typedef struct io_perm *io_perm_t;
typedef unsigned short io_port_t;
/* In fact arrays of port pointers. */
typedef task_t *task_array_t;
typedef thread_t *thread_array_t;
typedef mach_port_t *processor_array_t;
typedef mach_port_t *processor_set_array_t;
typedef mach_port_t *processor_set_name_array_t;
typedef vm_offset_t *emulation_vector_t;

/* A routine that nobody wrote answers as a kernel that never had it. */
#define MIG_EOPNOTSUPP MIG_BAD_ID

#define null_conversion(port) (port)

task_t convert_port_to_task(ipc_port_t port);
thread_t convert_port_to_thread(ipc_port_t port);
vm_map_t convert_port_to_map(ipc_port_t port);
ipc_space_t convert_port_to_space(ipc_port_t port);
host_t convert_port_to_host(ipc_port_t port);
host_t convert_port_to_host_priv(ipc_port_t port);
processor_t convert_port_to_processor(ipc_port_t port);
processor_set_t convert_port_to_pset(ipc_port_t port);
processor_set_t convert_port_to_pset_name(ipc_port_t port);
device_t dev_port_lookup(ipc_port_t port);
struct io_perm *convert_port_to_io_perm(ipc_port_t port);
/* A pager's control port; no reference: the object lives as long as the port
 * does. */
vm_object_t vm_object_lookup(ipc_port_t port);
vm_object_t vm_object_lookup_name(ipc_port_t port);

mach_port_t convert_task_to_port(task_t task);
mach_port_t convert_thread_to_port(thread_t thread);
mach_port_t convert_host_to_port(host_t host);
mach_port_t convert_processor_to_port(processor_t processor);
mach_port_t convert_pset_to_port(processor_set_t pset);
mach_port_t convert_pset_name_to_port(processor_set_t pset);
mach_port_t convert_device_to_port(device_t device);
mach_port_t convert_io_perm_to_port(struct io_perm *io_perm);

/* NULL passes. */
void mig_task_drop(task_t task);
void mig_thread_drop(thread_t thread);
void mig_map_drop(vm_map_t map);
void mig_space_drop(ipc_space_t space);
void mig_object_drop(vm_object_t object);
void pset_deallocate(processor_set_t pset);
void io_perm_deallocate(struct io_perm *io_perm);

kern_return_t mach_msg_send_from_kernel(mach_msg_header_t *header,
                                        mach_msg_size_t size_bytes);

#ifdef MIG_STUB
#include <string.h>
#define task_deallocate      mig_task_drop
#define thread_deallocate    mig_thread_drop
#define vm_map_deallocate    mig_map_drop
#define space_deallocate     mig_space_drop
#define vm_object_deallocate mig_object_drop
#endif

#endif
