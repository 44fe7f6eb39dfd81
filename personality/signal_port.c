/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_port.c: the thread that serves the message port. */
#include "personality/convert.h"
#include "personality/init_ports.h"
#include "personality/mach.h"
#include <lib/mach/mig_support.h>
#include "personality/process.h"
#include "personality/received.h"
#include "personality/signals.h"
#include "personality/start.h"
#include "personality/syscalls.h"
#include "personality/unix.h"
#include "personality/vfork.h"

#include "hurd/claims.h"
#include "hurd/errors.h"
#include "hurd/process.h"
#include "hurd/signal.h"

#include <mach/task_special_ports.h>
#include <signal.h>
#include <sys/wait.h>

#define MSG_SIG_POST          23000
#define MSG_PROC_NEWIDS       23001
#define MSG_SIG_POST_UNTRACED 23022
#define SIGQUEUE_POST         24600
#define SIGQUEUE_CHILD        24601
#define EXCEPTION_RAISE       2400
#define POKE                  1
#define SYNC                  2
#define REPLY                 100

/* Requests as MIG lays them out. */
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
            struct {
                mach_msg_type_t type;
                int value, pad;
            } items[6]; /* signal, code, pid, uid, low, high */
            mach_msg_type_t reference_type;
            mach_port_t reference;
        } sigqueue;
        struct {
            struct {
                mach_msg_type_t type;
                int value, pad;
            } items[4]; /* code, pid, uid, status */
            mach_msg_type_t reference_type;
            mach_port_t reference;
        } child;
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

void *signals_stack(void)
{
    return serving_stack;
}

