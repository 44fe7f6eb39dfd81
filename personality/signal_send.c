/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_send.c: signals to others, and to oneself. */
#include "personality/convert.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/rpc.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/hurd_types.h"
#include "hurd/msg.h"
#include "hurd/process.h"
#include "hurd/sigqueue.h"
#include "hurd/signal.h"

#include <signal.h>

#define TRIES_MAX 8

#define MSG_SIG_POST     23000
#define KILL_PATIENCE_MS 300
#define PI_NOMSG         0x10 /* in proc_getprocinfo's first word */
#define PORT_PATIENCE_MS 3000
#define PORT_TICK_MS     10

/* Waits for TASK to die, at most for MS. */
static void task_wait_dead(mach_port_t task, int64_t ms)
{
    struct {
        mach_msg_header_t header;
        char room[64];
    } notice;
    mach_port_t port = mach_reply_port(), old;

    if (!mach_port_request_notification(mach_task_self(), task,
                                        MACH_NOTIFY_DEAD_NAME, 1, port,
                                        MACH_MSG_TYPE_MAKE_SEND_ONCE, &old)) {
        if (!mach_receive(&notice.header, sizeof notice, port, ms))
            port_deallocate(task); /* the notification's reference */
    }
    port_destroy_receive(port);
}

/* Whether PID has a message port by now. */
static kern_return_t message_port_is_set(pid_t pid, bool *set)
{
    int room[64], *info = room, flags = 0;
    mach_msg_type_number_t count = 64, waits_size = 0;
    data_t waits = NULL;
    kern_return_t kr = proc_getprocinfo(unix_process.proc, pid, &flags, &info,
                                        &count, &waits, &waits_size);

    if (kr)
        return kr;
    *set = !(info[0] & PI_NOMSG);
    if (info != room)
        pages_free(info, count * sizeof *info);
    if (waits_size)
        pages_free(waits, waits_size);
    return 0;
}

static void pause_ms(int64_t ms)
{
    mach_msg_header_t none;
    mach_port_t port = mach_reply_port();

    mach_receive(&none, sizeof none, port, ms);
    port_destroy_receive(port);
}

/* PID's message port.  proc's own answer would wait until it has one, which a
 * program that begins has soon, and another may never have. */
static kern_return_t message_port(pid_t pid, int64_t patience_ms,
                                  mach_port_t *port)
{
    bool set = false;
    kern_return_t kr;

    while (!(kr = message_port_is_set(pid, &set)) && !set) {
        if (patience_ms <= 0)
            return MACH_SEND_INVALID_DEST;
        pause_ms(PORT_TICK_MS);
        patience_ms -= PORT_TICK_MS;
    }
    return kr ? kr
              : INTERRUPTIBLE(proc_getmsgport(unix_process.proc, pid, port));
}

