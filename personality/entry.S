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
/* struct thread (thread.h) */
#define THREAD_PENDING 0
#define THREAD_FRAME   8
#define THREAD_CONTEXT 16
#define FRAME_RAX      104

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
    and $-16, %rsp
    call syscall_dispatch
    /* falls through */
    .size personality_syscall_entry, . - personality_syscall_entry

/* The way out.  A signal that arrives between the test and the last jump finds
 * the thread in this range, and takes it as being at its frame already
 * (signal_context). */
    .globl personality_exit, personality_exit_end
personality_exit:
    mov %gs:GS_THREAD, %rax
    mov THREAD_FRAME(%rax), %rdi
    cmpl $0, THREAD_PENDING(%rax)
    jne personality_exit_signal
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
personality_exit_end:

personality_exit_signal:
    lea (%rdi), %rsp
    and $-16, %rsp
    call signal_at_exit     /* (frame): the context is the frame's now */
    /* falls through */

/* On with the thread's context: every register counts. */
    .globl personality_resume, personality_resume_end
    .type personality_resume, @function
personality_resume:
    mov %gs:GS_STACK, %rsp
    and $-16, %rsp
    call signal_deliver
    mov %gs:GS_THREAD, %rax
    .globl personality_resume_test
personality_resume_test:
    cmpl $0, THREAD_PENDING(%rax)
    jne personality_resume
    lea THREAD_CONTEXT(%rax), %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdx
    pop %rcx
    pop %rsi
    pop %rdi
    pop %rax
    iretq
personality_resume_end:
    .size personality_resume, . - personality_resume

/* personality_enter(rdi = frame): the first time into the program. */
    .globl personality_enter
    .type personality_enter, @function
personality_enter:
    mov %gs:GS_THREAD, %rax
    mov %rdi, THREAD_FRAME(%rax)
    mov %rdi, %rsp
    jmp personality_exit
    .size personality_enter, . - personality_enter

/* A system call touched what the program may not: it fails with EFAULT. */
    .globl personality_fault
    .type personality_fault, @function
personality_fault:
    mov %gs:GS_THREAD, %rax
    mov THREAD_FRAME(%rax), %rdi
    movq $-14, FRAME_RAX(%rdi)
    and $-16, %rsp
    call syscall_faulted
    jmp personality_exit
    .size personality_fault, . - personality_fault

/* The program's memory, which may not be there (user.h): a fault between the
 * labels goes on at user_access_failed, with the stack as it was at the call. */
    .globl user_access_start, user_access_end, user_access_failed
    .globl user_copy, user_exchange
    .type user_copy, @function
    .type user_exchange, @function
user_access_start:
user_copy:
    mov %rdx, %rcx
    rep movsb
    xor %eax, %eax
    ret
user_exchange:
    mov %esi, %eax
    lock cmpxchg %edx, (%rdi)
    mov $0, %eax
    setne %al
    ret
user_access_end:
user_access_failed:
    mov $-1, %eax
    ret
    .size user_copy, user_exchange - user_copy
    .size user_exchange, user_access_end - user_exchange

/* Where a thread of the personality's own starts: rdi is its struct thread,
 * rsi its function. */
    .globl personality_thread_internal
    .type personality_thread_internal, @function
personality_thread_internal:
    mov %rdi, %gs:GS_THREAD
    mov %rdi, %gs:GS_STACK
    and $-16, %rsp
    call *%rsi
    ud2
    .size personality_thread_internal, . - personality_thread_internal

/* A forked child's first code: rdi is its struct thread, rsi its pid, and the
 * stack is below the frame. */
    .globl fork_child_start
    .type fork_child_start, @function
fork_child_start:
    mov %rdi, %gs:GS_THREAD
    mov %rdi, %gs:GS_STACK
    call fork_child_begin
    jmp personality_exit
    .size fork_child_start, . - fork_child_start

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

/* --- Mach's traps -------------------------------------------------------- */

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
