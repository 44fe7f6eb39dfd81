/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device/pc.h: the PC below the kernel, and what of it the kernel hands out.
 *
 * The machine itself is machine/'s.  Here it gets the kernel's memory to reach
 * by DMA (driver.h says how far), the platform's disks, and an irq device for
 * its lines; tasks reach its ports with an io_perm, and its memory by mapping
 * the mem device.  Both are accesses that fail in the task's process and are
 * done for it.
 */
#ifndef DEVICE_PC_H
#define DEVICE_PC_H

#include "core/core.h"
#include "machine/machine.h"

struct thread;
struct vm_fault_wait;
struct io_ports;

/* The machine; NULL if memory was short at the start. */
struct machine *pc_machine(void);
void pc_init(void);
void pc_fini(void);
/* What the machine wanted to do once an access is over; false if nothing. */
bool pc_run_later(void);

/* --- irq.c ------------------------------------------------------------------ */

void irq_init(void);
void irq_fini(void);
/* The level of a line has changed. */
void irq_line_set(unsigned line, bool level);

/* --- mem.c ------------------------------------------------------------------ */

void mem_init(void);

#endif
