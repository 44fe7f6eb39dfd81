/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/exception.h"
#include "ipc/port.h"
#include "task/task.h"
#include "task/thread.h"

#include <mach/message.h>

#define EXCEPTION_RAISE_ID 2400

/* One exception under way; the kobject of the reply port. */
struct exception_wait {
    struct thread *thread;  /* a reference */
    struct ipc_port *reply; /* kernel port, owned */
    int exception, code;
    int64_t subcode;
    bool task_tried;
};

struct exception_message {
    mach_msg_header_t header;
    mach_msg_type_t thread_type;
    struct ipc_port *thread;
    mach_msg_type_t task_type;
    struct ipc_port *task;
    mach_msg_type_t exception_type;
    int exception, exception_pad;
    mach_msg_type_t code_type;
    int code, code_pad;
    mach_msg_type_t subcode_type;
    int64_t subcode;
};
_Static_assert(sizeof(struct exception_message) == 112, "HURD-FACTS 1.10");

static mach_msg_type_t exception_item(unsigned name, unsigned bits)
{
    return (mach_msg_type_t){.msgt_name = name,
                             .msgt_size = bits,
                             .msgt_inline = 1,
                             .msgt_number = 1};
}

static void exception_send(struct exception_wait *wait, struct ipc_port *port)
{
    struct thread *thread = wait->thread;
    struct exception_message message = {
        .header = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                                MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                               MACH_MSG_TYPE_MAKE_SEND_ONCE),
                   .msgh_size = sizeof message,
                   .msgh_remote_port = (mach_port_t) port,
                   .msgh_local_port = (mach_port_t) wait->reply,
                   .msgh_id = EXCEPTION_RAISE_ID},
        .thread_type = exception_item(MACH_MSG_TYPE_MAKE_SEND, 64),
        .thread = thread->self,
        .task_type = exception_item(MACH_MSG_TYPE_MAKE_SEND, 64),
        .task = thread->task->self,
        .exception_type = exception_item(MACH_MSG_TYPE_INTEGER_32, 32),
        .exception = wait->exception,
        .code_type = exception_item(MACH_MSG_TYPE_INTEGER_32, 32),
        .code = wait->code,
        .subcode_type = exception_item(MACH_MSG_TYPE_INTEGER_64, 64),
        .subcode = wait->subcode};
    ipc_send_from_kernel(&message.header, sizeof message);
}

static void exception_finish(struct exception_wait *wait)
{
    ipc_kobject_set(wait->reply, IKOT_NONE, NULL);
    ipc_port_dealloc_kernel(wait->reply);
    thread_deallocate(wait->thread);
    kfree(wait);
}

static const char *exception_names[] = {
    "",          "bad access", "bad instruction", "arithmetic",
    "emulation", "software",   "breakpoint"};

/* Nobody handles it. */
static void exception_fatal(struct thread *thread, int exception, int code,
                            int64_t subcode)
{
    kprintf("%s: unhandled exception: %s, code %d, subcode 0x%lx\n",
            thread->task->name,
            exception >= 1 && exception <= 6 ? exception_names[exception] : "?",
            code, (unsigned long) subcode);
    task_terminate_internal(thread->task);
}

/* Sends to the next port that has not been tried; false if there is none. */
static bool exception_next(struct exception_wait *wait, bool first)
{
    struct thread *thread = wait->thread;

    if (first && IP_VALID(thread->exception)) {
        exception_send(wait, thread->exception);
        return true;
    }
    if (!wait->task_tried && IP_VALID(thread->task->exception)) {
        wait->task_tried = true;
        exception_send(wait, thread->task->exception);
        return true;
    }
    return false;
}

static void exception_done(struct thread *thread, kern_return_t result)
{
    if (result != KERN_TERMINATED)
        thread_resume_user(thread);
}

/* Aborted or terminated: a reply that still comes finds nobody. */
static void exception_cancel(struct thread *thread)
{
    struct exception_wait *wait = thread->wait_object;

    thread->wait_object = NULL;
    if (wait)
        exception_finish(wait);
}

void exception_raise_thread(struct thread *thread, int exception, int code,
                            int64_t subcode)
{
    struct exception_wait *wait = kalloc(sizeof *wait);

    if (wait) {
        *wait = (struct exception_wait){.thread = thread,
                                        .exception = exception,
                                        .code = code,
                                        .subcode = subcode};
        wait->reply = ipc_port_alloc_kernel(IKOT_EXCEPTION_REPLY, wait);
    }
    if (!wait || !wait->reply) {
        kfree(wait);
        exception_fatal(thread, exception, code, subcode);
        return;
    }
    thread_reference(thread);
    thread->wait_object = wait;
    thread_block(thread, true, exception_done, exception_cancel);
    if (!exception_next(wait, true)) {
        thread->wait_object = NULL;
        exception_finish(wait);
        exception_fatal(thread, exception, code, subcode);
    }
}

void exception_replied(struct exception_wait *wait, kern_return_t result)
{
    struct thread *thread = wait->thread;
    int exception = wait->exception, code = wait->code;
    int64_t subcode = wait->subcode;

    if (thread->wait_object != wait)
        return;
    if (result != KERN_SUCCESS && exception_next(wait, false))
        return;
    thread_reference(thread);
    thread->wait_object = NULL;
    exception_finish(wait);
    if (result == KERN_SUCCESS)
        thread_wakeup(thread, KERN_SUCCESS);
    else
        exception_fatal(thread, exception, code, subcode);
    thread_deallocate(thread);
}
