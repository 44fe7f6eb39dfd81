/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/grave.h: memory that nobody refers to any more.
 *
 * It is taken apart a step at a time: as much at once as the entry may do
 * (core/work.h), the rest in entries to come.  Its frames count as used until
 * then; who is short of memory has some of them freed first (vm_grave_drain).
 */
#ifndef VM_GRAVE_H
#define VM_GRAVE_H

#include "core/core.h"
#include "core/radix.h"

struct vm_map;

void vm_grave_module_init(void);

/* Where the nodes of amaps go that have anons in them. */
struct radix_dead *vm_grave_nodes(void);
/* MAP is dead; consumes a reference. */
void vm_grave_bury_map(struct vm_map *map);

void vm_grave_run(void);
/* Goes on until WANTED frames are free, nothing is left, or it has taken too
 * long.  Whoever wants memory is in the middle of something, and may be using
 * what a dead map refers to: only anons go, and their frames; no amap, object
 * or port ends by it. */
void vm_grave_drain(uint64_t wanted);

#endif
