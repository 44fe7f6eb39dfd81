/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/msg.c: messages to processes; who may do what to whom. */

#include <hurd/msg_request.h>
#include <hurd/msg.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <stdlib.h>
#include <string.h>

#define LATE_SIGNALS_MAX 64

static int late_signals; /* threads that wait to send one */

/* A signal for which the process's queue had no room. */
struct late_signal {
    mach_port_t msgport, refport; /* send rights */
    int signal, sigcode;
};

static void *send_late(void *arg)
{
    struct late_signal *late = arg;

    msg_sig_post(late->msgport, late->signal, late->sigcode, late->refport);
    mach_port_drop(late->msgport);
    mach_port_drop(late->refport);
    free(late);
    __atomic_sub_fetch(&late_signals, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void post_later(mach_port_t msgport, int signal, int sigcode,
                       mach_port_t refport)
{
    struct late_signal *late;
    pthread_t thread;

    /* A process that does not look at its signals gets no thread for each. */
    if (__atomic_load_n(&late_signals, __ATOMIC_RELAXED) >= LATE_SIGNALS_MAX ||
        !(late = calloc(1, sizeof *late)))
        return;
    *late = (struct late_signal){msgport, refport, signal, sigcode};
    mach_port_ref_send(msgport, 1);
    mach_port_ref_send(refport, 1);
    if (pthread_create(&thread, NULL, send_late, late)) {
        mach_port_drop(msgport);
        mach_port_drop(refport);
        free(late);
    } else {
        __atomic_add_fetch(&late_signals, 1, __ATOMIC_RELAXED);
        pthread_detach(thread);
    }
}

void send_signal(struct proc *p, int signal, int sigcode, mach_port_t refport)
{
    if (!p || p->msgport == MACH_PORT_NULL || p->dead)
        return;
    if (msg_sig_post_request(p->msgport, MACH_PORT_NULL,
                             MACH_MSG_TYPE_MAKE_SEND_ONCE, signal, sigcode,
                             refport) == MACH_SEND_TIMED_OUT)
        post_later(p->msgport, signal, sigcode, refport);
}

boolean_t check_uid(struct proc *p, uid_t uid)
{
    return idvec_contains(p->ids->uids, 0) || idvec_contains(p->ids->uids, uid);
}

boolean_t is_root(struct proc *p)
{
    return idvec_contains(p->ids->uids, 0);
}

boolean_t check_owner(struct proc *p1, struct proc *p2)
{
    if (p1 == p2 || is_root(p1))
        return TRUE;
    if (p2->guarded && !p1->guarded)
        return FALSE;
    if (p2->noowner)
        return p2->parent == p1;
    return check_uid(p1, p2->owner);
}

error_t return_ints(int *ints, unsigned n, int **out,
                    mach_msg_type_number_t *out_n)
{
    error_t err = 0;

    if (n > *out_n) {
        vm_address_t room = 0;
        err = vm_allocate(mach_task_self(), &room, n * sizeof *ints, TRUE);
        if (!err)
            *out = (int *)room;
    }
    if (!err) {
        if (n)
            memcpy(*out, ints, n * sizeof *ints);
        *out_n = n;
    }
    free(ints);
    return err;
}

kern_return_t S_proc_setmsgport(pstruct_t p, mach_port_t reply,
                                mach_msg_type_name_t reply_type,
                                mach_port_t new, mach_port_t *old,
                                mach_msg_type_name_t *type)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *old = p->msgport;
    *type = MACH_MSG_TYPE_MOVE_SEND;
    p->msgport = new;
    p->names_children = 0; /* the program may be another */
    p->deadmsg = 0;
    if (MACH_PORT_VALID(new)) {
        ports_request_dead_name_notification(p, new, NULL);
        wait_msgport_set(p);
    } else {
        p->msgport = MACH_PORT_NULL;
    }
    return 0;
}
