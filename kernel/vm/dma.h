/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/dma.h: the memory of a task that a device of its may reach.
 *
 * A map knows which frames its task was told the addresses of, and where it had
 * them: what vm_allocate_contiguous gave and vm_pages_phys answered.  A frame is
 * reached while the map still shows it there, as anonymous memory: to be read,
 * while the task may read it; to be written, while the task could write it
 * without getting another frame first, that is while nobody else has a copy of
 * it.  So what is deallocated, sent away, replaced or given up with the task is
 * out of reach at once, and nobody has to say so.  What the map knows of a frame
 * that it has no more is kept until it is told anew, or the map ends: a word for
 * each frame at most.
 *
 * A transfer that has begun holds its frames (vm_page_hold).  What of a driver's
 * memory is held does not get into others' hands, see vm_dma_busy; freed, it
 * waits for the transfer.
 */
#ifndef VM_DMA_H
#define VM_DMA_H

#include "core/core.h"

struct vm_map;
struct vm_map_entry;

/* The task of MAP learns that the page at ADDRESS is the frame at PHYS.  False:
 * no memory, and it must not be told. */
bool vm_dma_tell(struct vm_map *map, vm_offset_t address, uint64_t phys);

/* Whether the frame at PHYS may be read now by a device of MAP's task, or with
 * WRITE, written. */
bool vm_dma_allows(const struct vm_map *map, uint64_t phys, bool write);

/* Whether a device is at work on a page of [START, END), which is within ENTRY of
 * MAP, a driver's or of one that shares memory with others, perhaps a driver:
 * who is to have these contents gets other frames. */
bool vm_dma_busy(const struct vm_map *map, const struct vm_map_entry *entry,
                 vm_offset_t start, vm_offset_t end);

/* MAP is dead: a step in forgetting all this; false if nothing is left. */
bool vm_dma_forget_step(struct vm_map *map);

#endif
