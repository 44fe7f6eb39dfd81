/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/entry.S: into the personality, and back to the program.
 *
 * A system call comes here by the task's emulation vector (platform.h): rcx is
 * where it returns to, r11 the flags, rax the number, and the stack pointer
 * the program's, below which nothing may be touched (the red zone).
 */
#include "platform/user_abi.h"

#define GS_THREAD (PLATFORM_USER_WORDS + 0)
#define GS_RSP    (PLATFORM_USER_WORDS + 8)
#define GS_STACK  (PLATFORM_USER_WORDS + 16)

    .text

/* The file's entry.  A boot module's registers come from the kernel's loader,
 * another's are zero but rdi and rsi (see start.c). */
    .globl personality_start
    .type personality_start, @function
personality_start:
    xorl %ebp, %ebp
    mov %rsp, %rax
    and $-16, %rsp
    push %rax               /* the initial stack pointer */
    push %r9
    push %r8
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    mov %rsp, %rdi
    sub $8, %rsp
    call personality_relocate
    lea 8(%rsp), %rdi
    call personality_main
    mov %gs:GS_STACK, %rsp
    and $-16, %rsp
    call personality_finish
    ud2
    .size personality_start, . - personality_start

    .globl personality_syscall_entry
    .type personality_syscall_entry, @function
personality_syscall_entry:
    mov %rsp, %gs:GS_RSP
    mov %gs:GS_STACK, %rsp
    push %gs:GS_RSP
    push %r11
    push %rcx
    push %rax
    push %rax
    push %rdi
    push %rsi
    push %rdx
    push %r8
    push %r9
    push %r10
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $-16, %rsp
    call syscall_dispatch
    mov %rbp, %rdi
    /* falls through */
    .size personality_syscall_entry, . - personality_syscall_entry

/* personality_enter(rdi = frame).  The frame lies at the top of this thread's
 * personality stack or elsewhere; nothing is pushed once rsp is the program's. */
    .globl personality_enter
    .type personality_enter, @function
personality_enter:
    mov %rdi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r10
    pop %r9
    pop %r8
    pop %rdx
    pop %rsi
    pop %rdi
    add $8, %rsp            /* the call's number */
    pop %rax
    pop %rcx
    mov (%rsp), %r11
    popfq
    mov (%rsp), %rsp
    jmp *%rcx
    .globl personality_enter_end
personality_enter_end:
    .size personality_enter, . - personality_enter

/* Where a new Mach thread starts: rdi is its struct thread, rsi its frame. */
    .globl personality_thread_start
    .type personality_thread_start, @function
personality_thread_start:
    mov %rdi, %gs:GS_THREAD
    mov %rdi, %gs:GS_STACK
    mov %rsi, %rbx
    and $-16, %rsp
    call thread_begin
    mov %rbx, %rdi
    jmp personality_enter
    .size personality_thread_start, . - personality_thread_start

/* --- Mach's traps ----------------------------------------------------------- */

.macro TRAP name, number
    .globl \name
    .type \name, @function
\name:
    mov mach_fast_entry(%rip), %r11
    mov $-\number, %rax
    test %r11, %r11
    jz 1f
    call *%r11
    ret
1:  mov %rcx, %r10
    syscall
    ret
    .size \name, . - \name
.endm

    TRAP mach_msg_trap, 25
    TRAP mach_reply_port, 26
    TRAP mach_thread_self, 27
    TRAP mach_task_self_trap, 28
    TRAP mach_host_self, 29
    TRAP mach_print, 30
    TRAP swtch, 60
    TRAP mach_vm_allocate_trap, 65
    TRAP mach_vm_deallocate_trap, 66

    .bss
    .globl mach_fast_entry
    .balign 8
mach_fast_entry:
    .skip 8

    .section .note.GNU-stack, "", @progbits
