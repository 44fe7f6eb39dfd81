/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stub's code that may use no stack: the agent, the start of a thread, and
 * the fast entry.  See abi.h for the memory they share with the kernel. */
#include "abi.h"

#define SYS_write         1
#define SYS_lseek         8
#define SYS_mmap          9
#define SYS_mprotect      10
#define SYS_munmap        11
#define SYS_rt_sigreturn  15
#define SYS_clone         56
#define SYS_exit          60
#define SYS_setpriority   141
#define SYS_prctl         157
#define SYS_futex         202
#define SYS_exit_group    231
#define SYS_seccomp       317

#define FUTEX_WAIT              0
#define FUTEX_WAKE              1
#define SECCOMP_SET_MODE_FILTER 1
#define PR_SET_NAME             15
#define MAP_SHARED_FIXED        0x11
#define MAP_POPULATE            0x8000

    .text

/* The end of start-up: drops every mapping but the stub's own (the stack this
 * ran on too), closes the filter, and serves the ring. */
    .globl stub_agent
stub_agent:
    xor     %edi, %edi
    mov     $STUB_BASE, %rsi
    mov     $SYS_munmap, %eax
    syscall
    mov     $STUB_BASE + STUB_TEXT_SIZE, %rdi
    mov     $STUB_HOST_PAGE - STUB_BASE - STUB_TEXT_SIZE, %rsi
    mov     $SYS_munmap, %eax
    syscall
    mov     $STUB_TASK_AREA + TASK_AREA_SIZE, %rdi
    mov     $LINUX_USER_LIMIT - STUB_TASK_AREA - TASK_AREA_SIZE, %rsi
    mov     $SYS_munmap, %eax
    syscall
    test    %rax, %rax
    jnz     agent_fail

    mov     $SECCOMP_SET_MODE_FILTER, %edi
    xor     %esi, %esi
    lea     stub_agent_program(%rip), %rdx
    mov     $SYS_seccomp, %eax
    syscall
    test    %rax, %rax
    jnz     agent_fail

    mov     $STUB_TASK_AREA, %r13
    xor     %r12d, %r12d

/* r12 = next command's number, r13 = task area; nothing the task can write is
 * used to decide what to do. */
agent_next:
    mov     TASK_PRODUCER(%r13), %edx
    cmp     %edx, %r12d
    jne     agent_take
    mov     %r13, %rdi
    mov     $FUTEX_WAIT, %esi
    xor     %r10d, %r10d
    mov     $SYS_futex, %eax
    syscall
    jmp     agent_next

agent_take:
    mov     %r12d, %ebx
    and     $TASK_RING_COUNT - 1, %ebx
    shl     $COMMAND_SHIFT, %ebx
    lea     TASK_RING(%r13, %rbx), %rbx
    inc     %r12d
    mov     COMMAND_OP(%rbx), %eax
    cmp     $COMMAND_MAP, %eax
    je      agent_map
    cmp     $COMMAND_WAKE, %eax
    je      agent_wake
    cmp     $COMMAND_UNMAP, %eax
    je      agent_unmap
    cmp     $COMMAND_PROTECT, %eax
    je      agent_protect
    cmp     $COMMAND_ACK, %eax
    je      agent_ack
    cmp     $COMMAND_CLONE, %eax
    je      agent_clone
    cmp     $COMMAND_NAME, %eax
    je      agent_name

agent_fail:
    mov     $AGENT_FAILED, %edi
agent_end:
    mov     $SYS_exit_group, %eax
    syscall
    ud2
agent_map_failed:
    mov     $AGENT_MAP_FAILED, %edi
    jmp     agent_end
agent_unmap_failed:
    mov     $AGENT_UNMAP_FAILED, %edi
    jmp     agent_end
agent_ack_failed:
    mov     $AGENT_ACK_FAILED, %edi
    jmp     agent_end
agent_start_failed:
    mov     $AGENT_START_FAILED, %edi
    jmp     agent_end

agent_map:
    mov     COMMAND_ADDRESS(%rbx), %rdi
    mov     COMMAND_SIZE(%rbx), %rsi
    movzbl  COMMAND_FLAGS(%rbx), %edx
    mov     $MAP_SHARED_FIXED, %r10d
    mov     $MAP_SHARED_FIXED | MAP_POPULATE, %eax
    testl   $COMMAND_POPULATE, COMMAND_FLAGS(%rbx)
    cmovnz  %eax, %r10d
    mov     $STUB_FD_MEMORY, %r8d
    mov     COMMAND_OFFSET(%rbx), %r9
    mov     $SYS_mmap, %eax
    syscall
    cmp     COMMAND_ADDRESS(%rbx), %rax
    jne     agent_map_failed
    jmp     agent_next

