/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mach_msg trap.
 *
 * A send can be tried again from the beginning until its message has been
 * copied in; from then on the trap goes forward only, from one thread_block to
 * the next, with what it needs to know in thread->ith:
 *
 *   send -> (wait for room) -> receive -> (wait for a message) -> put
 *
 * where put copies bytes that are already in the user's terms, and can be
 * repeated. */
#include "core/account.h"
#include "core/stall.h"
#include "ipc/ipc.h"
#include "ipc/mqueue.h"
#include "ipc/right.h"
#include "ipc/trace.h"
#include "task/exception.h"
#include "task/thread.h"
#include "vm/fault.h"

#include <mach/exception.h>

static void receive(struct thread *thread);

/* --- put: the bytes of a message, back to the user ------------------------- */

static void put(struct thread *thread);

static void put_end(struct thread *thread, kern_return_t kr)
{
    mach_msg_return_t mr = thread->ith.state;

    ipc_kmsg_free(thread->ith.kmsg);
    thread->ith.kmsg = NULL;
    if (kr == KERN_TERMINATED) {
        return;
    }
    /* A message handed back has an error of its own, which says more. */
    if (kr != KERN_SUCCESS && (mr == MACH_MSG_SUCCESS ||
                               (mr & ~MACH_MSG_MASK) >= MACH_RCV_IN_PROGRESS)) {
        mr = MACH_RCV_INVALID_DATA;
    }
    thread_return(thread, mr);
}

static void put_retry(struct thread *thread, kern_return_t result)
{
    /* Aborted: the message has been received all the same. */
    if (result == KERN_SUCCESS || result == KERN_ABORTED) {
        put(thread);
    } else {
        put_end(thread, result);
    }
}

static void put(struct thread *thread)
{
    kern_return_t kr = copyout(thread->task->map, &thread->ith.kmsg->header,
                               thread->ith.user_buffer, thread->ith.put_size,
                               thread_fault_wait(thread, put_retry));

    if (kr != KERN_WAITING) {
        put_end(thread, kr);
    }
}

static void put_message(struct thread *thread, struct ipc_kmsg *kmsg,
                        uint32_t size_bytes, mach_msg_return_t result)
{
    thread->ith.kmsg = kmsg;
    thread->ith.put_size = size_bytes;
    thread->ith.state = result;
    put(thread);
}

/* --- receiving ------------------------------------------------------------ */

static void deliver(struct thread *thread, struct ipc_kmsg *kmsg)
{
    struct ipc_space *space = thread->task->space;
    uint32_t size = kmsg->header.msgh_size;
    mach_msg_return_t mr = MACH_RCV_TOO_LARGE;

    thread->ith.kmsg = NULL;
    thread->task->messages_received++;
    if (size > thread->ith.receive_size) {
        ipc_kmsg_copyout_dest(kmsg, space);
        size = min_of(sizeof kmsg->header, thread->ith.receive_size);
    } else {
        /* What was sent is received, whatever room there is: until then the
         * sender has paid for it. */
        account_insists++;
        mr = ipc_kmsg_copyout(kmsg, space, thread->task->map,
                              thread->ith.options & MACH_RCV_NOTIFY
                                  ? thread->ith.notify
                                  : MACH_PORT_NAME_NULL);
        account_insists--;
        if (mr != MACH_MSG_SUCCESS &&
            (mr & ~MACH_MSG_MASK) != MACH_RCV_BODY_ERROR) {
            size = sizeof kmsg->header;
        }
        /* In the name's padding, which nobody else looks at. */
        kmsg->header.msgh_remote_port |= (uint64_t)kmsg->notices << 32;
    }
    put_message(thread, kmsg, size, mr);
}

/* MACH_RCV_LARGE: the message stays, its size is told. */
static void tell_size(struct thread *thread, kern_return_t result)
{
    kern_return_t kr = result;

    if (kr == KERN_SUCCESS || kr == KERN_ABORTED) {
        kr = copyout(thread->task->map, &thread->ith.large_size,
                     thread->ith.user_buffer +
                         offsetof(mach_msg_header_t, msgh_size),
                     sizeof thread->ith.large_size,
                     thread_fault_wait(thread, tell_size));
    }
    if (kr != KERN_WAITING && kr != KERN_TERMINATED) {
        thread_return(thread, kr == KERN_SUCCESS ? MACH_RCV_TOO_LARGE
                                                 : MACH_RCV_INVALID_DATA);
    }
}

static void receive_cancel(struct thread *thread)
{
    list_remove(&thread->wait_link);
}

