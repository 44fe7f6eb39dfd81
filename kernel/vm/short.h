/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/short.h: memory that is short, but being written back.
 *
 * A dirty page that has to make room is sent to its pager, and is free when that
 * has let go of it.  Whoever needs a page meanwhile waits for that, rather than
 * being told that there is none.  If nothing comes free for SHORT_PATIENCE_MS
 * those who wait are told so after all, and the pages count no more.  What users'
 * pagers have does not count at all: they might keep it.
 */
#ifndef VM_SHORT_H
#define VM_SHORT_H

#include "core/core.h"

struct account;
struct vm_fault_wait;
struct vm_page;

#define SHORT_PATIENCE_MS 10000u
/* Pages that are sent at most before some of them have come free, and of memory
 * the part. */
#define SHORT_SENT_MAX  512u
#define SHORT_SENT_PART 32u

void vm_short_module_init(void);

/* PAGE has left its object for its pager, which is PAGER's (NULL: nobody's); it is
 * free soon, or somebody's.  The latter two are called for any page. */
void vm_short_send(struct vm_page *page, const struct account *pager);
void vm_short_free(struct vm_page *page);
void vm_short_keep(struct vm_page *page);
/* How many are under way. */
uint64_t vm_short_sent(void);
/* No more should be sent now for WANTED frames to be free. */
bool vm_short_enough(uint64_t wanted);

/* Something failed for want of memory: KERN_WAITING if it is worth trying again
 * when WAIT, which is queued, is woken; else KERN_RESOURCE_SHORTAGE. */
kern_return_t vm_short_wait(struct vm_fault_wait *wait);

/* Wakes those for whom there is memory. */
void vm_short_settle(void);

#endif
