/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/rpc.h: calls that a signal may cut short.
 *
 * INTERRUPTIBLE(call) is the call's result; meanwhile a signal for this thread
 * makes the server give up (interrupt_operation), which then answers EINTR or
 * with what it has.  Without it a signal waits until the call is over.
 */
#ifndef PERSONALITY_RPC_H
#define PERSONALITY_RPC_H

#include "personality/thread.h"

#define INTERRUPTIBLE(call)                                                   \
    ({                                                                        \
        thread_self()->interruptible = true;                                  \
        kern_return_t rpc_result = (call);                                    \
        thread_self()->interruptible = false;                                 \
        rpc_result;                                                           \
    })

#endif
