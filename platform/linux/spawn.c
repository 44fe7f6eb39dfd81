/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a task's process: exec of the stub, with three descriptors and nothing
 * else of ours. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10
#endif
#define HWCAP2_FSGSBASE_BIT 2

extern const char stub_image[], stub_image_end[];

/* Descriptors that a child renumbers stand high, out of its way. */
static int move_high(int fd)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 16);

    if (fd >= 0)
        close(fd);
    return high;
}

/* An executable file in memory, open for reading only: Linux runs nothing that
 * somebody can write. */
static int open_stub(void)
{
    size_t size = (size_t)(stub_image_end - stub_image);
    char path[64];
    int fd, readable;

    fd = memfd_create("hell-stub", MFD_CLOEXEC | MFD_EXEC);
    if (fd < 0)
        fd = memfd_create("hell-stub", MFD_CLOEXEC);
    if (fd < 0 || write(fd, stub_image, size) != (ssize_t)size)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    readable = open(path, O_RDONLY | O_CLOEXEC);
    close(fd);
    return readable;
}

int spawn_open(void)
{
    struct rlimit files;

    if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT))
        return machine_fail("this processor or Linux has no FSGSBASE");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    limits_find();
    machine.stub_fd = move_high(open_stub());
    machine.doorbell = move_high(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    machine.memory_fd = move_high(machine.memory_fd);
    if (machine.stub_fd < 0 || machine.doorbell < 0 || machine.memory_fd < 0)
        return machine_fail("cannot make the stub: %s", strerror(errno));
    return machine_watch(machine.doorbell, SOURCE_DOORBELL, 0);
}

void spawn_close(void)
{
    if (machine.stub_fd >= 0)
        close(machine.stub_fd);
    if (machine.doorbell >= 0)
        close(machine.doorbell);
}

struct child {
    pid_t parent;
    int completion, memory;
    char host[20], area[20];
};

static void limit(int resource, rlim_t value)
{
    struct rlimit both = {value, value};
    setrlimit(resource, &both);
}

/* In the child, on memory that is still the parent's: system calls only. */
static int child_main(void *argument)
{
    struct child *child = argument;
    char *argv[] = {"hell-task", child->host, child->area, NULL};
    char *envp[] = {NULL};
    sigset_t all;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != child->parent)
        _exit(74);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        dup2(child->memory, STUB_FD_MEMORY) < 0 ||
        dup2(machine.doorbell, STUB_FD_DOORBELL) < 0 ||
        dup2(child->completion, STUB_FD_COMPLETION) < 0 ||
        syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) != 0)
        _exit(75);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_MSGQUEUE, 0);
    limit(RLIMIT_NOFILE, 3);
    setpriority(PRIO_PROCESS, 0, 0);
    syscall(SYS_execveat, machine.stub_fd, "", argv, envp, AT_EMPTY_PATH);
    _exit(76);
}

static int probe_main(void *unused)
{
    (void)unused;
    _exit(0);
}

bool spawn_has_room(void)
{
    static char stack[8192] __attribute__((aligned(16)));
    pid_t pid;

    if (machine.host_threads < machine.limits.threads / 4)
        return true;
    /* What counts against the limits besides us only Linux knows. */
    pid = clone(probe_main, stack + sizeof(stack),
                CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    if (pid < 0)
        return false;
    waitpid(pid, NULL, 0);
    return true;
}

/* The memory once more: an open file whose position is this task's alone. */
static int open_memory(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", machine.memory_fd);
    return open(path, O_RDWR | O_CLOEXEC);
}

static int open_descriptors(struct platform_task *task)
{
    int error;

    task->completion = move_high(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (task->completion < 0)
        return -errno;
    task->memory = move_high(open_memory());
    if (task->memory >= 0)
        return 0;
    error = errno;
    close(task->completion);
    return -error;
}

int spawn_task(struct platform_task *task)
{
    static char stack[32768] __attribute__((aligned(16)));
    struct child child = {.parent = getpid()};
    int opened = open_descriptors(task);

    if (opened < 0)
        return opened;
    child.completion = task->completion;
    child.memory = task->memory;
    snprintf(child.host, sizeof(child.host), "%llx",
             (unsigned long long)machine.host_offset);
    snprintf(child.area, sizeof(child.area), "%llx",
             (unsigned long long)memory_offset(task->area));
    task->pid = clone(child_main, stack + sizeof(stack),
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child,
                      &task->pidfd);
    if (task->pid < 0) {
        int error = errno;
        close(task->completion);
        close(task->memory);
        return -error;
    }
    fcntl(task->pidfd, F_SETFD, FD_CLOEXEC);
    machine.host_threads++;
    return 0;
}
