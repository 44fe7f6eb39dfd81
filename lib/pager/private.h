/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/private.h: between the library's parts, and for MIG's stubs. */

#ifndef LIB_PAGER_PRIVATE_H
#define LIB_PAGER_PRIVATE_H

#include <pager/pager.h>

/* What mach_port_kernel_object says of the three ports of a memory object. */
#define KERNEL_PAGER   8
#define KERNEL_CONTROL 9
#define KERNEL_NAME    16

/* Whether CONTROL is the port by which this pager's kernel is known. */
boolean_t pager_knows(pager_t pager, mach_port_t control);

pager_t pager_begin_using(mach_port_t port);
pager_t pager_begin_using_payload(uint64_t payload);
void pager_end_using(pager_t pager);

/* What the kernel asked for: contents of a page, or (UNLOCK) to write one that
 * it has. */
struct pager_request {
    struct pager_request *next;
    mach_port_t control; /* send right */
    vm_offset_t offset;
    vm_prot_t access;
    boolean_t unlock;
};

/* Answers REQUEST, or keeps it until its range is not held any more.  Consumes
 * its right. */
void pager_request_serve(pager_t pager, const struct pager_request *request);
/* The same, by another thread if the medium would be waited for. */
void pager_request_begin(pager_t pager, const struct pager_request *request);

/* granted.c, under the pager's lock: of what is in the range the kernel may have
 * the truth, or has it no more. */
void granted_set(struct pager_granted *granted, vm_offset_t offset,
                 vm_size_t size);
void granted_clear(struct pager_granted *granted, vm_offset_t offset,
                   vm_size_t size);
/* How much of SIZE from OFFSET on may be supplied to a kernel that asked for the
 * first page. */
vm_size_t granted_run(const struct pager_granted *granted, vm_offset_t offset,
                      vm_size_t size);
void granted_forget(struct pager_granted *granted);

/* When there is no memory: a moment later there may be, as others write back what
 * they have.  NAPS counts them; after so many it is an error. */
#define PAGER_NAPS_MAX 200
void pager_nap(unsigned *naps);

/* workers.c: another thread serves REQUEST, soon; FALSE if there is none. */
boolean_t pager_workers_take(pager_t pager,
                             const struct pager_request *request);

#endif
