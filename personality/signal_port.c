/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_port.c: the thread that serves the message port. */
#include "personality/clock.h"
#include "personality/convert.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/signals.h"
#include "personality/start.h"
#include "personality/syscalls.h"
#include "personality/unix.h"
#include "personality/vfork.h"

#include "hurd/errors.h"
#include "hurd/process.h"
#include "hurd/signal.h"

#include <mach/exception.h>
#include <mach/machine/thread_status.h>
#include <mach/task_special_ports.h>
#include <signal.h>

#define MSG_SIG_POST          23000
#define MSG_PROC_NEWIDS       23001
#define MSG_SIG_POST_UNTRACED 23022
#define EXCEPTION_RAISE       2400
#define POKE                  1
#define REPLY                 100
#define KICK_TRIES            200

/* Requests as they lie in memory (HURD-FACTS 3.1). */
struct request {
    mach_msg_header_t header;
    union {
        struct {
            mach_msg_type_t signal_type;
            int signal;
            mach_msg_type_t code_type;
            int code;
            mach_msg_type_t reference_type;
            mach_port_t reference;
        } sig_post;
        struct {
            mach_msg_type_t task_type;
            mach_port_t task;
        } newids;
        struct {
            mach_msg_type_t thread_type;
            mach_port_t thread;
            mach_msg_type_t task_type;
            mach_port_t task;
            mach_msg_type_t exception_type;
            int exception;
            mach_msg_type_t code_type;
            int code;
            mach_msg_type_t subcode_type;
            uint64_t subcode;
        } exception;
        char room[4096];
    } u;
};

static void *serving_stack;

extern const char __ehdr_start[], _end[];
extern const char personality_exit[], personality_exit_end[];
extern const char personality_resume_test[], personality_resume_end[];
extern const char personality_fault[];

void *signals_stack(void)
{
    return serving_stack;
}

mach_port_t signals_port(void)
{
    return signals.port;
}

/* --- threads that run ---------------------------------------------------- */

static void context_from_state(struct context *to,
                               const struct i386_thread_state *from)
{
    *to = (struct context){.r15 = from->r15,
                           .r14 = from->r14,
                           .r13 = from->r13,
                           .r12 = from->r12,
                           .rbp = from->rbp,
                           .rbx = from->rbx,
                           .r11 = from->r11,
                           .r10 = from->r10,
                           .r9 = from->r9,
                           .r8 = from->r8,
                           .rdx = from->rdx,
                           .rcx = from->rcx,
                           .rsi = from->rsi,
                           .rdi = from->rdi,
                           .rax = from->rax,
                           .rip = from->rip,
                           .flags = from->rfl,
                           .rsp = from->ursp};
    asm("mov %%cs, %0" : "=r"(to->cs));
    asm("mov %%ss, %0" : "=r"(to->ss));
}

static bool inside(uint64_t rip, const char *start, const char *end)
{
    return rip >= (uint64_t)start && rip < (uint64_t)end;
}

/* Notes where the program's own code goes on if the thread is there, or will be
 * with the next few instructions.  False: the personality works for it. */
static bool signal_context(struct thread *thread,
                           const struct i386_thread_state *state)
{
    if (inside(state->rip, personality_exit, personality_exit_end)) {
        context_from_frame(&thread->context, thread->frame);
        return true;
    }
    if (inside(state->rip, personality_resume_test, personality_resume_end))
        return true;
    if (inside(state->rip, __ehdr_start, _end) ||
        state->rip >= PLATFORM_USER_CODE_LIMIT)
        return false;
    context_from_state(&thread->context, state);
    return true;
}

static kern_return_t thread_redirect(mach_port_t port, void *stack,
                                     uint64_t entry)
{
    struct i386_thread_state state = {
        .rip = entry, .ursp = (uint64_t)stack & ~15ul, .rfl = 0x202};

    return thread_set_state(port, i386_THREAD_STATE, (thread_state_t)&state,
                            i386_THREAD_STATE_COUNT);
}

