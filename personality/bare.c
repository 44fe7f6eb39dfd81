/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/bare.c: what a program has before there are servers.
 *
 * Its output goes to Mach's console, its end is its task's; everything of files
 * and processes is answered ENOSYS.
 */
#include "personality/mach.h"
#include "personality/memory.h"
#include "personality/process.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include <sys/uio.h>

void unix_start(bool boot_module)
{
    (void) boot_module;
}

uint64_t *unix_auxv(uint64_t *words)
{
    return words;
}

void unix_set_arguments(uint64_t argv, uint64_t envp)
{
    (void) argv;
    (void) envp;
}

int process_pid(void)
{
    return 1;
}

void process_exit(int status)
{
    (void) status;
    for (;;)
        task_terminate(mach_task_self());
}

long process_fork(struct frame *frame, uint64_t flags, uint64_t stack,
                  int *child_tid)
{
    (void) frame;
    (void) flags;
    (void) stack;
    (void) child_tid;
    return -ENOSYS;
}

long memory_map_file(uint64_t address, uint64_t size, int prot, int flags,
                     int fd, uint64_t offset)
{
    return -ENODEV;
}

static void console_write(const char *text, uint64_t size)
{
    char piece[256];

    while (size) {
        uint64_t n = size < sizeof piece - 1 ? size : sizeof piece - 1;
        memcpy(piece, text, n);
        piece[n] = 0;
        mach_print(piece);
        text += n;
        size -= n;
    }
}

long sys_write(struct frame *frame)
{
    if (ARG1(frame) != 1 && ARG1(frame) != 2)
        return -EBADF;
    console_write((const char *) ARG2(frame), ARG3(frame));
    return (long) ARG3(frame);
}

long sys_writev(struct frame *frame)
{
    const struct iovec *iov = (const struct iovec *) ARG2(frame);
    long total = 0;

    if (ARG1(frame) != 1 && ARG1(frame) != 2)
        return -EBADF;
    for (uint64_t i = 0; i < ARG3(frame); i++) {
        console_write(iov[i].iov_base, iov[i].iov_len);
        total += (long) iov[i].iov_len;
    }
    return total;
}

long sys_exit_group(struct frame *frame)
{
    process_exit((int) ARG1(frame));
}

long sys_getpid(struct frame *frame)
{
    (void) frame;
    return process_pid();
}

/* Nothing here sends signals: handlers and masks have no effect. */
long sys_rt_sigaction(struct frame *frame)
{
    (void) frame;
    return 0;
}

long sys_rt_sigprocmask(struct frame *frame)
{
    uint64_t *old = (uint64_t *) ARG3(frame);

    if (old)
        *old = 0;
    return 0;
}

/* abort() and raise(): a signal that a thread sends itself is its end. */
long sys_tgkill(struct frame *frame)
{
    debug_print("personality: killed itself with signal %d\n",
                (int) ARG3(frame));
    process_exit((int) ARG3(frame));
}
