/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/syscalls.h: the system calls that are answered.
 *
 * Each gets the call's frame, takes its arguments with ARG, and returns what
 * Linux would: a value, or a negative errno.
 */
#ifndef PERSONALITY_SYSCALLS_H
#define PERSONALITY_SYSCALLS_H

#include "personality/errno.h"
#include "personality/thread.h"

/* The arguments, 1 to 6. */
#define ARG1(frame) ((frame)->rdi)
#define ARG2(frame) ((frame)->rsi)
#define ARG3(frame) ((frame)->rdx)
#define ARG4(frame) ((frame)->r10)
#define ARG5(frame) ((frame)->r8)
#define ARG6(frame) ((frame)->r9)

#define SYSCALLS(X)                                                           \
    /* memory.c */                                                            \
    X(brk) X(mmap) X(munmap) X(mprotect) X(mremap) X(madvise)                 \
    /* threads.c */                                                           \
    X(clone) X(clone3) X(exit) X(gettid) X(set_tid_address)                   \
    X(set_robust_list) X(arch_prctl) X(sched_yield) X(sched_getaffinity)      \
    X(rseq) X(prctl)                                                          \
    /* futex.c */                                                             \
    X(futex)                                                                  \
    /* clock.c */                                                             \
    X(clock_gettime) X(clock_getres) X(gettimeofday) X(time) X(nanosleep)     \
    X(clock_nanosleep)                                                        \
    /* system.c */                                                            \
    X(getrandom) X(prlimit64) X(getrlimit) X(sysinfo)                         \
    /* bare.c */                                                              \
    X(write) X(writev) X(exit_group) X(getpid) X(rt_sigaction)                \
    X(rt_sigprocmask) X(tgkill)

#define DECLARE(name) long sys_##name(struct frame *frame);
SYSCALLS(DECLARE)
#undef DECLARE

/* entry.S: answers FRAME's call in its rax. */
void syscall_dispatch(struct frame *frame);

#endif