/* True: it will look at its signals now. */
static bool signal_kick_once(struct thread *thread)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    bool done = true;

    if (thread_suspend(thread->port))
        return true;
    if (!thread_get_state(thread->port, i386_THREAD_STATE,
                          (thread_state_t)&state, &count)) {
        if (signal_context(thread, &state)) {
            thread_redirect(thread->port, thread, (uint64_t)personality_resume);
        } else if (thread->blocking) {
            thread_abort(thread->port);
            done = false;
        }
    }
    thread_resume(thread->port);
    return done;
}

/* A thread that is about to block cannot be told from one that does; so it is
 * looked at again until it has noticed. */
void signal_kick(struct thread *thread)
{
    for (int i = 0; i < KICK_TRIES; i++) {
        if (signal_kick_once(thread))
            return;
        for (int j = 0; j < 20; j++) {
            if (!thread->blocking || !thread->signal_pending)
                return;
            swtch();
        }
    }
}

/* --- requests ------------------------------------------------------------ */

static void request_reply(const struct request *request, kern_return_t result)
{
    struct {
        mach_msg_header_t header;
        mach_msg_type_t type;
        kern_return_t result;
    } reply = {
        .header = {.msgh_bits = MACH_MSGH_BITS(
                       MACH_MSGH_BITS_REMOTE(request->header.msgh_bits), 0),
                   .msgh_size = sizeof reply,
                   .msgh_remote_port = request->header.msgh_remote_port,
                   .msgh_id = request->header.msgh_id + REPLY},
        .type = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                 .msgt_size = 32,
                 .msgt_number = 1,
                 .msgt_inline = 1},
        .result = result};

    if (MACH_PORT_VALID(request->header.msgh_remote_port))
        mach_msg_trap(&reply.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
                      sizeof reply, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* Who may send what: our task port anything, the terminal's what keys do, the
 * session's a continue. */
static bool signal_is_allowed(int sig, mach_port_t reference)
{
    mach_port_t session;
    bool same;

    if (reference == mach_task_self())
        return true;
    switch (sig) {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGHUP:
    case SIGWINCH:
    case SIGTTIN:
    case SIGTTOU:
        return reference == unix_process.cttyid;
    case SIGCONT:
        if (proc_getsidport(unix_process.proc, &session))
            return false;
        same = session == reference;
        port_deallocate(session);
        return same;
    default:
        return false;
    }
}

/* Who ignores his children's end does not wait for them. */
static void children_forget(void)
{
    int status, sigcode;
    rusage_t rusage;
    pid_t pid;

    while (signal_forgets_children() &&
           !proc_wait(unix_process.proc, -1, HW_NOHANG, &status, &sigcode,
                      &rusage, &pid))
        ;
}

static void serve_sig_post(const struct request *request)
{
    mach_port_t reference = request->u.sig_post.reference;
    int sig = signal_to_linux(request->u.sig_post.signal);

    /* Number 0 only asks whether it would be allowed. */
    if (sig ? !signal_is_allowed(sig, reference)
            : reference != mach_task_self()) {
        request_reply(request, HURD_EPERM);
        port_deallocate(reference);
        return;
    }
    request_reply(request, 0);
    port_deallocate(reference);
    if (!sig)
        return;
    if (sig == SIGKILL)
        signal_die(sig);
    if (sig == SIGCONT)
        signal_continue();
    if (sig == SIGCHLD)
        children_forget();
    signal_post(sig, NULL,
                (struct signal_info){.code = sig == SIGCHLD
                                                 ? request->u.sig_post.code
                                                 : SI_USER});
}

static void serve_newids(const struct request *request)
{
    bool mine = request->u.newids.task == mach_task_self();

    port_deallocate(request->u.newids.task);
    if (mine)
        unix_process.pgrp_generation++;
    request_reply(request, mine ? 0 : HURD_EPERM);
}

/* --- exceptions ---------------------------------------------------------- */

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

static struct thread *thread_find(mach_port_t port)
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
    thread->signals.pending |= bit;
    signals.infos[sig] = info;
    thread->signal_pending = 1;
    lock_release(&signals.lock);
    return thread_redirect(thread->port, thread, (uint64_t)personality_resume);
}