mach_port_t signals_port(void)
{
    return signals.port;
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

static int child_status(int status)
{
    return WIFEXITED(status)    ? WEXITSTATUS(status)
           : WIFSTOPPED(status) ? WSTOPSIG(status)
           : status == 0xffff   ? SIGCONT
                                : WTERMSIG(status);
}

static void signal_take_in(int sig, struct signal_info info)
{
    if (sig == SIGKILL)
        signal_die(sig);
    if (sig == SIGCONT)
        signal_continue();
    if (sig == SIGCHLD)
        children_forget();
    signal_post(sig, NULL, info);
}

/* The queue has to have room before the answer can be given, so the answer comes
 * last, but for a signal that might end us first. */
static void serve_sigqueue(const struct request *request)
{
    mach_port_t reference = request->u.sigqueue.reference;
    int value[6], sig;

    for (int i = 0; i < 6; i++)
        value[i] = request->u.sigqueue.items[i].value;
    sig = value[0];
    port_deallocate(reference);
    if (reference != mach_task_self() || sig < 0 || sig > SIGNAL_COUNT) {
        request_reply(request,
                      reference == mach_task_self() ? HURD_EINVAL : HURD_EPERM);
        return;
    }
    struct signal_info info = {.code = value[1],
                               .pid = value[2],
                               .uid = (uint32_t)value[3],
                               .value = (uint32_t)value[4] |
                                        (uint64_t)(uint32_t)value[5] << 32};
    if (sig >= SIGNAL_REALTIME && info.code != SI_USER && signal_queue_full()) {
        request_reply(request, HURD_EAGAIN);
        return;
    }
    request_reply(request, 0);
    if (sig)
        signal_take_in(sig, info);
}

static void serve_child(const struct request *request)
{
    mach_port_t reference = request->u.child.reference;
    int value[4], status;

    for (int i = 0; i < 4; i++)
        value[i] = request->u.child.items[i].value;
    port_deallocate(reference);
    if (reference != mach_task_self())
        return;
    status = wait_status_to_linux(value[3]);
    signal_take_in(
        SIGCHLD, (struct signal_info){.code = value[0],
                                      .pid = value[1],
                                      .uid = (uint32_t)value[2],
                                      .value = (uint32_t)child_status(status)});
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
    /* What is sent without our own message comes from proc or a terminal, or
     * from one who says nothing of himself. */
    signal_take_in(sig,
                   (struct signal_info){
                       .code = sig == SIGCHLD ? request->u.sig_post.code
                               : reference == mach_task_self() ? SI_USER
                                                               : SI_KERNEL});
}

static void serve_newids(const struct request *request)
{
    bool mine = request->u.newids.task == mach_task_self();

    port_deallocate(request->u.newids.task);
    if (mine)
        unix_process.pgrp_generation++;
    request_reply(request, mine ? 0 : HURD_EPERM);
}

static void serve_exception(const struct request *request)
{
    struct exception exception = {.thread = request->u.exception.thread,
                                  .task = request->u.exception.task,
                                  .kind = request->u.exception.exception,
                                  .code = request->u.exception.code,
                                  .subcode = request->u.exception.subcode};

    request_reply(request, exception_take(&exception));
    port_deallocate(exception.thread);
    port_deallocate(exception.task);
}

/* --- the thread ---------------------------------------------------------- */

#define LAYOUT(member) sizeof request->header + sizeof request->u.member

/* Whether the rights that such a request has are there. */
static bool is_sound(const struct request *request)
{
    const mach_msg_header_t *header = &request->header;

    switch (header->msgh_id) {
    case MSG_SIG_POST:
    case MSG_SIG_POST_UNTRACED:
        return received_rights(
            header, LAYOUT(sig_post),
            (const mach_msg_type_t *[]){&request->u.sig_post.reference_type},
            1);
    case SIGQUEUE_POST:
        return received_rights(
            header, LAYOUT(sigqueue),
            (const mach_msg_type_t *[]){&request->u.sigqueue.reference_type},
            1);
    case SIGQUEUE_CHILD:
        return received_rights(
            header, LAYOUT(child),
            (const mach_msg_type_t *[]){&request->u.child.reference_type}, 1);
    case MSG_PROC_NEWIDS:
        return received_rights(
            header, LAYOUT(newids),
            (const mach_msg_type_t *[]){&request->u.newids.task_type}, 1);
    case EXCEPTION_RAISE:
        return received_rights(
            header, LAYOUT(exception),
            (const mach_msg_type_t *[]){&request->u.exception.thread_type,
                                        &request->u.exception.task_type},
            2);
    default:
        return true;
    }
}

static void serve_other(const struct request *request)
{
    if (!init_ports_are_asked(&request->header)) {
        received_drop(&request->header);
        request_reply(request, MIG_BAD_ID);
        return;
    }
    kern_return_t kr = init_ports_serve(&request->header);
    if (kr)
        request_reply(request, kr);
}

static void serve(const struct request *request)
{
    if (!is_sound(request)) {
        received_drop(&request->header);
        request_reply(request, MIG_BAD_ARGUMENTS);
        return;
    }
    switch (request->header.msgh_id) {
    case MSG_SIG_POST:
    case MSG_SIG_POST_UNTRACED:
        serve_sig_post(request);
        break;
    case SIGQUEUE_CHILD:
        serve_child(request);
        break;
    case SYNC:
        received_drop(&request->header);
        request_reply(request, 0);
        break;
    case SIGQUEUE_POST:
        serve_sigqueue(request);
        break;
    case MSG_PROC_NEWIDS:
        serve_newids(request);
        break;
    case EXCEPTION_RAISE:
        serve_exception(request);
        break;
    case POKE:
        received_drop(&request->header);
        break;
    default:
        serve_other(request);
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

/* What had come before is pending when this returns, as a child's end before
 * the answer of who waited for it. */
void signals_sync(void)
{
    struct {
        mach_msg_header_t header;
        char room[64];
    } sync = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND,
                                               MACH_MSG_TYPE_MAKE_SEND_ONCE),
                   .msgh_size = sizeof sync.header,
                   .msgh_remote_port = signals.port,
                   .msgh_local_port = mig_get_reply_port(),
                   .msgh_id = SYNC}};

    if (signals.port)
        mach_msg(&sync.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof sync.header,
                 sizeof sync, sync.header.msgh_local_port, 0, MACH_PORT_NULL);
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
    if (signals.children_named)
        claims_name_children(unix_process.proc);
    return true;
}

void signals_start(void)
{
    if (signals.started)
        return;
    lock_take(&signals.lock);
    bool mine = !signals.started;
    signals.started = true;
    lock_release(&signals.lock);
    if (mine && unix_process.proc && !signals_make_port())
        debug_print("personality: no message port\n");
}
