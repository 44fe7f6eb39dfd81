/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/convert.h"

#include "hurd/hurd_types.h"
#include "hurd/signal.h"

#include <signal.h>
#include <sys/resource.h>

#define HURD_SIGNALS 33

/* By Linux's number.  SIGSTKFLT and SIGPWR have no counterpart. */
static const unsigned char to_hurd[32] = {
    [SIGHUP] = HSIGHUP,     [SIGINT] = HSIGINT,       [SIGQUIT] = HSIGQUIT,
    [SIGILL] = HSIGILL,     [SIGTRAP] = HSIGTRAP,     [SIGABRT] = HSIGABRT,
    [SIGBUS] = HSIGBUS,     [SIGFPE] = HSIGFPE,       [SIGKILL] = HSIGKILL,
    [SIGUSR1] = HSIGUSR1,   [SIGSEGV] = HSIGSEGV,     [SIGUSR2] = HSIGUSR2,
    [SIGPIPE] = HSIGPIPE,   [SIGALRM] = HSIGALRM,     [SIGTERM] = HSIGTERM,
    [SIGSTKFLT] = HSIGEMT,  [SIGCHLD] = HSIGCHLD,     [SIGCONT] = HSIGCONT,
    [SIGSTOP] = HSIGSTOP,   [SIGTSTP] = HSIGTSTP,     [SIGTTIN] = HSIGTTIN,
    [SIGTTOU] = HSIGTTOU,   [SIGURG] = HSIGURG,       [SIGXCPU] = HSIGXCPU,
    [SIGXFSZ] = HSIGXFSZ,   [SIGVTALRM] = HSIGVTALRM, [SIGPROF] = HSIGPROF,
    [SIGWINCH] = HSIGWINCH, [SIGIO] = HSIGIO,         [SIGPWR] = HSIGLOST,
    [SIGSYS] = HSIGSYS,
};

int signal_to_hurd(int sig)
{
    return sig > 0 && sig < 32 ? to_hurd[sig] : 0;
}

int signal_to_linux(int sig)
{
    for (int i = 1; i < 32; i++) {
        if (to_hurd[i] == sig)
            return i;
    }
    return 0;
}

uint64_t sigset_to_hurd(uint64_t set)
{
    uint64_t result = 0;

    for (int i = 1; i < 32; i++) {
        if (set >> (i - 1) & 1 && to_hurd[i])
            result |= 1ull << (to_hurd[i] - 1);
    }
    return result;
}

uint64_t sigset_to_linux(uint64_t set)
{
    uint64_t result = 0;

    for (int i = 1; i < 32; i++) {
        if (to_hurd[i] && set >> (to_hurd[i] - 1) & 1)
            result |= 1ull << (i - 1);
    }
    return result;
}

int wait_status_to_linux(int status)
{
    if (HW_IFCONTINUED(status))
        return 0xffff;
    if (HW_IFSTOPPED(status))
        return signal_to_linux(HW_EXITSTATUS(status)) << 8 | 0x7f;
    if (HW_IFEXITED(status))
        return status;
    int sig = HW_TERMSIG(status);
    return (sig < HURD_SIGNALS ? signal_to_linux(sig) : sig) |
           (status & HW_COREFLAG);
}

void rusage_to_linux(const struct hurd_rusage *from, struct rusage *to)
{
    *to = (struct rusage){
        .ru_utime = {from->ru_utime.tv_sec, from->ru_utime.tv_usec},
        .ru_stime = {from->ru_stime.tv_sec, from->ru_stime.tv_usec},
        .ru_maxrss = from->ru_maxrss,
        .ru_minflt = from->ru_minflt,
        .ru_majflt = from->ru_majflt,
        .ru_inblock = from->ru_inblock,
        .ru_oublock = from->ru_oublock};
}
