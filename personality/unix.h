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

/* One more of the integers that come with a program, after the Hurd's: whether
 * the one before left claims (claims.h). */
#define INT_CLAIMS INIT_INT_MAX

/* Takes over what startup_info holds.  A boot module has little of it: memory,
 * threads, clocks and the console. */
void unix_start(bool boot_module);

/* Adds who the program is (AT_UID...) to its auxiliary vector. */
uint64_t *unix_auxv(uint64_t *words);

/* Where argv and envp stand on the stack, for proc. */
void unix_set_arguments(uint64_t argv, uint64_t envp);

#endif
