/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/waits.c: who has not answered.  The right to answer tells: it is in the
 * space of whoever took the request, or in the request, which nobody took. */
#include "ipc/waits.h"
#include "ipc/entry.h"
#include "ipc/ipc.h"
#include "ipc/kmsg.h"
#include "ipc/right.h"
#include "ipc/trace.h"
#include "task/task.h"
#include "task/thread.h"

static bool is_among(const struct list *messages, const struct ipc_port *reply)
{
    struct ipc_kmsg *kmsg;

    list_for_each(messages, kmsg, port_link)
    {
        if (KMSG_LOCAL(kmsg) == reply) {
            return true;
        }
    }
    return false;
}

/* Whether TASK is the debtor. */
static bool owes(const struct task *task, const struct ipc_port *reply)
{
    mach_port_name_t name = MACH_PORT_NULL;
    const struct ipc_entry *entry;

    for (; (entry = ipc_entry_next(task->space, &name)) != NULL; name++) {
        const struct ipc_port *port = entry->object;
        if (((entry->type & MACH_PORT_TYPE_SEND_ONCE) && port == reply) ||
            ((entry->type & MACH_PORT_TYPE_RECEIVE) &&
             is_among(&port->queue.messages, reply))) {
            return true;
        }
    }
    return false;
}

static const struct task *find_debtor(const struct ipc_port *reply)
{
    struct task *task;

    list_for_each(&all_tasks, task, link)
    {
        if (task->active && owes(task, reply)) {
            return task;
        }
    }
    return NULL;
}

static bool waits_on_set(const struct thread *thread)
{
    const struct ipc_entry *entry =
        thread->in_trap && ipc_in_mach_msg(thread)
            ? ipc_right_lookup(thread->task->space, thread->ith.receive_name)
            : NULL;

    return entry != NULL && (entry->type & MACH_PORT_TYPE_PORT_SET);
}

/* Whether a thread of TASK's will go on by itself.  One that serves a set only
 * looks now and then whether it is still needed. */
static bool sleeps(const struct task *task)
{
    struct thread *thread;

    list_for_each(&task->threads, thread, task_link)
    {
        if (thread->state == THREAD_WAITING &&
            heap_linked(&thread->wait_timer.node) && !waits_on_set(thread)) {
            return true;
        }
    }
    return false;
}

static const struct task *receiver_of(const struct ipc_port *port)
{
    return port->active && port->receiver != NULL ? port->receiver->task : NULL;
}

/* Whom a receive after a send waits for. */
static const struct task *answerer_of(const struct thread *thread)
{
    struct ipc_port *reply;

    if ((thread->ith.options & MACH_SEND_MSG) == 0 ||
        (thread->ith.options & MACH_RCV_MSG) == 0 ||
        ipc_right_lookup_receive(thread->task->space, thread->ith.receive_name,
                                 &reply) != KERN_SUCCESS) {
        return NULL;
    }
    return find_debtor(reply);
}

bool ipc_describe_wait(const struct thread *thread, char *text,
                       size_t size_bytes)
{
    const char *what = ipc_request_name(thread->ith.sent_id);
    const struct task *whom;

    if (!thread->in_trap || !ipc_in_mach_msg(thread)) {
        return false;
    }
    whom = thread->ith.kmsg != NULL ? receiver_of(KMSG_REMOTE(thread->ith.kmsg))
                                    : answerer_of(thread);
    if (whom == NULL || whom == thread->task || sleeps(whom)) {
        return false;
    }
    ksnprintf(text, size_bytes, "%s waits for %s%s%s%s", thread->task->name,
              whom->name, what ? " (" : "", what ? what : "", what ? ")" : "");
    return true;
}
