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

#define CALL_AS(how, call)                                                     \
    ({                                                                         \
        thread_self()->interruptible = (how);                                  \
        kern_return_t rpc_result = (call);                                     \
        thread_self()->interruptible = CALL_WHOLE;                             \
        rpc_result;                                                            \
    })
#define INTERRUPTIBLE(call) CALL_AS(CALL_INTERRUPTIBLE, call)
#define ABANDONABLE(call)   CALL_AS(CALL_ABANDONABLE, call)

#endif
