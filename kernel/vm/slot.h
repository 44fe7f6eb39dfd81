/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/slot.h: places at the default pager for single pages.
 *
 * An area is one memory object that the kernel has made at the default pager
 * (memory_object_create), with SLOT_AREA_PAGES slots.  A slot is a number, never
 * 0.  Areas are made as slots get short, and given back when they are empty.
 * An area whose pager has died keeps the slots that are in use: what is in them is
 * lost, and is an error when it is asked for.
 */
#ifndef VM_SLOT_H
#define VM_SLOT_H

#include "core/core.h"

struct ipc_port;
struct vm_object;

#define SLOT_AREA_PAGES 16384u
#define SLOT_AREAS_MAX  4096u
#define SLOT_NONE       0u

void vm_slot_module_init(void);
void vm_slot_module_fini(void);

/* Makes an area at MANAGER's (only looked at); false: no memory, or too many. */
bool vm_slot_area_create(struct ipc_port *manager);
/* No slot is taken any more from the areas that there are. */
void vm_slot_retire_areas(void);

/* Takes up to *COUNT slots in a row, of which at most FRESH_MAX have never been
 * written to, and so need more room there; *COUNT is how many, and *FRESH_OUT how
 * many of these are such.  SLOT_NONE: there is none. */
uint32_t vm_slot_take(unsigned *count, uint64_t fresh_max, unsigned *fresh_out);
void vm_slot_release(uint32_t slot);
bool vm_slot_is_used(uint32_t slot);

/* Slots that can be taken now, and those in use. */
uint64_t vm_slot_free_count(void);
uint64_t vm_slot_used_count(void);
/* Slots that can be taken and have been written to: there is room for them. */
uint64_t vm_slot_reusable_count(void);

/* The object whose page *INDEX is what is in SLOT. */
struct vm_object *vm_slot_object(uint32_t slot, uint64_t *index);

/* For the checker: the areas' counts are what their slots say. */
bool vm_slot_is_sound(void);

#endif
