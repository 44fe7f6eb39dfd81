/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/notify.c: what the kernel and clients tell about ports. */

#include <ports/ports.h>

#include <ports/interrupt_S.h>
#include <ports/notify_S.h>

port_info_t begin_using_port_info_port(mach_port_t port)
{
    return ports_lookup_port(NULL, port, NULL);
}

port_info_t begin_using_port_info_payload(uint64_t payload)
{
    return ports_lookup_payload(NULL, payload, NULL);
}

void end_using_port_info(port_info_t info)
{
    if (info)
        ports_port_deref(info);
}

void ports_no_senders(void *object, mach_port_mscount_t mscount)
{
    struct port_info *pi = object;
    boolean_t drop = FALSE;
    mach_port_t old = MACH_PORT_NULL;

    pthread_mutex_lock(&_ports_lock);
    if (pi->flags & PORT_HAS_SENDRIGHTS) {
        if (mscount >= pi->mscount) {
            pi->flags &= ~PORT_HAS_SENDRIGHTS;
            drop = TRUE;
        } else {
            /* More were made since: ask again. */
            mach_port_request_notification(mach_task_self(), pi->port_right,
                                           MACH_NOTIFY_NO_SENDERS, pi->mscount,
                                           pi->port_right,
                                           MACH_MSG_TYPE_MAKE_SEND_ONCE, &old);
        }
    }
    pthread_mutex_unlock(&_ports_lock);
    mach_port_drop(old);
    if (drop) {
        _ports_interrupt_unheard(pi);
        ports_port_deref(pi);
    }
}

kern_return_t ports_do_mach_notify_no_senders(port_info_t pi,
                                              mach_port_mscount_t mscount)
{
    if (!pi)
        return HURD_EOPNOTSUPP;
    ports_no_senders(pi, mscount);
    return 0;
}

kern_return_t ports_do_mach_notify_dead_name(port_info_t pi, mach_port_t name)
{
    if (!pi)
        return HURD_EOPNOTSUPP;
    ports_dead_name(pi, name);
    /* The notification brought a reference of its own. */
    mach_port_drop(name);
    return 0;
}

kern_return_t ports_do_mach_notify_port_destroyed(port_info_t pi,
                                                  mach_port_t port)
{
    mach_port_destroy_receive(port);
    return 0;
}

kern_return_t ports_do_mach_notify_port_deleted(port_info_t pi,
                                                mach_port_t name)
{
    return 0;
}

kern_return_t ports_do_mach_notify_msg_accepted(port_info_t pi,
                                                mach_port_t name)
{
    return 0;
}

kern_return_t ports_do_mach_notify_send_once(port_info_t pi)
{
    return 0;
}

kern_return_t ports_S_interrupt_operation(mach_port_t port,
                                          mach_port_seqno_t seqno)
{
    struct port_info *pi = ports_lookup_port(NULL, port, NULL);

    if (!pi)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&_ports_lock);
    if (pi->cancel_threshold < seqno)
        pi->cancel_threshold = seqno;
    pthread_mutex_unlock(&_ports_lock);
    ports_interrupt_rpcs(pi);
    ports_port_deref(pi);
    return 0;
}

boolean_t ports_interrupt_server(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = interrupt_server_routine(in);

    if (!routine)
        return FALSE;
    routine(in, out);
    return TRUE;
}
