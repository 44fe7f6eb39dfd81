/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/unix.h: the Unix process that a program is, if it is one. */
#ifndef PERSONALITY_UNIX_H
#define PERSONALITY_UNIX_H

#include <stdbool.h>
#include <stdint.h>

/* Takes over what startup_info holds.  A boot module has little of it: memory,
 * threads, clocks and the console. */
void unix_start(bool boot_module);

/* Adds who the program is (AT_UID...) to its auxiliary vector. */
uint64_t *unix_auxv(uint64_t *words);

/* Where argv and envp stand on the stack, for proc. */
void unix_set_arguments(uint64_t argv, uint64_t envp);

#endif