static void receive_done(struct thread *thread, kern_return_t result)
{
    struct ipc_kmsg *kmsg = thread->ith.kmsg;

    if (result == KERN_TERMINATED) {
        if (kmsg != NULL) {
            thread->ith.kmsg = NULL;
            ipc_kmsg_destroy(kmsg);
        }
    } else if (result == KERN_TIMEDOUT) {
        thread_return(thread, MACH_RCV_TIMED_OUT);
    } else if (result != KERN_SUCCESS) {
        thread_return(thread, MACH_RCV_INTERRUPTED);
    } else if (kmsg != NULL) {
        deliver(thread, kmsg);
    } else if (thread->ith.state == MACH_RCV_TOO_LARGE) {
        tell_size(thread, KERN_SUCCESS);
    } else {
        thread_return(thread, thread->ith.state);
    }
}

static void wait_for_message(struct thread *thread, struct ipc_mqueue *queue)
{
    if ((thread->ith.options & MACH_RCV_TIMEOUT) &&
        thread->ith.timeout_ms == 0) {
        thread_return(thread, MACH_RCV_TIMED_OUT);
        return;
    }
    thread->ith.kmsg = NULL;
    list_append(&queue->receivers, &thread->wait_link);
    if (thread->ith.options & MACH_RCV_TIMEOUT) {
        thread_block_timeout(thread, thread->ith.timeout_ms, receive_done,
                             receive_cancel);
    } else {
        thread_block(thread, true, receive_done, receive_cancel);
    }
}

static mach_msg_return_t receive_queue(struct thread *thread,
                                       struct ipc_mqueue **queue_out,
                                       bool *set_out)
{
    struct ipc_entry *entry =
        ipc_right_lookup(thread->task->space, thread->ith.receive_name);

    if (entry == NULL) {
        return MACH_RCV_INVALID_NAME;
    }
    if (entry->type & MACH_PORT_TYPE_PORT_SET) {
        *queue_out = &((struct ipc_pset *)entry->object)->queue;
        *set_out = true;
        return MACH_MSG_SUCCESS;
    }
    if ((entry->type & MACH_PORT_TYPE_RECEIVE) == 0) {
        return MACH_RCV_INVALID_NAME;
    }
    *queue_out = &((struct ipc_port *)entry->object)->queue;
    *set_out = false;
    return ipc_port_pset(entry->object) == NULL ? MACH_MSG_SUCCESS
                                                : MACH_RCV_IN_SET;
}

static void receive(struct thread *thread)
{
    struct ipc_mqueue *queue;
    struct ipc_kmsg *kmsg;
    mach_msg_return_t mr;
    bool set;

    mr = receive_queue(thread, &queue, &set);
    if (mr != MACH_MSG_SUCCESS) {
        thread_return(thread, mr);
        return;
    }
    kmsg = ipc_mqueue_first(queue, set);
    if (kmsg == NULL) {
        wait_for_message(thread, queue);
    } else if ((thread->ith.options & MACH_RCV_LARGE) &&
               kmsg->header.msgh_size > thread->ith.receive_size) {
        thread->ith.large_size = kmsg->header.msgh_size;
        tell_size(thread, KERN_SUCCESS);
    } else {
        ipc_mqueue_take(kmsg);
        deliver(thread, kmsg);
    }
}

/* --- sending -------------------------------------------------------------- */

static void sent(struct thread *thread)
{
    if (thread->ith.options & MACH_RCV_MSG) {
        receive(thread);
    } else {
        thread_return(thread, MACH_MSG_SUCCESS);
    }
}

/* Gives the message back to its sender. */
static void hand_back(struct thread *thread, struct ipc_kmsg *kmsg,
                      mach_msg_return_t mr)
{
    account_insists++;
    mr |= ipc_kmsg_copyout_pseudo(kmsg, thread->task->space, thread->task->map);
    account_insists--;
    put_message(thread, kmsg, kmsg->header.msgh_size, mr);
}

/* No room came.  MACH_SEND_NOTIFY forces the message in all the same. */
static void send_timed_out(struct thread *thread, struct ipc_kmsg *kmsg)
{
    mach_msg_return_t mr = MACH_SEND_TIMED_OUT;

    if (thread->ith.options & MACH_SEND_NOTIFY) {
        mr =
            ipc_marequest_create(thread->task->space, kmsg, thread->ith.notify);
        if (mr == MACH_MSG_SUCCESS) {
            ipc_mqueue_send_always(kmsg);
            thread_return(thread, MACH_SEND_WILL_NOTIFY);
            return;
        }
    }
    hand_back(thread, kmsg, mr);
}

static void send_cancel(struct thread *thread)
{
    list_remove(&thread->wait_link);
}

