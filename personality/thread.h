/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/thread.h: a thread, and what it left at its last system call.
 *
 * Each thread has a stack of its own for the personality, with its struct
 * thread at the top.  The platform's first word of ours (%gs:0x100) points to
 * it.  The program's FS base is never touched.
 */
#ifndef PERSONALITY_THREAD_H
#define PERSONALITY_THREAD_H

#include "personality/lock.h"

#include <mach/mach_types.h>
#include <mach/port.h>
#include <stdbool.h>
#include <stddef.h>
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

enum { CALL_WHOLE, CALL_INTERRUPTIBLE, CALL_ABANDONABLE };

/* All the program's registers, in the order in which entry.S loads them. */
struct context {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
    uint64_t rdx, rcx, rsi, rdi, rax;
    uint64_t rip, cs, flags, rsp, ss;
};

struct thread {
    /* A signal waits to be taken on the way out; entry.S looks here. */
    uint32_t signal_pending;
    /* How a signal may end the call in progress; see rpc.h. */
    unsigned char interruptible;
    bool calling;                 /* it works for a system call */
    bool blocking;                /* it is in the kernel, or just before */
    struct frame *frame;          /* of the call in progress */
    struct context context;       /* where a signal's end goes on */
    struct thread *next;          /* all threads, under threads_lock */
    mach_port_t port;             /* send right */
    mach_port_t reply_port;       /* receive right, or null */
    mach_port_t spare_reply_port; /* the same; see rpc.c */
    int tid;                      /* 0: the first thread's, which is the pid */
    int *clear_child_tid;         /* zeroed and woken at exit, or NULL */
    uint64_t stack;       /* the personality's stack: its lowest address */
    uint64_t robust_list; /* its head in the program's memory, or 0 */
    /* What the call in progress has in its hands, if it ends by a fault. */
    struct file *held[4];
    /* Registers of a new thread; see thread_begin. */
    uint64_t fs_base;
    /* What a forked child looks for in its copy; see fork.c. */
    struct vfork_memory *vfork_memory; /* lent, or borrowed */
    mach_port_t vfork_gate;            /* in the parent a receive right */
    uint64_t fork_stack;
    int *fork_tid, *fork_clear_tid;
    struct signal_thread {
        uint64_t mask; /* bit SIG - 1; Linux's numbers */
        struct signal_queue {
            uint64_t set;
            struct signal_entry *first; /* in the order of their coming */
        } pending;
        uint64_t awaited;    /* by sigtimedwait: blocked, but not put off */
        uint64_t saved_mask; /* to go back to, if RESTORE */
        bool restore;
        /* When a sleep that was cut short would have ended; 0: none was. */
        int64_t sleep_until_ns;
        uint64_t stack, stack_size; /* sigaltstack; size 0: none */
    } signals;
};

#define THREAD_PENDING 0
#define THREAD_FRAME   8
#define THREAD_CONTEXT 16

_Static_assert(offsetof(struct thread, frame) == THREAD_FRAME, "entry.S");
_Static_assert(offsetof(struct thread, context) == THREAD_CONTEXT, "entry.S");

static inline struct thread *thread_self(void)
{
    struct thread *thread;

    asm volatile("mov %%gs:%c1, %0" : "=r"(thread) : "i"(GS_THREAD));
    return thread;
}

int thread_tid(const struct thread *thread);
/* Threads' numbers but the first's: above every pid, and with the process's in
 * them, as robust locks have them in memory that is shared.  FUTEX_TID_MASK is
 * what there is room for. */
#define TID_BASE 0x20000000

/* Makes the calling Mach thread one of ours (the program's first). */
void thread_adopt_first(void);
/* The same in a child task whose memory is a copy of ours. */
void thread_adopt_forked(struct thread *thread);

extern struct thread *threads;
extern struct lock threads_lock;

/* Ends the thread; the program too if it was the last. */
_Noreturn void thread_exit(int status);

/* entry.S */
void personality_syscall_entry(void);
/* Goes on at the thread's context, with signals taken before. */
_Noreturn void personality_resume(void);

/* Where the program goes on after the call in FRAME. */
void context_from_frame(struct context *to, const struct frame *frame);
/* Enters the program at FRAME's registers, off the thread's own stack. */
_Noreturn void personality_enter(struct frame *frame);

#endif