agent_unmap:
    mov     COMMAND_ADDRESS(%rbx), %rdi
    mov     COMMAND_SIZE(%rbx), %rsi
    mov     $SYS_munmap, %eax
    syscall
    test    %rax, %rax
    jnz     agent_unmap_failed
    jmp     agent_next

agent_protect:
    mov     COMMAND_ADDRESS(%rbx), %rdi
    mov     COMMAND_SIZE(%rbx), %rsi
    movzbl  COMMAND_FLAGS(%rbx), %edx
    mov     $SYS_mprotect, %eax
    syscall
    test    %rax, %rax
    jnz     agent_unmap_failed
    jmp     agent_next

agent_wake:
    mov     COMMAND_ADDRESS(%rbx), %rdi
    xor     %eax, %eax                  /* STATE_GO */
    xchg    %eax, CONTROL_STATE(%rdi)
    cmp     $STATE_SLEEPING, %eax
    jne     agent_next
    mov     $FUTEX_WAKE, %esi
    mov     $1, %edx
    mov     $SYS_futex, %eax
    syscall
    jmp     agent_next

agent_ack:
    mov     $STUB_FD_COMPLETION, %edi
    lea     COMMAND_SIZE(%rbx), %rsi
    mov     $8, %edx
    mov     $SYS_write, %eax
    syscall
    cmp     $8, %rax
    jne     agent_ack_failed
    jmp     agent_next

agent_name:
    mov     $PR_SET_NAME, %edi
    lea     COMMAND_ADDRESS(%rbx), %rsi
    mov     $SYS_prctl, %eax
    syscall
    jmp     agent_next

agent_clone:
    mov     COMMAND_ADDRESS(%rbx), %r14
    mov     $STUB_CLONE_FLAGS, %edi
    xor     %esi, %esi
    lea     CONTROL_TID(%r14), %rdx
    xor     %r10d, %r10d
    xor     %r8d, %r8d
    mov     $SYS_clone, %eax
    syscall
    test    %rax, %rax
    js      agent_clone_failed
    jz      thread_start
/* Its number goes to the kernel without passing through memory, all of which
 * the task can write. */
    mov     $STUB_FD_MEMORY, %edi
    mov     %rax, %rsi
    xor     %edx, %edx                  /* SEEK_SET */
    mov     $SYS_lseek, %eax
    syscall
    test    %rax, %rax
    js      agent_fail
    jmp     agent_next

/* The new thread: r14 = its slot.  All signals are blocked until the frame that
 * the kernel built is loaded. */
thread_start:
    mov     TASK_NICE(%r13), %edx
    test    %edx, %edx
    jz      thread_filter
    xor     %edi, %edi                  /* PRIO_PROCESS, itself */
    xor     %esi, %esi
    mov     $SYS_setpriority, %eax
    syscall
thread_filter:
    mov     $SECCOMP_SET_MODE_FILTER, %edi
    xor     %esi, %esi
    lea     stub_user_program(%rip), %rdx
    mov     $SYS_seccomp, %eax
    syscall
    test    %rax, %rax
    jnz     agent_start_failed
thread_wait:
    mov     $STATE_POSTED, %eax
    mov     $STATE_SLEEPING, %edx
    lock cmpxchg %edx, CONTROL_STATE(%r14)
    test    %eax, %eax
    jz      thread_go
    mov     %r14, %rdi
    mov     $FUTEX_WAIT, %esi
    xor     %r10d, %r10d
    mov     $SYS_futex, %eax
    syscall
    jmp     thread_wait
thread_go:
    cmpl    $THREAD_EXIT, CONTROL_COMMAND(%r14)
    je      thread_exit
    mov     CONTROL_FS_BASE(%r14), %rax
    wrfsbase %rax
    mov     CONTROL_GS_BASE(%r14), %rax
    wrgsbase %rax
    mov     CONTROL_FRAME(%r14), %rsp
    .globl stub_restorer
stub_restorer:
    mov     $SYS_rt_sigreturn, %eax
    syscall
    ud2

    .globl stub_exit_thread
