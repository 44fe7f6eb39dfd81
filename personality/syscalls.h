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

/* clang-format off */
#define SYSCALLS(X)                                                           \
    /* memory.c, filemap.c */                                                 \
    X(brk) X(mmap) X(munmap) X(mprotect) X(mremap) X(madvise) X(msync)        \
    /* threads.c */                                                           \
    X(clone) X(clone3) X(exit) X(gettid) X(set_tid_address)                   \
    X(arch_prctl) X(sched_yield) X(sched_getaffinity) X(rseq) X(prctl)        \
    /* futex.c, robust.c */                                                   \
    X(futex) X(set_robust_list) X(get_robust_list)                            \
    /* clock.c */                                                             \
    X(clock_gettime) X(clock_getres) X(gettimeofday) X(time) X(nanosleep)     \
    X(clock_nanosleep)                                                        \
    /* system.c */                                                            \
    X(getrandom) X(prlimit64) X(getrlimit) X(setrlimit) X(sysinfo)            \
    /* misc.c */                                                              \
    X(fadvise64) X(setxattr) X(lsetxattr) X(fsetxattr) X(getxattr)            \
    X(lgetxattr) X(fgetxattr) X(listxattr) X(llistxattr) X(flistxattr)        \
    X(removexattr) X(lremovexattr) X(fremovexattr) X(fallocate)               \
    X(getpriority) X(setpriority) X(sched_getscheduler) X(sched_getparam)     \
    X(sched_get_priority_max) X(sched_get_priority_min) X(reboot)             \
    /* fd.c, fcntl.c, tty.c */                                                \
    X(close) X(close_range) X(dup) X(dup2) X(dup3) X(fcntl) X(flock) X(ioctl) \
    /* file.c, vector.c */                                                    \
    X(open) X(openat) X(creat) X(read) X(pread64) X(write) X(pwrite64)        \
    X(fsync) X(fdatasync) X(sync) X(syncfs) X(truncate) X(ftruncate)          \
    X(sendfile) X(readv) X(writev) X(preadv) X(pwritev) X(preadv2)            \
    X(pwritev2) X(lseek)                                                      \
    /* stat.c */                                                              \
    X(stat) X(lstat) X(fstat) X(newfstatat) X(statx) X(access) X(faccessat)   \
    X(faccessat2) X(chmod) X(fchmod) X(fchmodat) X(chown) X(lchown) X(fchown) \
    X(fchownat) X(utimensat) X(utimes) X(utime) X(statfs) X(fstatfs)          \
    /* names.c */                                                             \
    X(mkdir) X(mkdirat) X(unlink) X(rmdir) X(unlinkat) X(rename) X(renameat)  \
    X(renameat2) X(link) X(linkat) X(symlink) X(symlinkat) X(mknod)           \
    X(mknodat) X(readlink) X(readlinkat)                                      \
    /* directory.c */                                                         \
    X(getdents64) X(chdir) X(fchdir) X(chroot) X(getcwd)                      \
    /* socket.c, poll.c */                                                    \
    X(pipe) X(pipe2) X(socketpair) X(shutdown) X(poll) X(ppoll) X(select)     \
    X(pselect6)                                                               \
    /* message.c */                                                           \
    X(socket) X(sendto) X(sendmsg) X(recvfrom) X(recvmsg) X(getsockopt)       \
    X(setsockopt) X(getsockname) X(getpeername)                               \
    /* fork.c, exec.c */                                                      \
    X(fork) X(vfork) X(execve) X(execveat)                                    \
    /* process.c, unix.c */                                                   \
    X(exit_group) X(getpid) X(getppid) X(getpgid) X(getpgrp) X(setpgid)       \
    X(getsid) X(setsid) X(wait4) X(waitid) X(getrusage) X(times) X(uname)     \
    X(sethostname) X(setdomainname) X(umask)                                  \
    /* ids.c */                                                               \
    X(getuid) X(geteuid) X(getgid) X(getegid) X(getresuid) X(getresgid)       \
    X(getgroups) X(setuid) X(setgid) X(setreuid) X(setregid) X(setresuid)     \
    X(setresgid) X(setgroups) X(setfsuid) X(setfsgid)                         \
    /* signals.c, signal_frame.c, timer.c */                                  \
    X(rt_sigaction) X(rt_sigprocmask) X(rt_sigpending) X(rt_sigsuspend)       \
    X(rt_sigtimedwait) X(rt_sigreturn) X(sigaltstack) X(pause) X(kill)        \
    X(tkill) X(tgkill) X(rt_sigqueueinfo) X(rt_tgsigqueueinfo) X(alarm)       \
    X(setitimer) X(getitimer) X(timer_create) X(timer_settime)                \
    X(timer_gettime) X(timer_getoverrun) X(timer_delete)
/* clang-format on */

#define DECLARE(name) long sys_##name(struct frame *frame);
SYSCALLS(DECLARE)
#undef DECLARE

/* entry.S: the call in progress touched what is not there. */
void syscall_faulted(void);
/* entry.S: answers FRAME's call in its rax. */
void syscall_dispatch(struct frame *frame);

#endif