/* msg_sig_post without an answer, and without waiting: its queue may be full. */
static mach_msg_return_t kill_ask(mach_port_t port, mach_port_t task)
{
    static const mach_msg_type_t word = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                                         .msgt_size = 32,
                                         .msgt_number = 1,
                                         .msgt_inline = 1};
    struct {
        mach_msg_header_t header;
        mach_msg_type_t signal_type;
        int signal;
        mach_msg_type_t code_type;
        int code;
        mach_msg_type_t reference_type;
        mach_port_name_inlined_t reference;
    } ask = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) |
                                MACH_MSGH_BITS_COMPLEX,
                   .msgh_size = sizeof ask,
                   .msgh_remote_port = port,
                   .msgh_id = MSG_SIG_POST},
        .signal_type = word,
        .signal = HSIGKILL,
        .code_type = word,
        .reference_type = {.msgt_name = MACH_MSG_TYPE_COPY_SEND,
                           .msgt_size = 64,
                           .msgt_number = 1,
                           .msgt_inline = 1},
        .reference = {.name = task}};

    return mach_msg_trap(&ask.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
                         sizeof ask, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* It is asked first, so that it leaves what it shares in order (robust.h): a
 * well-made process has ended in no time, the others are ended. */
static kern_return_t signal_send_kill(pid_t pid, mach_port_t task)
{
    mach_port_t port;

    if (!message_port(pid, 0, &port)) {
        if (!kill_ask(port, task))
            task_wait_dead(task, KILL_PATIENCE_MS);
        port_deallocate(port);
    }
    task_terminate(task);
    return 0;
}

/* Who does not know our own way of telling is told as the Hurd does, if that has
 * a number for it. */
static kern_return_t signal_tell(mach_port_t port, mach_port_t task, int sig,
                                 const struct signal_info *info)
{
    kern_return_t kr = INTERRUPTIBLE(
        sigqueue_post(port, sig, info->code, info->pid, (int)info->uid,
                      (int)info->value, (int)(info->value >> 32), task));

    if (kr != MIG_BAD_ID)
        return kr;
    if (sig && !signal_to_hurd(sig))
        return HURD_EINVAL;
    return INTERRUPTIBLE(msg_sig_post(port, signal_to_hurd(sig), 0, task));
}

/* Another process's message port takes it on the strength of its task port,
 * which proc gives to its owner. */
static kern_return_t signal_send(pid_t pid, int sig,
                                 const struct signal_info *info)
{
    mach_port_t task, port;
    kern_return_t kr = proc_pid2task(unix_process.proc, pid, &task);

    if (kr)
        return kr;
    if (sig == SIGKILL) {
        kr = signal_send_kill(pid, task);
    } else if (sig) {
        unsigned tries = 0;
        /* One that runs another program meanwhile has another port. */
        do {
            kr = message_port(pid, tries ? 0 : PORT_PATIENCE_MS, &port);
            if (!kr) {
                kr = signal_tell(port, task, sig, info);
                port_deallocate(port);
            }
        } while ((kr == MIG_SERVER_DIED || kr == MACH_SEND_INVALID_DEST) &&
                 ++tries < TRIES_MAX);
    }
    port_deallocate(task);
    /* It ended meanwhile. */
    return kr == MACH_SEND_INVALID_DEST || kr == MIG_SERVER_DIED ? 0 : kr;
}

static long signal_send_self(int sig, const struct signal_info *info)
{
    if (!sig)
        return 0;
    if (sig == SIGKILL)
        signal_die(sig);
    return signal_post(sig, NULL, *info);
}

/* The sender itself comes last: it may not live to send the others. */
static long signal_send_list(const pid_t *pids, unsigned count, int sig,
                             bool spare_self)
{
    struct signal_info info = signal_info_own(SI_USER);
    kern_return_t error = HURD_ESRCH;
    bool self = false, sent = false;

    for (unsigned i = 0; i < count; i++) {
        if (pids[i] == process_pid()) {
            self = !spare_self;
            continue;
        }
        if (spare_self && pids[i] <= HURD_PID_PROC)
            continue;
        kern_return_t kr = signal_send(pids[i], sig, &info);
        if (kr)
            error = kr;
        else
            sent = true;
    }
    if (self)
        signal_send_self(sig, &info);
    return self || sent ? 0 : linux_error(error);
}

static long signal_send_group(pid_t pgrp, int sig)
{
    pid_t room[64], *pids = room;
    mach_msg_type_number_t count = 64;
    kern_return_t kr =
        pgrp ? proc_getpgrppids(unix_process.proc, pgrp, &pids, &count)
             : proc_getallpids(unix_process.proc, &pids, &count);

    if (kr)
        return linux_error(kr);
    long result = signal_send_list(pids, count, sig, !pgrp);
    if (pids != room)
        pages_free(pids, count * sizeof *pids);
    return result;
}

static long process_signal(int pid, int sig, const struct signal_info *info)
{
    return pid == process_pid() ? signal_send_self(sig, info)
                                : linux_error(signal_send(pid, sig, info));
}

long process_kill(int pid, int sig)
{
    pid_t pgrp;

    if (sig < 0 || sig > SIGNAL_COUNT) {
        /* Whom it is for is asked first. */
        long error = pid > 0 ? process_kill(pid, 0) : 0;
        return error ? error : -EINVAL;
    }
    if (pid > 0) {
        struct signal_info info = signal_info_own(SI_USER);
        return process_signal(pid, sig, &info);
    }
    if (pid == INT32_MIN)
        return -ESRCH;
    if (pid < -1)
        return signal_send_group(-pid, sig);
    if (pid == -1)
        return signal_send_group(0, sig);
    kern_return_t kr = proc_getpgrp(unix_process.proc, process_pid(), &pgrp);
    return kr ? linux_error(kr) : signal_send_group(pgrp, sig);
}

long sys_kill(struct frame *frame)
{
    return process_kill((int)ARG1(frame), (int)ARG2(frame));
}

/* --- to one thread --------------------------------------------------------- */

struct thread *signal_thread(int tid)
{
    struct thread *thread = NULL;

    lock_take(&threads_lock);
    for (struct thread *t = threads; t && !thread; t = t->next) {
        if (thread_tid(t) == tid)
            thread = t;
    }
    lock_release(&threads_lock);
    return thread;
}

/* Of other processes only the first thread can be told. */
static long thread_signal(int tid, int sig, const struct signal_info *info)
{
    struct thread *thread = signal_thread(tid);

    if (sig < 0 || sig > SIGNAL_COUNT)
        return -EINVAL;
    if (!thread)
        return tid < TID_BASE ? process_signal(tid, sig, info) : -ESRCH;
    if (sig == SIGKILL)
        signal_die(sig);
    return sig ? signal_post(sig, thread, *info) : 0;
}

/* Whether process PID could have the thread TID. */
static bool thread_may_be_of(int tid, int pid)
{
    return pid == process_pid() ? signal_thread(tid) != NULL : pid == tid;
}

long sys_tkill(struct frame *frame)
{
    struct signal_info info = signal_info_own(SI_TKILL);

    if ((int)ARG1(frame) <= 0)
        return -EINVAL;
    return thread_signal((int)ARG1(frame), (int)ARG2(frame), &info);
}

long sys_tgkill(struct frame *frame)
{
    int pid = (int)ARG1(frame), tid = (int)ARG2(frame);
    struct signal_info info = signal_info_own(SI_TKILL);

    if (pid <= 0 || tid <= 0)
        return -EINVAL;
    if (!thread_may_be_of(tid, pid))
        return -ESRCH;
    return thread_signal(tid, (int)ARG3(frame), &info);
}

/* --- with a value ----------------------------------------------------------- */

/* Nobody but the kernel says that he is the kernel, or somebody else. */
static long info_from(const siginfo_t *from, int pid, struct signal_info *info)
{
    *info = (struct signal_info){
        .code = from->si_code, .pid = from->si_pid, .uid = from->si_uid};
    memcpy(&info->value, &from->si_value, sizeof info->value);
    if ((info->code >= 0 || info->code == SI_TKILL) && pid != process_pid())
        return -EPERM;
    return 0;
}

long sys_rt_sigqueueinfo(struct frame *frame)
{
    int pid = (int)ARG1(frame), sig = (int)ARG2(frame);
    struct signal_info info;
    long error = info_from((const siginfo_t *)ARG3(frame), pid, &info);

    if (error)
        return error;
    if (sig < 0 || sig > SIGNAL_COUNT)
        return -EINVAL;
    return pid > 0 ? process_signal(pid, sig, &info) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(struct frame *frame)
{
    int pid = (int)ARG1(frame), tid = (int)ARG2(frame);
    struct signal_info info;
    long error = info_from((const siginfo_t *)ARG4(frame), pid, &info);

    if (pid <= 0 || tid <= 0)
        return -EINVAL;
    if (error)
        return error;
    if (!thread_may_be_of(tid, pid))
        return -ESRCH;
    return thread_signal(tid, (int)ARG3(frame), &info);
}
