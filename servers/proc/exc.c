/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/exc.c: exceptions of the thread that handles exceptions.
 *
 * A process leaves its exception port here.  If the thread that should handle
 * them faults itself, nobody in the process could put it right: so it is given
 * the registers that the process chose beforehand, and then the message, by way
 * of the process's forwarding port.
 */

#include <proc/proc.h>
#include <proc/process_S.h>
#include <string.h>

#define STATE_MAX 256

struct exc {
    struct port_info pi;
    mach_port_t forward; /* send right */
    int flavor;
    mach_msg_type_number_t count;
    natural_t state[STATE_MAX];
};

struct raise_message {
    mach_msg_header_t head;
    mach_msg_type_t thread_type;
    mach_port_name_inlined_t thread;
    mach_msg_type_t task_type;
    mach_port_name_inlined_t task;
    char rest[48]; /* exception, code, subcode */
};

void exc_clean(void *exc)
{
    mach_port_drop(((struct exc *)exc)->forward);
}

kern_return_t S_proc_handle_exceptions(pstruct_t p, mach_port_t msgport,
                                       mach_port_t forward, int flavor,
                                       const thread_state_t state,
                                       mach_msg_type_number_t count)
{
    struct exc *exc;
    error_t err;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (count > STATE_MAX)
        return HURD_EINVAL;
    err = ports_import_port(exc_class, proc_bucket, msgport, sizeof *exc, &exc);
    if (err)
        return err;
    exc->forward = forward;
    exc->flavor = flavor;
    exc->count = count;
    memcpy(exc->state, state, count * sizeof *state);
    /* It lasts while the process holds rights to it. */
    ports_port_deref(exc);
    return 0;
}

static boolean_t is_right(const mach_msg_type_t *type)
{
    return type->msgt_name == MACH_MSG_TYPE_PORT_SEND && type->msgt_inline &&
           type->msgt_size == 64 && type->msgt_number == 1;
}

/* Anybody may send here.  What are no rights are numbers, which must not become
 * rights of ours on their way. */
static boolean_t is_exception(const mach_msg_header_t *in)
{
    const struct raise_message *msg = (const void *)in;

    return in->msgh_size == sizeof *msg &&
           in->msgh_bits & MACH_MSGH_BITS_COMPLEX &&
           is_right(&msg->thread_type) && is_right(&msg->task_type);
}

/* Whoever has a port that is none of the kernel's may never answer. */
static boolean_t is_thread(mach_port_t thread)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    mach_msg_impatient = TRUE;
    error_t err =
        thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count);
    mach_msg_impatient = FALSE;
    return !err;
}

static error_t forward(struct exc *exc, struct raise_message *msg)
{
    mach_msg_bits_t reply = MACH_MSGH_BITS_REMOTE(msg->head.msgh_bits);

    msg->head.msgh_local_port = msg->head.msgh_remote_port;
    msg->head.msgh_remote_port = exc->forward;
    msg->head.msgh_bits =
        MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, reply) | MACH_MSGH_BITS_COMPLEX;
    return mach_msg(&msg->head, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof *msg,
                    0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

boolean_t exc_handle(mach_msg_header_t *in)
{
    struct raise_message *msg = (void *)in;
    struct exc *exc;

    if (!is_exception(in) || !is_thread(msg->thread.name))
        return FALSE;
    exc = ports_lookup_port(proc_bucket, in->msgh_local_port, exc_class);
    if (!exc)
        return FALSE;
    thread_abort(msg->thread.name);
    error_t err = thread_set_state(msg->thread.name, exc->flavor,
                                   (thread_state_t)exc->state, exc->count);
    if (!err)
        err = forward(exc, msg);
    ports_port_deref(exc);
    /* Otherwise the answer is an error, and Mach ends the thread's task. */
    return !err;
}
