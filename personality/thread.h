/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/thread.h: a thread, and what it left at its last system call.
 *
 * Each thread has a stack of its own for the personality, with its struct
 * thread at the top.  The platform's first word of ours (%gs:0x100) points to
 * it.  The program's FS base is never touched.
 */
#ifndef PERSONALITY_THREAD_H
#define PERSONALITY_THREAD_H

#include <mach/mach_types.h>
#include <mach/port.h>
#include <stdbool.h>
#include <stdint.h>

#include "platform/user_abi.h"

/* entry.S knows these offsets. */
#define GS_THREAD (PLATFORM_USER_WORDS + 0)
#define GS_RSP    (PLATFORM_USER_WORDS + 8)
#define GS_STACK  (PLATFORM_USER_WORDS + 16)

/* The program's registers during a system call, in the order of entry.S. */
struct frame {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r10, r9, r8, rdx, rsi, rdi;
    uint64_t number;
    uint64_t rax, rip, flags, rsp;
};

#define THREAD_STACK_SIZE 0x10000ul

struct thread {
    struct thread *next; /* all threads, under threads_lock */
    struct frame *frame; /* of the call in progress */
    mach_port_t port;    /* send right */
    mach_port_t reply_port; /* receive right, or null */
    int tid;
    int *clear_child_tid; /* zeroed and woken at exit, or NULL */
    uint64_t stack;       /* the personality's stack: its lowest address */
    /* Registers of a new thread; see thread_begin. */
    uint64_t fs_base;
};

static inline struct thread *thread_self(void)
{
    struct thread *thread;

    asm volatile("mov %%gs:%c1, %0" : "=r"(thread) : "i"(GS_THREAD));
    return thread;
}

/* Makes the calling Mach thread one of ours (the program's first). */
void thread_adopt_first(void);
/* The same in a child task whose memory is a copy of ours. */
void thread_adopt_forked(struct thread *thread);

extern struct thread *threads;

/* Ends the thread; the program too if it was the last. */
_Noreturn void thread_exit(int status);

/* entry.S */
void personality_syscall_entry(void);
/* Enters the program at FRAME's registers, off the thread's own stack. */
_Noreturn void personality_enter(struct frame *frame);

#endif
