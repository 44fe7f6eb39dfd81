/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/signal.h: signal numbers, wait status and wait options on the wire.
 */

#ifndef HURD_SIGNAL_H
#define HURD_SIGNAL_H

enum {
    HSIGHUP = 1,
    HSIGINT,
    HSIGQUIT,
    HSIGILL,
    HSIGTRAP,
    HSIGABRT,
    HSIGEMT,
    HSIGFPE,
    HSIGKILL,
    HSIGBUS,
    HSIGSEGV,
    HSIGSYS,
    HSIGPIPE,
    HSIGALRM,
    HSIGTERM,
    HSIGURG,
    HSIGSTOP,
    HSIGTSTP,
    HSIGCONT,
    HSIGCHLD,
    HSIGTTIN,
    HSIGTTOU,
    HSIGIO,
    HSIGXCPU,
    HSIGXFSZ,
    HSIGVTALRM,
    HSIGPROF,
    HSIGWINCH,
    HSIGINFO,
    HSIGUSR1,
    HSIGUSR2,
    HSIGLOST,
};
#define HSIGMASK(sig) (1u << ((sig)-1))

#define HSA_ONSTACK   0x01
#define HSA_RESTART   0x02
#define HSA_RESETHAND 0x04
#define HSA_NOCLDSTOP 0x08
#define HSA_NODEFER   0x10
#define HSA_SIGINFO   0x40

/* Codes that come with SIGCHLD. */
enum {
    HCLD_EXITED = 1,
    HCLD_KILLED = 2,
    HCLD_DUMPED = 3,
    HCLD_TRAPPED = 4,
    HCLD_STOPPED = 5,
    HCLD_CONTINUED = 6,
};

/* Wait status: exit code or signal, stopped, continued. */
#define HW_EXITCODE(code, sig) (((code)&0xff) << 8 | (sig))
#define HW_STOPCODE(sig)       ((sig) << 8 | 0x7f)
#define HW_CONTINUED           0xffff
#define HW_COREFLAG            0x80
#define HW_TERMSIG(s)          ((s)&0x7f)
#define HW_EXITSTATUS(s)       (((s) >> 8) & 0xff)
#define HW_IFEXITED(s)         (HW_TERMSIG(s) == 0)
#define HW_IFSTOPPED(s)        (((s)&0xff) == 0x7f)
#define HW_IFCONTINUED(s)      ((s) == HW_CONTINUED)
#define HW_IFSIGNALED(s)       (!HW_IFSTOPPED(s) && !HW_IFEXITED(s))

/* Wait options. */
#define HW_NOHANG   1
#define HW_UNTRACED 2
#define HW_STOPPED  2
#define HW_CONTINUE 4
#define HW_NOWAIT   8
#define HW_EXITED   16

#endif
