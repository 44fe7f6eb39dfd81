/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A boot module: says something with mach_print and reboots the machine with
 * the host port that its first argument names (one digit). */
    .globl _start
_start:
    mov     8(%rsp), %rbx           /* argv[0] */
    mov     16(%rsp), %rbx          /* argv[1] */
    lea     text(%rip), %rdi
    mov     $-30, %rax              /* mach_print */
    syscall
    movzbl  (%rbx), %eax
    sub     $'0', %eax
    mov     %eax, message+8(%rip)   /* remote port */
    lea     message(%rip), %rdi
    mov     $1, %esi                /* MACH_SEND_MSG */
    mov     $48, %edx
    xor     %r10d, %r10d
    xor     %r8d, %r8d
    xor     %r9d, %r9d
    pushq   $0
    pushq   $0
    mov     $-25, %rax              /* mach_msg_trap */
    syscall
1:  jmp     1b

    .section .rodata
text: .asciz "the module is here\n"
    .data
    .balign 8
message:
    .long   19, 48                  /* copy send; size */
    .quad   0, 0                    /* remote and local port */
    .long   0, 2635                 /* sequence number, host_reboot */
    .long   0x20002002, 1           /* one inline 32-bit integer: */
    .long   0, 0                    /* RB_AUTOBOOT */
    .section .note.GNU-stack, "", @progbits
