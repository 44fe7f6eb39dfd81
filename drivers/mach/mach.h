/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/mach/mach.h: what a task may know of its drivers' memory.
 *
 * The hypercalls on Mach need the privileged ports: get_privileged_ports must
 * know them before hyp_pci_init or the first hyp_dma_alloc.
 */
#ifndef DRIVERS_MACH_MACH_H
#define DRIVERS_MACH_MACH_H

/* MEMORY, of hyp_dma_alloc, is not for devices any more but ordinary memory of
 * the caller's, who may send it away or deallocate it. */
void hyp_mach_dma_forget(void *memory);

#endif
