/* SPDX-License-Identifier: GPL-2.0-or-later */
    .section .rodata
    .globl user_program, user_program_end
    .balign 16
user_program:
    .incbin USER_FILE
user_program_end:
    .section .note.GNU-stack, "", @progbits
