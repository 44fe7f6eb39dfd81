/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/exception.h"
#include "core/account.h"
#include "ipc/port.h"
#include "mig/kobject.h"
#include "task/task.h"
#include "task/thread.h"

#include <mach/exception.h>

/* One exception under way; the kobject of the reply port. */
struct exception_wait {
    struct thread *thread;  /* a reference; NULL: no longer waits */
    struct ipc_port *reply; /* kernel port, owned */
    int exception, code;
    int64_t subcode;
    bool task_tried;
};

static void exception_send(struct exception_wait *wait, struct ipc_port *port)
{
    struct thread *thread = wait->thread;

    ipc_send_exception(port, wait->reply, thread->self, thread->task->self,
                       wait->exception, wait->code, wait->subcode);
}

static void exception_finish(struct exception_wait *wait)
{
    ipc_kobject_set(wait->reply, IKOT_NONE, NULL);
    ipc_port_dealloc_kernel(wait->reply);
    if (wait->thread)
        thread_deallocate(wait->thread);
    kfree(wait);
}

static const char *exception_names[] = {
    "",          "bad access", "bad instruction", "arithmetic",
    "emulation", "software",   "breakpoint"};

static bool is_shortage(int exception, int code)
{
    return exception == EXC_BAD_ACCESS && code == KERN_RESOURCE_SHORTAGE;
}

/* Nobody handles it. */
static void exception_fatal(struct thread *thread, int exception, int code,
                            int64_t subcode)
{
    struct platform_regs regs;

    if (is_shortage(exception, code))
        kprintf("%s: out of memory: the machine has %lu MiB\n",
                thread->task->name,
                (unsigned long)(platform_memory_size() >> 20));
    platform_thread_get_regs(thread->platform, &regs);
    kprintf("%s: unhandled exception at 0x%lx: %s, code %d, subcode 0x%lx\n",
            thread->task->name, (unsigned long)regs.rip,
            exception >= 1 && exception <= 6 ? exception_names[exception] : "?",
            code, (unsigned long)subcode);
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

/* Aborted or terminated: a reply that still comes is nobody's, but no error of
 * the handler's, who may have caused this.  The port waits for it. */
static void exception_cancel(struct thread *thread)
{
    struct exception_wait *wait = thread->wait_object;

    thread->wait_object = NULL;
    if (!wait)
        return;
    wait->thread = NULL;
    thread_deallocate(thread);
}

void exception_raise_thread(struct thread *thread, int exception, int code,
                            int64_t subcode)
{
    struct exception_wait *wait;

    /* A handler would need memory too, and mostly is in the same task. */
    if (is_shortage(exception, code)) {
        exception_fatal(thread, exception, code, subcode);
        return;
    }
    account_insists++; /* one for a thread, at most */
    wait = kalloc(sizeof *wait);
    if (wait) {
        *wait = (struct exception_wait){.thread = thread,
                                        .exception = exception,
                                        .code = code,
                                        .subcode = subcode};
        wait->reply = ipc_port_alloc_kernel(IKOT_EXCEPTION_REPLY, wait);
    }
    account_insists--;
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

void exception_answered(struct ipc_port *port, void *kobject,
                        kern_return_t result)
{
    struct exception_wait *wait = kobject;
    struct thread *thread = wait->thread;
    int exception = wait->exception, code = wait->code;
    int64_t subcode = wait->subcode;

    if (!thread) {
        exception_finish(wait);
        return;
    }
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