stub_exit_thread:
thread_exit:
    xor     %edi, %edi
    mov     $SYS_exit, %eax
    syscall
    ud2

/* There is no thread to speak for itself: its slot says so, and the kernel hears
 * of no number. */
agent_clone_failed:
    mov     $STUB_FD_MEMORY, %edi
    xor     %esi, %esi
    xor     %edx, %edx                  /* SEEK_SET */
    mov     $SYS_lseek, %eax
    syscall
    test    %rax, %rax
    jnz     agent_fail
    movl    $KIND_FAILED, CONTROL_KIND(%r14)
    incl    CONTROL_SEQUENCE(%r14)
    mov     $STATE_POSTED, %eax
    xchg    %eax, CONTROL_STATE(%r14)
    mov     $STUB_FD_DOORBELL, %edi
    mov     $STUB_BELL_WORD, %rsi
    mov     $8, %edx
    mov     $SYS_write, %eax
    syscall
    jmp     agent_next

/* The fast entry: called with a trap's number in rax and its arguments in rdi
 * rsi rdx rcx r8 r9 and on the stack; clobbers rcx and r11 only.
 *
 * Between stub_fast_window and its end the thread has posted or is about to: a
 * stop signal there only leaves a mark (CONTROL_DEFERRED), looked at on the way
 * out.  Outside the window the registers are what the caller may see. */
    .balign 64
    .globl stub_fast_entry, stub_fast_window, stub_fast_window_end
stub_fast_entry:
    mov     (%rsp), %r11
stub_fast_window:
    mov     %r11, %gs:FAST_RIP
    rdfsbase %r11
    mov     %r11, %gs:CONTROL_FS_BASE
    lea     8(%rsp), %r11
    mov     %r11, %gs:FAST_RSP
    mov     %rax, %gs:FAST_RAX
    mov     %rcx, %gs:FAST_RCX
    mov     %rdx, %gs:FAST_RDX
    mov     %rbx, %gs:FAST_RBX
    mov     %rbp, %gs:FAST_RBP
    mov     %rsi, %gs:FAST_RSI
    mov     %rdi, %gs:FAST_RDI
    mov     %r8, %gs:FAST_R8
    mov     %r9, %gs:FAST_R9
    mov     %r10, %gs:FAST_R10
    mov     %r12, %gs:FAST_R12
    mov     %r13, %gs:FAST_R13
    mov     %r14, %gs:FAST_R14
    mov     %r15, %gs:FAST_R15
    movl    $KIND_FAST, %gs:CONTROL_KIND
    incl    %gs:CONTROL_SEQUENCE
    mov     $STATE_POSTED, %r11d
    xchg    %r11d, %gs:CONTROL_STATE
    mov     $STUB_HOST_PAGE, %r11
    cmpl    $0, HOST_SLEEPING(%r11)
    je      fast_wait
    mov     $STUB_FD_DOORBELL, %edi
    mov     $STUB_BELL_WORD, %rsi
    mov     $8, %edx
    mov     $SYS_write, %eax
    syscall
fast_wait:
    mov     $STATE_POSTED, %eax
    mov     $STATE_SLEEPING, %r11d
    lock cmpxchg %r11d, %gs:CONTROL_STATE
    test    %eax, %eax
    jz      fast_answered
    mov     %gs:CONTROL_SELF, %rdi
    mov     $FUTEX_WAIT, %esi
    mov     $STATE_SLEEPING, %edx
    xor     %r10d, %r10d
    mov     $SYS_futex, %eax
    syscall
    jmp     fast_wait
fast_answered:
    mov     %gs:FAST_RDI, %rdi
    mov     %gs:FAST_RSI, %rsi
    mov     %gs:FAST_RDX, %rdx
    mov     %gs:FAST_R10, %r10
    mov     %gs:CONTROL_RESULT, %rax
    mov     %gs:CONTROL_COMMAND, %ecx
    test    %ecx, %ecx
    jz      fast_check
    cmp     $THREAD_EXIT, %ecx
    je      thread_exit
fast_slow:
    mov     $STUB_SLOW_NUMBER, %eax
    syscall
    .globl stub_slow_return
stub_slow_return:
stub_fast_window_end:
    ret
fast_check:
    cmpl    $0, %gs:CONTROL_DEFERRED
    jne     fast_slow
    ret

    .section .note.GNU-stack, "", @progbits
