/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/misc.c: small calls: advice, priorities, attributes, the end. */
#include "personality/convert.h"
#include "personality/fd.h"
#include "personality/ids.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/process.h"
#include "hurd/startup.h"

#include <fcntl.h>
#include <linux/reboot.h>
#include <mach/task_info.h>
#include <sys/resource.h>

/* Advice may be ignored. */
long sys_fadvise64(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    file_put(file);
    return file ? 0 : -EBADF;
}

/* No server keeps extended attributes. */
#define NO_ATTRIBUTES(name)                                                    \
    long sys_##name(struct frame *frame)                                       \
    {                                                                          \
        (void)frame;                                                           \
        return -EOPNOTSUPP;                                                    \
    }
NO_ATTRIBUTES(setxattr)
NO_ATTRIBUTES(lsetxattr)
NO_ATTRIBUTES(fsetxattr)
NO_ATTRIBUTES(getxattr)
NO_ATTRIBUTES(lgetxattr)
NO_ATTRIBUTES(fgetxattr)
NO_ATTRIBUTES(listxattr)
NO_ATTRIBUTES(llistxattr)
NO_ATTRIBUTES(flistxattr)
NO_ATTRIBUTES(removexattr)
NO_ATTRIBUTES(lremovexattr)
NO_ATTRIBUTES(fremovexattr)
/* Programs write zeros themselves then. */
NO_ATTRIBUTES(fallocate)

/* --- priorities ---------------------------------------------------------- */

/* Mach's 0 is best and 63 worst, a program starts at 25; nice values count
 * from there. */
#define PRIORITY_BASE 25

/* The task of process WHO, 0 for the caller: the caller's right, or null. */
static kern_return_t priority_task(uint64_t which, pid_t who, mach_port_t *task)
{
    if (which > PRIO_USER)
        return HURD_EINVAL;
    if (which != PRIO_PROCESS)
        return HURD_ESRCH;
    return proc_pid2task(unix_process.proc, who ? who : process_pid(), task);
}

static kern_return_t task_nice(mach_port_t task, int *value)
{
    struct task_basic_info info;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;
    kern_return_t kr =
        task_info(task, TASK_BASIC_INFO, (task_info_t)&info, &count);

    *value = info.base_priority - PRIORITY_BASE;
    return kr;
}

long sys_getpriority(struct frame *frame)
{
    mach_port_t task;
    int value = 0;
    kern_return_t kr = priority_task(ARG1(frame), (pid_t)ARG2(frame), &task);

    if (!kr) {
        kr = task_nice(task, &value);
        port_deallocate(task);
    }
    return kr ? linux_error(kr) : 20 - value;
}

long sys_setpriority(struct frame *frame)
{
    int value = (int)ARG3(frame), old = 0;
    struct unix_ids ids;
    mach_port_t task;
    kern_return_t kr = priority_task(ARG1(frame), (pid_t)ARG2(frame), &task);

    if (kr)
        return linux_error(kr);
    value = value < -20 ? -20 : value > 19 ? 19 : value;
    kr = task_nice(task, &old);
    if (!kr && value < old && (ids_get(&ids) || ids.euid))
        kr = HURD_EACCES;
    if (!kr)
        kr = task_priority(task, PRIORITY_BASE + value, TRUE);
    port_deallocate(task);
    return linux_error(kr);
}

/* --- scheduling: one policy, one processor ------------------------------- */

long sys_sched_getscheduler(struct frame *frame)
{
    (void)frame;
    return 0; /* SCHED_OTHER */
}

long sys_sched_getparam(struct frame *frame)
{
    *(int *)ARG2(frame) = 0;
    return 0;
}

long sys_sched_get_priority_max(struct frame *frame)
{
    return ARG1(frame) ? -EINVAL : 0;
}

long sys_sched_get_priority_min(struct frame *frame)
{
    return ARG1(frame) ? -EINVAL : 0;
}

/* --- the end ------------------------------------------------------------- */

static kern_return_t reboot(int how)
{
    mach_port_t host, device, startup;
    kern_return_t kr = proc_getprivports(unix_process.proc, &host, &device);

    if (kr)
        return kr;
    kr = lookup(AT_FDCWD, HURD_SERVERS_STARTUP, 0, 0, &startup);
    if (!kr) {
        kr = startup_reboot(startup, host, how);
        port_deallocate(startup);
    }
    port_deallocate(host);
    port_deallocate(device);
    return kr;
}

long sys_reboot(struct frame *frame)
{
    if ((uint32_t)ARG1(frame) != LINUX_REBOOT_MAGIC1)
        return -EINVAL;
    switch ((uint32_t)ARG3(frame)) {
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0; /* there are no such keys */
    case LINUX_REBOOT_CMD_HALT:
    case LINUX_REBOOT_CMD_POWER_OFF:
        return linux_error(reboot(HURD_RB_HALT));
    case LINUX_REBOOT_CMD_RESTART:
        return linux_error(reboot(HURD_RB_AUTOBOOT));
    default:
        return -EINVAL;
    }
}
