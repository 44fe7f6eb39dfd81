/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/process.c: the process in proc's book: its life and its kin. */
#include "personality/process.h"
#include "personality/clock.h"
#include "personality/convert.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/robust.h"
#include "personality/rpc.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"
#include "hurd/process.h"
#include "hurd/signal.h"

#include <fcntl.h>
#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <lib/mach/mig_support.h>
#include <sys/wait.h>

int process_pid(void)
{
    pid_t pid, ppid;
    int orphaned;

    if (!unix_process.pid) {
        if (!unix_process.proc ||
            proc_getpids(unix_process.proc, &pid, &ppid, &orphaned))
            pid = 1;
        unix_process.pid = pid;
    }
    return unix_process.pid;
}

void process_die(int hurd_status)
{
    robust_release_all();
    if (unix_process.proc)
        proc_mark_exit(unix_process.proc, hurd_status, 0);
    for (;;)
        task_terminate(mach_task_self());
}

void process_exit(int status)
{
    process_die(HW_EXITCODE(status, 0));
}

long sys_exit_group(struct frame *frame)
{
    process_exit((int)ARG1(frame));
}

long sys_getpid(struct frame *frame)
{
    (void)frame;
    return process_pid();
}

long sys_getppid(struct frame *frame)
{
    pid_t pid, ppid;
    int orphaned;

    (void)frame;
    if (proc_getpids(unix_process.proc, &pid, &ppid, &orphaned))
        return 0;
    return ppid;
}

/* --- groups and sessions ------------------------------------------------- */

static long proc_error(kern_return_t kr)
{
    /* Without a proc server there is no such process. */
    return kr == MACH_SEND_INVALID_DEST ? -ESRCH : linux_error(kr);
}

long sys_getpgid(struct frame *frame)
{
    pid_t pid = (pid_t)ARG1(frame), pgrp;
    kern_return_t kr =
        proc_getpgrp(unix_process.proc, pid ? pid : process_pid(), &pgrp);

    return kr ? proc_error(kr) : pgrp;
}

long sys_getpgrp(struct frame *frame)
{
    pid_t pgrp;
    kern_return_t kr = proc_getpgrp(unix_process.proc, process_pid(), &pgrp);

    (void)frame;
    return kr ? proc_error(kr) : pgrp;
}

long sys_setpgid(struct frame *frame)
{
    pid_t pid = (pid_t)ARG1(frame), pgrp = (pid_t)ARG2(frame);
    kern_return_t kr;

    if (pgrp < 0)
        return -EINVAL;
    kr = proc_setpgrp(unix_process.proc, pid ? pid : process_pid(),
                      pgrp ? pgrp : (pid ? pid : process_pid()));
    unix_process.pgrp_generation++;
    return proc_error(kr);
}

long sys_getsid(struct frame *frame)
{
    pid_t pid = (pid_t)ARG1(frame), sid;
    kern_return_t kr =
        proc_getsid(unix_process.proc, pid ? pid : process_pid(), &sid);

    return kr ? proc_error(kr) : sid;
}

long sys_setsid(struct frame *frame)
{
    kern_return_t kr = proc_setsid(unix_process.proc);

    (void)frame;
    if (kr)
        return proc_error(kr);
    lock_take(&unix_process.lock);
    mach_port_t tty = unix_process.cttyid;
    unix_process.cttyid = MACH_PORT_NULL;
    unix_process.pgrp_generation++;
    lock_release(&unix_process.lock);
    port_deallocate(tty);
    return process_pid();
}

/* --- waiting ------------------------------------------------------------- */

static int wait_options_to_hurd(int options)
{
    return (options & WNOHANG ? HW_NOHANG : 0) |
           (options & WUNTRACED ? HW_UNTRACED : 0) |
           (options & WCONTINUED ? HW_CONTINUE : 0) |
           (options & WNOWAIT ? HW_NOWAIT : 0) |
           (options & WEXITED ? HW_EXITED : 0);
}

/* Of a child that has been waited for SIGCHLD has come. */
static void child_signal_first(void)
{
    if (signals.actions[SIGCHLD].handler > 1 ||
        thread_self()->signals.mask & SIGNAL_BIT(SIGCHLD))
        signals_sync();
}

