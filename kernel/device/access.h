/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device/access.h: what a driver does to a device, done for it.
 *
 * An access to a port or to device memory fails in the task's process.  The
 * instruction is then read from the task, taken apart by the platform, done on
 * the machine, and the thread goes on behind it.
 */
#ifndef DEVICE_ACCESS_H
#define DEVICE_ACCESS_H

#include "core/core.h"

struct task;
struct thread;
struct vm_fault_wait;

#define IO_PORT_COUNT 65536u

/* Does the instruction at which THREAD, which the kernel holds, has stopped.
 * KERN_SUCCESS: it is done, the registers are those after it.  KERN_WAITING as
 * for vm_fault; KERN_PROTECTION_FAILURE: the task may not use that port or
 * memory; KERN_INVALID_ADDRESS: no device memory; KERN_INVALID_ARGUMENT: it is
 * no instruction that is known to reach devices. */
kern_return_t device_access(struct thread *thread, struct vm_fault_wait *wait);

/* Whether TASK was given COUNT ports from PORT on (io_perm.c). */
bool io_ports_allowed(const struct task *task, uint64_t port, unsigned count);

#endif
