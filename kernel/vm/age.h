/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/age.h: which anonymous pages have not been used for long.
 *
 * No processor tells which pages were used.  Pages wait in a row (active); when
 * memory is short the first ones are taken from all tasks' sight and go to a
 * second row (inactive).  Who uses one faults, and it is active again; the first
 * of the others is the one that was not used for longest.
 *
 * Pages that must not go away are in no row: those that are wired, that a device
 * knows by their address, or that are on their way to a pager (pinned); pages of
 * tasks that bring memory back, or must not wait for it, pass through the first
 * row only (account_is_kept).
 */
#ifndef VM_AGE_H
#define VM_AGE_H

#include "core/core.h"

struct vm_page;

void vm_age_module_init(void);

/* PAGE is an anon's now, or none any more. */
void vm_age_add(struct vm_page *page);
void vm_age_remove(struct vm_page *page);
/* Somebody uses PAGE, whatever row it is in. */
void vm_age_use(struct vm_page *page);
void vm_age_pin(struct vm_page *page);
void vm_age_unpin(struct vm_page *page);

/* Hides up to COUNT of the pages that are active, of as many as are looked at in
 * one entry. */
void vm_age_hide(unsigned count);
/* The inactive page that was not used for longest; it is in no row then.  NULL:
 * there is none. */
struct vm_page *vm_age_oldest(void);
/* Puts such a page back. */
void vm_age_put_back(struct vm_page *page);

uint64_t vm_age_active_count(void);
uint64_t vm_age_inactive_count(void);
uint64_t vm_age_pinned_count(void);

#endif
