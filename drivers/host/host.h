/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/host/host.h: a machine of one's own around a driver, in an ordinary
 * program.
 *
 * host_start makes a PC of machine/ with RAM, disks and threads that stand for
 * the disks and for the interrupt controller; then the drivers' hypercalls
 * work.  One machine at a time in a process.  Disks are memory, or files; what
 * can go wrong with one is asked for below.
 */
#ifndef DRIVERS_HOST_HOST_H
#define DRIVERS_HOST_HOST_H

#include "machine/machine.h"

#define HOST_DISKS_MAX 64u

struct host_disk {
    const char *path; /* NULL: memory, at first zero */
    uint64_t sector_count;
    bool read_only;
    const char *serial;
};

struct host_controller {
    enum machine_controller_kind kind;
    unsigned disk_count;
    struct host_disk disks[4];
};

struct host_config {
    unsigned controller_count;
    const struct host_controller *controllers;
    size_t memory_bytes; /* RAM; 0: enough */
    bool quiet;          /* hyp_log says nothing */
};

/* Disks are numbered through all controllers.  0, or -1 with errno. */
int host_start(const struct host_config *config);
/* The driver must have stopped (rump_sys_reboot). */
void host_stop(void);

/* --- what can go wrong ---------------------------------------------------- */

/* Reads and writes that touch the sector fail from now on, or no longer. */
void host_disk_fail(unsigned disk, uint64_t sector, bool fail);
/* Requests stay in the disk until this is undone. */
void host_disk_hold(unsigned disk, bool hold);
void host_disk_unplug(unsigned disk);

/* --- what happened -------------------------------------------------------- */

struct host_counts {
    uint64_t register_reads, register_writes; /* of device memory */
    uint64_t interrupts;                      /* handled */
    uint64_t reads, writes, flushes;          /* requests to all disks */
    unsigned most_under_way;                  /* in a disk, ever */
    unsigned logs;                            /* complaints of the machine's */
    unsigned dma_blocks;                      /* not freed */
};
struct host_counts host_counts(void);
/* A memory disk's sector; for looking at what was written. */
const unsigned char *host_disk_sector(unsigned disk, uint64_t sector);

#endif
