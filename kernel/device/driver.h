/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device/driver.h: which task drives a PCI function, and so what the function
 * may reach: what an IOMMU and its tables are to a PC.
 *
 * A task drives a function from when it first writes to one of its registers in
 * memory, if nobody does then, for as long as it has that page of registers
 * mapped for writing, and lives.  This cannot be had without right: registers
 * are mapped from what the mem device gives to who has the device master port,
 * and pci-arbiter passes on to who may write the file of the function's region.
 * Neither the configuration ports nor the interrupt count, so that the arbiter,
 * which has the ports, and makes the objects but maps none, drives nothing.
 * The first one counts, not the last or all: whoever gets the registers, too,
 * can command the device, but neither have it write to his memory what was read
 * for the driver, nor have the driver's transfers fail.
 *
 * Registers are those where firmware put them.  A function whose registers were
 * moved elsewhere, by whoever may write its configuration, is driven by nobody
 * there: or else to move it into the place of another would make that one's
 * driver its own.
 *
 * A function that nobody drives reaches nothing.  One that somebody does reaches
 * the frames of which vm/dma.h knows.  Nothing here blocks.
 */
#ifndef DEVICE_DRIVER_H
#define DEVICE_DRIVER_H

#include "core/core.h"

struct task;

void driver_init(void);

/* TASK is about to write to the device memory at PHYS, through ADDRESS. */
void driver_writes(struct task *task, vm_offset_t address, uint64_t phys);

/* Whether the function in SLOT may read all of the range now, or with WRITE,
 * write it. */
bool driver_reaches(unsigned slot, uint64_t phys, uint64_t size_bytes,
                    bool write);

/* The name of the task that drives the function in SLOT, for people. */
const char *driver_name(unsigned slot);

#endif
