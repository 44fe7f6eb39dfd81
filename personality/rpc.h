/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/rpc.h: calls that a signal may cut short.
 *
 * INTERRUPTIBLE(call) is the call's result; meanwhile a signal for this thread
 * makes the server give up (interrupt_operation), which then answers EINTR or
 * with what it has.  ABANDONABLE is for the kernel's calls: the reply is not
 * waited for.  Without either a signal waits until the call is over.
 */
#ifndef PERSONALITY_RPC_H
#define PERSONALITY_RPC_H

#include "personality/thread.h"

#include <mach/message.h>

#define CALL_AS(how, call)                                                     \
    ({                                                                         \
        thread_self()->interruptible = (how);                                  \
        kern_return_t rpc_result = (call);                                     \
        thread_self()->interruptible = CALL_WHOLE;                             \
        rpc_result;                                                            \
    })
#define INTERRUPTIBLE(call) CALL_AS(CALL_INTERRUPTIBLE, call)
#define ABANDONABLE(call)   CALL_AS(CALL_ABANDONABLE, call)

/* mach_msg's part of it: a request that THREAD, the calling one, makes.
 * MACH_RCV_INTERRUPTED if the reply was given up. */
mach_msg_return_t
request_interruptible(struct thread *thread, mach_msg_header_t *message,
                      mach_msg_option_t option, mach_msg_size_t send_size,
                      mach_msg_size_t receive_size, mach_port_t receive_name);

#endif
