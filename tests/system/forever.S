/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program, or boot module, that waits for a message and does no more. */
    .globl _start
_start:
    mov $-26, %rax          /* mach_reply_port */
    syscall
    mov %eax, %ebx
    push $0                 /* notify */
    push $0                 /* where a return address would be */
again:
    lea buffer(%rip), %rdi
    mov $2, %esi            /* MACH_RCV_MSG */
    xor %edx, %edx
    mov $4096, %r10d
    mov %ebx, %r8d
    xor %r9d, %r9d
    mov $-25, %rax          /* mach_msg */
    syscall
    jmp again
    .bss
buffer:
    .skip 4096
    .section .note.GNU-stack,"",@progbits
