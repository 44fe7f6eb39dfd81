/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/memory.h: the program's address space. */
#ifndef PERSONALITY_MEMORY_H
#define PERSONALITY_MEMORY_H

#include <stdint.h>

/* The program's break begins at the first page from END on. */
void memory_set_break(uint64_t end);

/* Maps an open file: declared here, served by the descriptors (or ENODEV). */
long memory_map_file(uint64_t address, uint64_t size, int prot, int flags,
                     int fd, uint64_t offset);

int memory_mach_prot(int linux_prot);

#endif