static void send_done(struct thread *thread, kern_return_t result)
{
    struct ipc_kmsg *kmsg = thread->ith.kmsg;

    thread->ith.kmsg = NULL;
    if (result == KERN_SUCCESS) {
        sent(thread);
    } else if (result == KERN_TERMINATED) {
        if (kmsg != NULL) {
            ipc_kmsg_destroy(kmsg);
        }
    } else if (result == KERN_TIMEDOUT) {
        send_timed_out(thread, kmsg);
    } else {
        hand_back(thread, kmsg, MACH_SEND_INTERRUPTED);
    }
}

static void wait_for_room(struct thread *thread, struct ipc_kmsg *kmsg)
{
    if ((thread->ith.options & MACH_SEND_TIMEOUT) &&
        thread->ith.timeout_ms == 0) {
        send_timed_out(thread, kmsg);
        return;
    }
    thread->ith.kmsg = kmsg;
    list_append(&KMSG_REMOTE(kmsg)->senders, &thread->wait_link);
    if (thread->ith.options & MACH_SEND_TIMEOUT) {
        thread_block_timeout(thread, thread->ith.timeout_ms, send_done,
                             send_cancel);
    } else {
        thread_block(thread, true, send_done, send_cancel);
    }
}

static bool for_kernel(const struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = KMSG_REMOTE(kmsg);

    return port->active && port->kernel_owned &&
           (kmsg->header.msgh_bits & MACH_MSGH_BITS_CIRCULAR) == 0;
}

/* The request may end the thread that makes it, or suspend it. */
static void call_kernel(struct thread *thread, struct ipc_kmsg *kmsg)
{
    bool alive;

    thread_reference(thread);
    ipc_kobject_message(kmsg);
    alive = thread->state != THREAD_DEAD;
    if (alive) {
        sent(thread);
    }
    thread_deallocate(thread);
}

static void send_retry(struct thread *thread, kern_return_t result)
{
    if (result == KERN_SUCCESS) {
        ipc_mach_msg_trap(thread);
    } else if (result == KERN_ABORTED) {
        thread_return(thread, MACH_SEND_INTERRUPTED);
    } else if (result != KERN_TERMINATED) {
        thread_return(thread, MACH_SEND_INVALID_DATA);
    }
}

static void send(struct thread *thread)
{
    struct ipc_kmsg *kmsg = NULL;
    mach_port_name_t cancel = thread->ith.options & MACH_SEND_CANCEL
                                  ? thread->ith.notify
                                  : MACH_PORT_NAME_NULL;
    mach_msg_return_t mr;

    mr = ipc_kmsg_copyin(thread->task->space, thread->task->map,
                         thread->ith.user_buffer, thread->ith.send_size, cancel,
                         thread_fault_wait(thread, send_retry), &kmsg);
    if (mr == KERN_WAITING) {
        return;
    }
    if (mr != MACH_MSG_SUCCESS) {
        thread_return(thread, mr);
        return;
    }
    thread->task->messages_sent++;
    if (platform_trace_enabled()) {
        ipc_trace_message(kmsg, thread->task->name);
    }
    thread->ith.sent_id = kmsg->header.msgh_id;
    if (!for_kernel(kmsg)) {
        stall_not();
    }
    if (for_kernel(kmsg)) {
        call_kernel(thread, kmsg);
    } else if (ipc_mqueue_full(kmsg)) {
        wait_for_room(thread, kmsg);
    } else {
        ipc_mqueue_send_always(kmsg);
        sent(thread);
    }
}

/* The seventh argument is read whether it counts or not, as its absence is an
 * access error. */
static bool read_notify(struct thread *thread)
{
    uint64_t notify;
    kern_return_t kr = trap_stack_argument(thread, 7, &notify);

    if (kr == KERN_WAITING) {
        return false;
    }
    if (kr != KERN_SUCCESS) {
        exception_raise_thread(thread, EXC_BAD_ACCESS, kr,
                               trap_stack_address(thread, 7));
        return false;
    }
    thread->ith.notify = notify;
    return true;
}

bool ipc_in_mach_msg(const struct thread *thread)
{
    return thread->wait_done == receive_done || thread->wait_done == send_done;
}

void ipc_mach_msg_trap(struct thread *thread)
{
    thread->ith.user_buffer = thread->trap_args[0];
    thread->ith.options = thread->trap_args[1];
    thread->ith.send_size = thread->trap_args[2];
    thread->ith.receive_size = thread->trap_args[3];
    thread->ith.receive_name = thread->trap_args[4];
    thread->ith.timeout_ms = thread->trap_args[5];
    thread->ith.kmsg = NULL;
    if (!read_notify(thread)) {
        return;
    }
    if (thread->ith.options & MACH_SEND_MSG) {
        send(thread);
    } else if (thread->ith.options & MACH_RCV_MSG) {
        receive(thread);
    } else {
        thread_return(thread, MACH_MSG_SUCCESS);
    }
}
