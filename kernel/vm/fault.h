/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/fault.h: making pages resident, and touching user memory.
 *
 * Any of these may find that a page has to come from a pager.  Then they
 * return KERN_WAITING and call WAIT's DONE once, later, from the kernel loop:
 * with KERN_SUCCESS when it is worth trying again from the beginning, or with
 * the error that the access shall have.  vm_fault_wait_cancel withdraws it.
 */
#ifndef VM_FAULT_H
#define VM_FAULT_H

#include "core/core.h"
#include "core/list.h"

struct vm_map;

struct vm_fault_wait {
    struct list link; /* of a request's waiters; zero if not waiting */
    kern_return_t result;
    void (*done)(struct vm_fault_wait *, kern_return_t result);
};

/* Makes the page at ADDRESS accessible to MAP's task in the way ACCESS asks
 * (VM_PROT_*).  Errors: KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE,
 * KERN_MEMORY_FAILURE, KERN_MEMORY_ERROR (the pager's); KERN_DEVICE if a device
 * has to do the access (device/access.h). */
kern_return_t vm_fault(struct vm_map *map, vm_offset_t address,
                       vm_prot_t access, struct vm_fault_wait *wait);

/* Whether account_current may have COUNT pages; what can be given back is. */
bool vm_pages_available(uint64_t count);
/* There is less free than should be. */
bool vm_pages_are_short(void);
/* At the end of an entry: some memory is free again, if some can be. */
void vm_pages_settle(void);

/* Where in physical memory the SIZE bytes of device memory at ADDRESS are;
 * KERN_INVALID_ADDRESS if there is none. */
kern_return_t vm_device_address(struct vm_map *map, vm_offset_t address,
                                size_t size_bytes, vm_prot_t access,
                                uint64_t *phys_out);

void vm_fault_wait_cancel(struct vm_fault_wait *wait);
/* Hands WAIT to the kernel loop, which will call its DONE with RESULT. */
void vm_fault_wait_wake(struct vm_fault_wait *wait, kern_return_t result);
/* Hands WAIT to an entry to come, with KERN_SUCCESS: what it waits for has had
 * its share of this one (core/work.h).  Returns KERN_WAITING. */
kern_return_t vm_fault_wait_later(struct vm_fault_wait *wait);
/* Calls what vm_fault_wait_wake left; false if there was nothing. */
bool vm_fault_run_woken(void);
void vm_fault_module_init(void);

/* Copy between the kernel and a task, as if the task did it.  Nothing has been
 * copied, or copied in full, unless an error is returned from copyout. */
kern_return_t copyin(struct vm_map *map, vm_offset_t from, void *to,
                     size_t size_bytes, struct vm_fault_wait *wait);
kern_return_t copyout(struct vm_map *map, const void *from, vm_offset_t to,
                      size_t size_bytes, struct vm_fault_wait *wait);
kern_return_t copyout_zero(struct vm_map *map, vm_offset_t to,
                           size_t size_bytes, struct vm_fault_wait *wait);
/* Copies a string of at most SIZE - 1 bytes and its NUL. */
kern_return_t copyin_string(struct vm_map *map, vm_offset_t from, char *to,
                            size_t size, struct vm_fault_wait *wait);

#endif
