/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/rpc.h"
#include "personality/mach.h"
#include "personality/signals.h"

#define INTERRUPT_OPERATION 33000
#define INTERRUPT_MS        3000
/* What hardly waits is not worth interrupting: so long a signal does. */
#define GRACE_MS 5

/* Asks whoever serves PORT to let our request there return early.  Nobody need
 * answer, as the request's own reply tells. */
static void interrupt_request(mach_port_t port)
{
    mach_msg_header_t message = {.msgh_bits =
                                     MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                 .msgh_size = sizeof message,
                                 .msgh_remote_port = port,
                                 .msgh_id = INTERRUPT_OPERATION};

    mach_msg_trap(&message, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message,
                  0, MACH_PORT_NULL, 100, MACH_PORT_NULL);
}

static mach_msg_return_t reply_within(mach_msg_header_t *message,
                                      mach_msg_option_t option,
                                      mach_msg_size_t receive_size,
                                      mach_port_t receive_name,
                                      mach_msg_timeout_t timeout_ms)
{
    mach_msg_return_t mr;

    do
        mr = mach_msg_trap(
            message, (option & ~MACH_SEND_MSG) | MACH_RCV_TIMEOUT, 0,
            receive_size, receive_name, timeout_ms, MACH_PORT_NULL);
    while (mr == MACH_RCV_INTERRUPTED);
    return mr;
}

/* BLOCKING tells signal_kick that an abort may be needed; it is set before the
 * look at SIGNAL_PENDING.  With a signal pending the request is made all the
 * same, but waited for only for a moment; so it is while no signal could come
 * yet. */
static mach_msg_return_t
request_attempt(struct thread *thread, mach_msg_header_t *message,
                mach_msg_option_t option, mach_msg_size_t send_size,
                mach_msg_size_t receive_size, mach_port_t receive_name)
{
    __atomic_store_n(&thread->blocking, true, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&thread->signal_pending, __ATOMIC_SEQ_CST) ||
        !signals.started)
        option |= MACH_RCV_TIMEOUT;
    mach_msg_return_t mr =
        mach_msg_trap(message, option, send_size, receive_size, receive_name,
                      GRACE_MS, MACH_PORT_NULL);
    thread->blocking = false;
    return mr;
}

/* The process waits, so signals may come to it.  The reply port is taken by
 * the request that it waits for. */
static void signals_start_meanwhile(struct thread *thread)
{
    mach_port_t reply = thread->reply_port;
    unsigned char interruptible = thread->interruptible;

    thread->reply_port = thread->spare_reply_port;
    thread->interruptible = CALL_WHOLE;
    signals_start();
    thread->spare_reply_port = thread->reply_port;
    thread->reply_port = reply;
    thread->interruptible = interruptible;
}

/* A request to a server and its reply.  A server that does not answer an
 * interruption in time is given up. */
mach_msg_return_t
request_interruptible(struct thread *thread, mach_msg_header_t *message,
                      mach_msg_option_t option, mach_msg_size_t send_size,
                      mach_msg_size_t receive_size, mach_port_t receive_name)
{
    mach_port_t server = message->msgh_remote_port;
    mach_msg_return_t mr;

    for (;;) {
        mr = request_attempt(thread, message, option, send_size, receive_size,
                             receive_name);
        if (mr == MACH_SEND_INTERRUPTED)
            continue;
        option &= ~MACH_SEND_MSG;
        if (mr == MACH_RCV_INTERRUPTED && !thread->signal_pending)
            continue;
        if (mr == MACH_RCV_TIMED_OUT && !thread->signal_pending) {
            signals_start_meanwhile(thread);
            continue;
        }
        if (mr == MACH_RCV_INTERRUPTED)
            mr = reply_within(message, option, receive_size, receive_name,
                              GRACE_MS);
        if (mr != MACH_RCV_TIMED_OUT)
            return mr;
        if (thread->interruptible == CALL_INTERRUPTIBLE) {
            interrupt_request(server);
            mr = reply_within(message, option, receive_size, receive_name,
                              INTERRUPT_MS);
        }
        return mr == MACH_RCV_TIMED_OUT ? MACH_RCV_INTERRUPTED : mr;
    }
}

mach_msg_return_t mach_receive(mach_msg_header_t *message, mach_msg_size_t size,
                               mach_port_t port, int64_t timeout_ms)
{
    struct thread *thread = thread_self();
    mach_msg_option_t option = MACH_RCV_MSG;
    mach_msg_return_t mr;

    if (timeout_ms >= 0)
        option |= MACH_RCV_TIMEOUT;
    if (timeout_ms > 0x7fffffff)
        timeout_ms = 0x7fffffff;
    do {
        __atomic_store_n(&thread->blocking, true, __ATOMIC_SEQ_CST);
        mr =
            __atomic_load_n(&thread->signal_pending, __ATOMIC_SEQ_CST)
                ? MACH_RCV_INTERRUPTED
                : mach_msg_trap(message, option, 0, size, port,
                                (mach_msg_timeout_t)timeout_ms, MACH_PORT_NULL);
        thread->blocking = false;
    } while (mr == MACH_RCV_INTERRUPTED && !thread->signal_pending);
    return mr;
}
