/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/vfork.h: lending a child the program's memory.
 *
 * A child of vfork runs in its parent's memory, and the parent waits until it
 * has run another program or ended.  The personality's own memory is copied as
 * in any fork: a struct thread, descriptors and the like are the child's.
 */
#ifndef PERSONALITY_VFORK_H
#define PERSONALITY_VFORK_H

#include <mach/port.h>
#include <stdbool.h>

struct vfork_memory;

/* Makes the memory shared with the tasks that inherit it from now on; NULL:
 * nothing was changed.  vfork_memory_keep ends that, for later ones. */
struct vfork_memory *vfork_memory_lend(void);
void vfork_memory_keep(struct vfork_memory *memory);

/* Returns when nobody has a send-once right of GATE any more; destroys GATE, a
 * receive right. */
void vfork_wait(mach_port_t gate);

/* signal_port.c: the message thread's stack, or NULL. */
void *signals_stack(void);

#endif
