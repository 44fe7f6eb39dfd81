/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/host/private.h: the parts of the host world to each other.
 *
 * world.c owns the machine and its interrupt thread, memory.c its RAM, disk.c
 * the disks, pci.c what drivers see.
 *
 * One lock guards the machine, as it is made for one thread: whoever calls it
 * holds the lock, and its callbacks run under it.
 */
#ifndef DRIVERS_HOST_PRIVATE_H
#define DRIVERS_HOST_PRIVATE_H

#include "drivers/host/host.h"
#include "drivers/hypercall.h"

#include <pthread.h>

#define HOST_PAGE     4096u
#define HOST_RAM_BASE 0x100000u /* nothing is below */

/* --- world.c -------------------------------------------------------------- */

extern struct host_world {
    pthread_mutex_t lock;
    struct machine *machine;
    struct host_counts counts;
    bool run_wanted; /* machine_run is to be called at the lock's end */
    bool quiet;
} host_world;

void host_machine_lock(void);
void host_machine_unlock(void);
/* Interrupts of LINE go to HANDLER; false if there are too many already. */
bool host_irq_add(unsigned line, void (*handler)(void *), void *arg);
/* Waits for a handler that runs. */
void host_irq_remove(void (*handler)(void *), void *arg);

/* --- memory.c ------------------------------------------------------------- */

bool host_memory_start(size_t size_bytes);
void host_memory_stop(void);
/* NULL if not all of it is RAM. */
void *host_memory_at(uint64_t phys, uint64_t size_bytes);
unsigned host_memory_blocks(void);
/* Copies as a device does: without the notice of a race detector, which would
 * take a ring that two sides share for a mistake. */
void host_dma_copy(void *to, const void *from, size_t size);

/* --- disk.c --------------------------------------------------------------- */

bool host_disks_start(const struct host_config *config);
void host_disks_stop(void);
/* Under the machine's lock. */
void host_disk_submit(void *context, struct machine_block_request *request);
bool host_disk_abandon(void *context, struct machine_block_request *request);

/* --- pci.c ---------------------------------------------------------------- */

void host_pci_stop(void);

#endif
