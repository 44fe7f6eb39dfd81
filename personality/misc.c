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

static int nice_value; /* what was last asked for */

long sys_getpriority(struct frame *frame)
{
    pid_t who = (pid_t)ARG2(frame);

    if (ARG1(frame) > PRIO_USER)
        return -EINVAL;
    if (ARG1(frame) != PRIO_PROCESS || (who && who != process_pid()))
        return -ESRCH;
    return 20 - nice_value;
}

long sys_setpriority(struct frame *frame)
{
    pid_t who = (pid_t)ARG2(frame);
    int value = (int)ARG3(frame);
    struct unix_ids ids;

    if (ARG1(frame) > PRIO_USER)
        return -EINVAL;
    if (ARG1(frame) != PRIO_PROCESS || (who && who != process_pid()))
        return -ESRCH;
    if (value < -20)
        value = -20;
    if (value > 19)
        value = 19;
    if (value < nice_value && (ids_get(&ids) || ids.euid))
        return -EACCES;
    kern_return_t kr =
        task_priority(mach_task_self(), PRIORITY_BASE + value, TRUE);
    if (!kr)
        nice_value = value;
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