long sys_wait4(struct frame *frame)
{
    int *status = (int *)ARG2(frame), options = (int)ARG3(frame);
    struct rusage *usage = (struct rusage *)ARG4(frame);
    int hurd_status, sigcode;
    rusage_t rusage;
    pid_t pid;

    if (options &
        ~(WNOHANG | WUNTRACED | WCONTINUED | __WALL | __WCLONE | __WNOTHREAD))
        return -EINVAL;
    if (!(options & WNOHANG))
        signals_start();
    kern_return_t kr;
    /* Who ignores his children's end waits until there are none. */
    do
        kr = INTERRUPTIBLE(proc_wait(unix_process.proc, (pid_t)ARG1(frame),
                                     wait_options_to_hurd(options),
                                     &hurd_status, &sigcode, &rusage, &pid));
    while (!kr && signal_forgets_children() && !HW_IFSTOPPED(hurd_status) &&
           !HW_IFCONTINUED(hurd_status));
    if (kr == HURD_EAGAIN && options & WNOHANG)
        return 0;
    if (kr)
        return linux_error(kr);
    child_signal_first();
    if (status)
        *status = wait_status_to_linux(hurd_status);
    if (usage)
        rusage_to_linux(&rusage, usage);
    return pid;
}

static void siginfo_fill(siginfo_t *info, pid_t pid, int status)
{
    memset(info, 0, sizeof *info);
    info->si_signo = SIGCHLD;
    info->si_pid = pid;
    if (status == 0xffff) {
        info->si_code = CLD_CONTINUED;
        info->si_status = SIGCONT;
    } else if ((status & 0xff) == 0x7f) {
        info->si_code = CLD_STOPPED;
        info->si_status = status >> 8 & 0xff;
    } else if (status & 0x7f) {
        info->si_code = status & 0x80 ? CLD_DUMPED : CLD_KILLED;
        info->si_status = status & 0x7f;
    } else {
        info->si_code = CLD_EXITED;
        info->si_status = status >> 8 & 0xff;
    }
}

