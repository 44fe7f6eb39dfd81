/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/unix.h: the Unix process that a program is, if it is one.
 *
 * A process is its ports: root and working directory, auth handle, process
 * port, terminal.  They came with the start-up information and belong to the
 * personality, which lends them to no one; a program linked with libhurd holds
 * rights of its own.  All are send rights or null.
 */
#ifndef PERSONALITY_UNIX_H
#define PERSONALITY_UNIX_H

#include "personality/lock.h"

#include "hurd/hurd_types.h"

#include <mach/port.h>
#include <stdbool.h>
#include <stdint.h>

struct unix_process {
    struct lock lock; /* guards the ports' replacement */
    mach_port_t cwdir, crdir, auth, proc, cttyid;
    uint32_t umask;
    uint64_t argv, envp; /* where they stand, for proc */
    int pid;             /* 0: not asked for yet */
    /* Counts changes of process group: terminals opened before are stale. */
    unsigned pgrp_generation;
};
extern struct unix_process unix_process;

/* More integers that come with a program, after the Hurd's: what else of the
 * process outlives one.  Wide ones are two, the low half first. */
#define LIMITS_KEPT 3
enum {
    INT_CLAIMS = INIT_INT_MAX, /* claims.h: there are some */
    INT_SIGMASK_HIGH,          /* signals from 33 on */
    INT_SIGIGN_HIGH,
    INT_ALARM, /* ns left, or 0 */
    INT_ALARM_INTERVAL = INT_ALARM + 2,
    INT_LIMITS = INT_ALARM_INTERVAL + 2, /* system.c */
    INT_MAX_OURS = INT_LIMITS + 4 * LIMITS_KEPT
};

static inline void int_put_wide(int *ints, uint64_t value)
{
    ints[0] = (int)(uint32_t)value;
    ints[1] = (int)(uint32_t)(value >> 32);
}

static inline uint64_t int_get_wide(const int *ints)
{
    return (uint32_t)ints[0] | (uint64_t)(uint32_t)ints[1] << 32;
}

/* system.c: the limits, 4 * LIMITS_KEPT integers. */
void limits_for_exec(int *ints);
void limits_from_exec(const int *ints);

/* Takes over what startup_info holds.  A boot module has little of it: memory,
 * threads, clocks and the console. */
void unix_start(bool boot_module);

/* Adds who the program is (AT_UID...) to its auxiliary vector. */
uint64_t *unix_auxv(uint64_t *words);

/* Where argv and envp stand on the stack, for proc. */
void unix_set_arguments(uint64_t argv, uint64_t envp);

#endif