static kern_return_t exception_own(const struct request *request)
{
    struct thread *thread = thread_find(request->u.exception.thread);
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    struct signal_info info = {0};
    int sig = exception_signal(request->u.exception.exception,
                               request->u.exception.code, &info.code);

    if (!thread ||
        thread_get_state(request->u.exception.thread, i386_THREAD_STATE,
                         (thread_state_t)&state, &count))
        signal_die(sig);
    if (!signal_context(thread, &state)) {
        /* A system call was given a bad address. */
        if (!thread->calling ||
            request->u.exception.exception != EXC_BAD_ACCESS)
            signal_die(sig);
        return thread_redirect(thread->port, thread->frame,
                               (uint64_t)personality_fault);
    }
    info.address = request->u.exception.exception == EXC_BAD_ACCESS
                       ? request->u.exception.subcode
                       : state.rip;
    return exception_post(thread, sig, info);
}

/* A child that has no port of its own yet, and no other business with us. */
static void exception_of_child(const struct request *request)
{
    mach_port_t task = request->u.exception.task, proc;
    int code;
    int sig = exception_signal(request->u.exception.exception,
                               request->u.exception.code, &code);

    if (!proc_task2proc(unix_process.proc, task, &proc)) {
        proc_mark_exit(proc, HW_EXITCODE(0, signal_to_hurd(sig)), 0);
        port_deallocate(proc);
    }
    task_terminate(task);
}

static void serve_exception(const struct request *request)
{
    kern_return_t kr = KERN_FAILURE;

    if (request->u.exception.task == mach_task_self())
        kr = exception_own(request);
    else
        exception_of_child(request);
    request_reply(request, kr);
    port_deallocate(request->u.exception.thread);
    port_deallocate(request->u.exception.task);
}

/* --- the thread ---------------------------------------------------------- */

static void serve(const struct request *request)
{
    switch (request->header.msgh_id) {
    case MSG_SIG_POST:
    case MSG_SIG_POST_UNTRACED:
        serve_sig_post(request);
        break;
    case MSG_PROC_NEWIDS:
        serve_newids(request);
        break;
    case EXCEPTION_RAISE:
        serve_exception(request);
        break;
    case POKE:
        break;
    default:
        request_reply(request, MIG_BAD_ID);
    }
}

static void signals_serve(void)
{
    struct request request;

    for (;;) {
        uint32_t ms = timer_next_ms();
        mach_msg_return_t mr = mach_msg_trap(
            &request.header, MACH_RCV_MSG | (ms ? MACH_RCV_TIMEOUT : 0), 0,
            sizeof request, signals.port, ms, MACH_PORT_NULL);
        timer_expire();
        if (!mr)
            serve(&request);
    }
}

void signals_poke(void)
{
    mach_msg_header_t poke = {.msgh_bits =
                                  MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0),
                              .msgh_size = sizeof poke,
                              .msgh_remote_port = signals.port,
                              .msgh_id = POKE};

    mach_msg_trap(&poke, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof poke, 0,
                  MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static bool signals_make_port(void)
{
    mach_port_t port = mach_reply_port(), old = MACH_PORT_NULL;

    if (!port || mach_port_insert_right(mach_task_self(), port, port,
                                        MACH_MSG_TYPE_MAKE_SEND))
        return false;
    signals.port = port;
    if (!serving_stack)
        serving_stack = pages_allocate(THREAD_STACK_SIZE);
    if (!serving_stack || thread_run_internal(signals_serve, serving_stack))
        return false;
    task_set_special_port(mach_task_self(), TASK_EXCEPTION_PORT, port);
    if (!proc_setmsgport(unix_process.proc, port, &old))
        port_deallocate(old);
    return true;
}

/* A program made with libhurd has a message port by other means, or none. */
static bool signals_are_wanted(void)
{
    return unix_process.proc && !(startup_info.have & HURD_STARTUP_TAKEN);
}

void signals_start(void)
{
    if (signals.started)
        return;
    lock_take(&signals.lock);
    bool mine = !signals.started;
    signals.started = true;
    lock_release(&signals.lock);
    if (mine && signals_are_wanted() && !signals_make_port())
        debug_print("personality: no message port\n");
}
