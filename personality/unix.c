/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/unix.h"
#include "personality/claims.h"
#include "personality/fd.h"
#include "personality/ids.h"
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/start.h"
#include "personality/syscalls.h"

#include "hurd/hurd_types.h"
#include "hurd/process.h"

#include <elf.h>

struct unix_process unix_process = {.umask = 022};

static mach_port_t start_port(unsigned which)
{
    return which < startup_info.portarray_count ? startup_info.portarray[which]
                                                : MACH_PORT_NULL;
}

static int start_int(unsigned which)
{
    return which < startup_info.intarray_count ? startup_info.intarray[which]
                                               : 0;
}

static void unix_start_ours(const int *ints)
{
    if (ints[INT_CLAIMS])
        claims_from_exec();
    signals_from_exec_high(ints[INT_SIGMASK_HIGH], ints[INT_SIGIGN_HIGH]);
    limits_from_exec(&ints[INT_LIMITS]);
    timer_from_exec((int64_t)int_get_wide(&ints[INT_ALARM]),
                    (int64_t)int_get_wide(&ints[INT_ALARM_INTERVAL]));
}

void unix_start(bool boot_module)
{
    unix_process.cwdir = start_port(INIT_PORT_CWDIR);
    unix_process.crdir = start_port(INIT_PORT_CRDIR);
    unix_process.auth = start_port(INIT_PORT_AUTH);
    unix_process.proc = start_port(INIT_PORT_PROC);
    unix_process.cttyid = start_port(INIT_PORT_CTTYID);
    if (boot_module || !unix_process.proc)
        return;
    unix_process.umask = (uint32_t)start_int(INIT_UMASK) & 0777;
    fd_start(startup_info.dtable, startup_info.dtable_count);
    signals_from_exec(start_int(INIT_SIGMASK), start_int(INIT_SIGIGN),
                      start_int(INIT_SIGPENDING));
    if (startup_info.intarray_count >= INT_MAX_OURS)
        unix_start_ours(startup_info.intarray);
}

uint64_t *unix_auxv(uint64_t *words)
{
    struct unix_ids ids = {0};

    if (unix_process.auth)
        ids_get(&ids);
    *words++ = AT_UID;
    *words++ = ids.ruid;
    *words++ = AT_EUID;
    *words++ = ids.euid;
    *words++ = AT_GID;
    *words++ = ids.rgid;
    *words++ = AT_EGID;
    *words++ = ids.egid;
    /* What its starter left in the environment is not for such a program. */
    *words++ = AT_SECURE;
    *words++ = startup_info.flags & EXEC_SECURE || ids.ruid != ids.euid ||
               ids.rgid != ids.egid;
    return words;
}

void unix_set_arguments(uint64_t argv, uint64_t envp)
{
    unix_process.argv = argv;
    unix_process.envp = envp;
    if (unix_process.proc)
        proc_set_arg_locations(unix_process.proc, argv, envp);
}

long sys_umask(struct frame *frame)
{
    long old = (long)unix_process.umask;

    unix_process.umask = ARG1(frame) & 0777;
    return old;
}
