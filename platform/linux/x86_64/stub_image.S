/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stub's ELF file, inside the kernel process. */
    .section .rodata
    .globl stub_image, stub_image_end
    .balign 16
stub_image:
    .incbin STUB_FILE
stub_image_end:
    .section .note.GNU-stack, "", @progbits
