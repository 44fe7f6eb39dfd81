/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/msgport.c: the message port of a server that nobody else gave one.
 *
 * It honours signals that would end the task, and lets others read what msgread.c
 * has; everything else is refused.
 */

#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <hurd/msg_S.h>
#include <hurd/msgread.h>
#include <pthread.h>

static mach_port_t msgport; /* receive right */

kern_return_t libhurd_S_msg_sig_post(mach_port_t process, mach_port_t reply,
                                     mach_msg_type_name_t reply_kind,
                                     int signal, natural_t sigcode,
                                     mach_port_t refport)
{
    if (refport != mach_task_self())
        return HURD_EPERM;
    mach_port_drop(refport);
    switch (signal) {
    case HSIGKILL:
    case HSIGTERM:
    case HSIGINT:
    case HSIGQUIT:
    case HSIGABRT:
        task_terminate(mach_task_self());
        break;
    }
    return 0;
}

kern_return_t libhurd_S_msg_sig_post_untraced(mach_port_t process,
                                              mach_port_t reply,
                                              mach_msg_type_name_t reply_kind,
                                              int signal, natural_t sigcode,
                                              mach_port_t refport)
{
    return libhurd_S_msg_sig_post(process, reply, reply_kind, signal, sigcode,
                                  refport);
}

kern_return_t libhurd_S_msg_proc_newids(mach_port_t process, task_t task,
                                        pid_t ppid, pid_t pgrp, int orphaned)
{
    if (task != mach_task_self())
        return HURD_EPERM;
    mach_port_drop(task);
    return 0;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = msg_server_routine(in);

    if (!routine)
        return FALSE;
    routine(in, out);
    return TRUE;
}

static void *serve(void *unused)
{
    msgread_served_here();
    mach_msg_server(demuxer, 0, msgport);
    return NULL;
}

error_t hurd_start_msgport(void)
{
    mach_port_t proc = getproc(), old = MACH_PORT_NULL;
    pthread_t thread;
    error_t err;

    if (proc == MACH_PORT_NULL)
        return HURD_EINVAL;
    if (msgport == MACH_PORT_NULL) {
        msgport = mach_reply_port();
        mach_port_insert_right(mach_task_self(), msgport, msgport,
                               MACH_MSG_TYPE_MAKE_SEND);
        if (pthread_create(&thread, NULL, serve, NULL)) {
            mach_port_drop(proc);
            return HURD_ENOMEM;
        }
        pthread_detach(thread);
    }
    err = proc_setmsgport(proc, msgport, &old);
    if (!err)
        mach_port_drop(old);
    mach_port_drop(proc);
    return err;
}
