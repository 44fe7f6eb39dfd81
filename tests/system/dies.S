/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A boot module that is ended by an exception at once. */
    .globl _start
_start:
    ud2
    .section .note.GNU-stack,"",@progbits
