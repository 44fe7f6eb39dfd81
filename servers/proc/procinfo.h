/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/procinfo.h: what proc_getprocinfo answers, as it travels. */

#ifndef SERVERS_PROC_PROCINFO_H
#define SERVERS_PROC_PROCINFO_H

#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <sys/types.h>

enum {
    PI_FETCH_TASKINFO = 0x01,
    PI_FETCH_THREADS = 0x02,
    PI_FETCH_THREAD_BASIC = 0x04,
    PI_FETCH_THREAD_SCHED = 0x08,
    PI_FETCH_THREAD_WAITS = 0x10,
    PI_FETCH_TASKEVENTS = 0x20,
};

enum {
    PI_STOPPED = 0x001,
    PI_EXECED = 0x002,
    PI_WAITING = 0x004,
    PI_ORPHAN = 0x008,
    PI_NOMSG = 0x010,
    PI_SESSLD = 0x020,
    PI_NOTOWNED = 0x040,
    PI_NOPARENT = 0x080,
    PI_ZOMBIE = 0x100,
    PI_TRACED = 0x200,
    PI_GETMSG = 0x400,
    PI_LOGINLD = 0x800,
};

struct procinfo_thread {
    int died;
    int rpc_block;
    struct thread_basic_info pis_bi;
    struct thread_sched_info pis_si;
};

struct procinfo {
    int state;
    uid_t owner;
    pid_t ppid, pgrp, session, logincollection;
    int exitstatus, sigcode;
    int nthreads;
    struct task_basic_info taskinfo;
    struct task_events_info taskevents;
    struct procinfo_thread threadinfos[];
};

#endif
