/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/exception.c: what a thread did wrong is a signal to it. */
#include "personality/convert.h"
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/unix.h"

#include "hurd/hurd_types.h"
#include "hurd/process.h"
#include "hurd/signal.h"

#include <mach/exception.h>
#include <mach/machine/thread_status.h>
#include <signal.h>

extern const char personality_fault[];
extern const char user_access_start[], user_access_end[], user_access_failed[];

static int exception_signal(int exception, int code, int *si_code)
{
    switch (exception) {
    case EXC_BAD_ACCESS:
        *si_code = code == KERN_PROTECTION_FAILURE ? SEGV_ACCERR : SEGV_MAPERR;
        return code == KERN_INVALID_ADDRESS || code == KERN_PROTECTION_FAILURE
                   ? SIGSEGV
                   : SIGBUS;
    case EXC_BAD_INSTRUCTION:
        *si_code = code == 1 ? ILL_ILLOPC : SI_KERNEL;
        return code == 1 ? SIGILL : SIGSEGV;
    case EXC_ARITHMETIC:
        *si_code = code == 1 ? FPE_INTDIV : FPE_INTOVF;
        return SIGFPE;
    case EXC_BREAKPOINT:
        *si_code = code == 1 ? TRAP_TRACE : SI_KERNEL;
        return SIGTRAP;
    default:
        *si_code = SI_KERNEL;
        return SIGSEGV;
    }
}

static struct thread *thread_by_port(mach_port_t port)
{
    struct thread *thread = threads;

    while (thread && thread->port != port)
        thread = thread->next;
    return thread;
}

/* A signal that cannot be put off: blocked or ignored it ends the process. */
static kern_return_t exception_post(struct thread *thread, int sig,
                                    struct signal_info info)
{
    uint64_t bit = SIGNAL_BIT(sig);
    struct signal_action *action = &signals.actions[sig];

    if (action->handler <= 1 || thread->signals.mask & bit)
        signal_die(sig);
    lock_take(&signals.lock);
    signal_enqueue(&thread->signals.pending, sig, &info);
    thread->signal_pending = 1;
    lock_release(&signals.lock);
    return thread_redirect(thread->port, thread, (uint64_t)personality_resume);
}

static kern_return_t exception_own(const struct exception *raised)
{
    struct thread *thread = thread_by_port(raised->thread);
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    struct signal_info info = {0};
    int sig = exception_signal(raised->kind, raised->code, &info.code);

    if (!thread || thread_get_state(raised->thread, i386_THREAD_STATE,
                                    (thread_state_t)&state, &count))
        signal_die(sig);
    if (state.rip >= (uint64_t)user_access_start &&
        state.rip < (uint64_t)user_access_end) {
        state.rip = (uint64_t)user_access_failed;
        return thread_set_state(raised->thread, i386_THREAD_STATE,
                                (thread_state_t)&state, count);
    }
    if (!signal_context(thread, &state)) {
        /* A system call was given a bad address. */
        if (!thread->calling || raised->kind != EXC_BAD_ACCESS)
            signal_die(sig);
        return thread_redirect(thread->port, thread->frame,
                               (uint64_t)personality_fault);
    }
    info.address = raised->kind == EXC_BAD_ACCESS ? raised->subcode : state.rip;
    return exception_post(thread, sig, info);
}

/* A child that has no port of its own yet, and no other business with us.  What
 * proc knows as no task might be a port whose owner never answers. */
static void exception_of_child(const struct exception *raised)
{
    mach_port_t task = raised->task, proc;
    int code;
    int sig = exception_signal(raised->kind, raised->code, &code);

    if (!proc_task2proc(unix_process.proc, task, &proc)) {
        proc_mark_exit(proc, HW_EXITCODE(0, signal_to_hurd(sig)), 0);
        port_deallocate(proc);
        task_terminate(task);
    }
}

kern_return_t exception_take(const struct exception *raised)
{
    if (raised->task == mach_task_self())
        return exception_own(raised);
    exception_of_child(raised);
    return KERN_FAILURE;
}
