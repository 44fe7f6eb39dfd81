/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A native program of the Hurd's, which does nothing, for ever. */
    .globl _start
_start:
    pause
    jmp _start
    .section .note.ABI-tag,"a",@note
    .balign 4
    .long 4, 16, 1          /* name, description, NT_GNU_ABI_TAG */
    .asciz "GNU"
    .long 1, 0, 0, 0        /* the Hurd */
    .section .note.GNU-stack,"",@progbits
