/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot/elf.h: putting an ELF program into an empty task. */
#ifndef BOOT_ELF_H
#define BOOT_ELF_H

#include "core/core.h"

struct vm_map;

struct boot_program {
    vm_offset_t base; /* what was added to the file's addresses */
    vm_offset_t entry;
    vm_offset_t headers; /* program headers in the task's memory, 0: nowhere */
    unsigned header_count;
    bool foreign;          /* its ABI note says Linux */
    bool executable_stack; /* PT_GNU_STACK */
};

/* Copies IMAGE into MAP; a position-independent one goes to BASE.  NULL, or
 * what is wrong with the file. */
const char *boot_elf_load(struct vm_map *map, const void *image,
                          size_t size_bytes, vm_offset_t base,
                          struct boot_program *program_out);

#endif
