/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/swap.h: anonymous memory that is kept at the default pager.
 *
 * Without a default pager, or when that has no room, anonymous memory stays where
 * it is.  With one, an anon has a page or a slot (vm/slot.h).  When memory is short
 * and the pages of files do not suffice, pages that were not used for long
 * (vm/age.h) are sent to slots, a few in each entry; a fault on what is in a slot
 * asks the default pager as it would for a page of a file.
 *
 * The default pager is trusted to let go of what it is sent, and to bring back what
 * it got.  Its own memory, and that of whoever brings memory back, is never sent
 * (account_is_kept).  When it dies what it had is lost to those who need it, which
 * is an error for them, and a line on the console; nothing else changes.
 */
#ifndef VM_SWAP_H
#define VM_SWAP_H

#include "core/core.h"

struct ipc_port;
struct mach_msg_header;
struct vm_anon;
struct vm_fault_wait;

void vm_swap_module_init(void);
void vm_swap_module_fini(void);

/* What vm_set_default_memory_manager does: *MANAGER, a send right, is replaced by
 * the former; null only asks. */
void vm_swap_set_manager(struct ipc_port **manager);

/* There is a default pager, and it has room. */
bool vm_swap_is_on(void);

/* Memory is short of WANTED free frames: sends some pages on their way.  Unless it
 * is URGENT this is not tried at once again when nothing could be sent. */
void vm_swap_out(uint64_t wanted, bool urgent);

/* Gives ANON its page.  KERN_WAITING queues WAIT; KERN_RESOURCE_SHORTAGE: there is
 * no frame for it now; else what the access shall fail with. */
kern_return_t vm_swap_in(struct vm_anon *anon, struct vm_fault_wait *wait);

/* What ANON has at the default pager, if it has, is not wanted any more. */
void vm_swap_drop(struct vm_anon *anon);

/* The default pager has told how much room it has: the reply to
 * default_pager_info. */
void vm_swap_answered(const struct mach_msg_header *reply);

#endif