long sys_waitid(struct frame *frame)
{
    siginfo_t *info = (siginfo_t *)ARG3(frame);
    int options = (int)ARG4(frame), status, sigcode;
    pid_t id = (pid_t)ARG2(frame), pid;
    rusage_t rusage;

    if (ARG1(frame) > P_PGID || !(options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    if (ARG1(frame) == P_ALL)
        id = -1;
    else if (ARG1(frame) == P_PGID)
        id = -id;
    if (!(options & WNOHANG))
        signals_start();
    kern_return_t kr = INTERRUPTIBLE(
        proc_waitid(unix_process.proc, id, wait_options_to_hurd(options),
                    &status, &sigcode, &rusage, &pid));
    if (kr == HURD_EAGAIN && options & WNOHANG) {
        if (info)
            memset(info, 0, sizeof *info);
        return 0;
    }
    if (kr)
        return linux_error(kr);
    child_signal_first();
    if (info)
        siginfo_fill(info, pid, wait_status_to_linux(status));
    if (ARG5(frame))
        rusage_to_linux(&rusage, (struct rusage *)ARG5(frame));
    return 0;
}

/* --- time used ----------------------------------------------------------- */

int64_t process_time_us(int which)
{
    struct task_thread_times_info live;
    struct task_basic_info dead;
    mach_msg_type_number_t count = TASK_THREAD_TIMES_INFO_COUNT;

    memset(&live, 0, sizeof live);
    memset(&dead, 0, sizeof dead);
    task_info(mach_task_self(), TASK_THREAD_TIMES_INFO, (task_info_t)&live,
              &count);
    count = TASK_BASIC_INFO_COUNT;
    task_info(mach_task_self(), TASK_BASIC_INFO, (task_info_t)&dead, &count);
    if (which)
        return (live.system_time.seconds + dead.system_time.seconds) *
                   1000000ll +
               live.system_time.microseconds + dead.system_time.microseconds;
    return (live.user_time.seconds + dead.user_time.seconds) * 1000000ll +
           live.user_time.microseconds + dead.user_time.microseconds;
}

static struct timeval timeval_us(int64_t us)
{
    return (struct timeval){us / 1000000, us % 1000000};
}

/* Faults are counted for the task alone. */
static void usage_self(struct rusage *usage)
{
    struct task_events_info events;
    mach_msg_type_number_t count = TASK_EVENTS_INFO_COUNT;

    memset(usage, 0, sizeof *usage);
    usage->ru_utime = timeval_us(process_time_us(0));
    usage->ru_stime = timeval_us(process_time_us(1));
    if (!task_info(mach_task_self(), TASK_EVENTS_INFO, (task_info_t)&events,
                   &count)) {
        usage->ru_majflt = (long)events.pageins;
        usage->ru_minflt = (long)(events.faults - events.pageins);
    }
}

int64_t thread_time_us(int which)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;
    mach_port_t self = mach_thread_self();

    memset(&info, 0, sizeof info);
    thread_info(self, THREAD_BASIC_INFO, (thread_info_t)&info, &count);
    port_deallocate(self);
    const time_value64_t *time =
        which ? &info.system_time64 : &info.user_time64;
    return time->seconds * 1000000 + time->nanoseconds / 1000;
}

long sys_getrusage(struct frame *frame)
{
    struct rusage *usage = (struct rusage *)ARG2(frame);
    rusage_t children;

    switch ((int)ARG1(frame)) {
    case RUSAGE_SELF:
        usage_self(usage);
        return 0;
    case RUSAGE_THREAD:
        usage_self(usage);
        usage->ru_utime = timeval_us(thread_time_us(0));
        usage->ru_stime = timeval_us(thread_time_us(1));
        return 0;
    case RUSAGE_CHILDREN:
        if (proc_getchildren_rusage(unix_process.proc, &children))
            memset(&children, 0, sizeof children);
        rusage_to_linux(&children, usage);
        return 0;
    default:
        return -EINVAL;
    }
}

long sys_times(struct frame *frame)
{
    struct tms *times = (struct tms *)ARG1(frame);
    rusage_t children;

    if (times) {
        if (proc_getchildren_rusage(unix_process.proc, &children))
            memset(&children, 0, sizeof children);
        times->tms_utime = process_time_us(0) / 10000;
        times->tms_stime = process_time_us(1) / 10000;
        times->tms_cutime =
            children.ru_utime.tv_sec * 100 + children.ru_utime.tv_usec / 10000;
        times->tms_cstime =
            children.ru_stime.tv_sec * 100 + children.ru_stime.tv_usec / 10000;
    }
    return clock_monotonic_ns() / 10000000;
}

/* --- the system's name --------------------------------------------------- */

static void uname_field(char *to, const char *from)
{
    mig_strncpy(to, from, sizeof((struct utsname *)0)->sysname);
}

/* The host's name is a file's contents, as for every library of the Hurd's. */
#define HOST_NAME_FILE "/etc/hostname"

static void host_name(char *to, uint64_t size)
{
    mach_port_t port;
    data_t data = to;
    mach_msg_type_number_t count = (mach_msg_type_number_t)size - 1;

    if (lookup(AT_FDCWD, HOST_NAME_FILE, HO_READ, 0, &port))
        return;
    if (!io_read(port, &data, &count, 0, size - 1)) {
        if (data != to) {
            memcpy(to, data, count);
            pages_free(data, count);
        }
        to[count] = 0;
        char *end = strchr(to, '\n');
        if (end)
            *end = 0;
    }
    port_deallocate(port);
}

/* What the Hurd is called; programs that ask for Linux find GNU. */
long sys_uname(struct frame *frame)
{
    struct utsname *to = (struct utsname *)ARG1(frame);
    struct hurd_utsname name;

    if (proc_uname(unix_process.proc, &name))
        return -EIO;
    memset(to, 0, sizeof *to);
    uname_field(to->sysname, name.sysname);
    uname_field(to->nodename, name.nodename);
    uname_field(to->release, name.release);
    uname_field(to->version, name.version);
    uname_field(to->machine, name.machine);
    host_name(to->nodename, sizeof to->nodename);
    return 0;
}

long sys_sethostname(struct frame *frame)
{
    const char *name = (const char *)ARG1(frame);
    vm_size_t amount;
    mach_port_t port;

    if (ARG2(frame) >= sizeof((struct utsname *)0)->nodename)
        return -EINVAL;
    kern_return_t kr =
        lookup(AT_FDCWD, HOST_NAME_FILE, HO_WRITE | HO_CREAT, 0644, &port);
    if (kr)
        return linux_error(kr);
    kr = file_set_size(port, 0);
    if (!kr)
        kr = io_write(port, name, (mach_msg_type_number_t)ARG2(frame), 0,
                      &amount);
    port_deallocate(port);
    return linux_error(kr);
}

/* Nobody keeps one. */
long sys_setdomainname(struct frame *frame)
{
    (void)frame;
    return -ENOSYS;
}
