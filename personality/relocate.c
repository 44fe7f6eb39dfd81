/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/relocate.c: the file's own relocations.
 *
 * Runs before anything else; may use no pointer that needs relocating, and
 * calls nothing.
 */
#include <elf.h>
#include <stdint.h>

extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

void personality_relocate(void);

void personality_relocate(void)
{
    uint64_t base = (uint64_t)__ehdr_start;
    const Elf64_Rela *rela = 0;
    uint64_t size = 0;

    for (const Elf64_Dyn *dyn = _DYNAMIC; dyn->d_tag != DT_NULL; dyn++) {
        if (dyn->d_tag == DT_RELA)
            rela = (const Elf64_Rela *)(base + dyn->d_un.d_ptr);
        else if (dyn->d_tag == DT_RELASZ)
            size = dyn->d_un.d_val;
    }
    for (uint64_t i = 0; i < size / sizeof *rela; i++) {
        if (ELF64_R_TYPE(rela[i].r_info) == R_X86_64_RELATIVE)
            *(uint64_t *)(base + rela[i].r_offset) =
                base + (uint64_t)rela[i].r_addend;
    }
}
