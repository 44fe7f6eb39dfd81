/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signals.h: Linux's signals over the Hurd's message port.
 *
 * A signal is posted to the process or to one thread, marked pending, and taken
 * by a thread of the program on its way out of a system call, or, if it runs
 * its own code, at once: it is made to go on at personality_resume, with its
 * registers in its context.  The personality's own code is never left half
 * done.
 *
 * Signals from outside, exceptions and timers are the business of one more
 * thread, which serves the message port.  It is made in a forked child at once,
 * in a program that was just started after its first few calls or when it waits
 * (signals_start), and in a child of vfork not before that either.  Until then
 * who sends a signal waits, and exceptions go to the parent's port, which ends
 * the child.
 *
 * Numbers and sets here are Linux's.
 */
#ifndef PERSONALITY_SIGNALS_H
#define PERSONALITY_SIGNALS_H

#include "personality/lock.h"
#include "personality/thread.h"

#include <mach/port.h>
#include <stdbool.h>
#include <stdint.h>

#define SIGNAL_COUNT        64
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(9) | SIGNAL_BIT(19)) /* KILL, STOP */
#define SIGNAL_BIT(sig)     (1ull << ((sig)-1))

/* As rt_sigaction has it. */
struct signal_action {
    uint64_t handler, flags, restorer, mask;
};

/* What comes with a signal: a sender and a value, or of a timer its number, how
 * often it went off unseen, and a value; or an address. */
struct signal_info {
    int code, pid;
    uint32_t uid;
    uint64_t value, address;
    int timer; /* its number + 1, or 0 */
};

struct signals {
    struct lock lock; /* guards all of it, and the threads' pending sets */
    struct signal_action actions[SIGNAL_COUNT + 1];
    struct signal_queue pending; /* for any thread */
    uint32_t stopped;            /* a futex */
    bool started;
    bool children_named; /* proc says which child it was */
    unsigned calls;      /* system calls before that */
    mach_port_t port;    /* receive right: the message port */
};
extern struct signals signals;

/* After so many system calls a process is taken for one that stays. */
#define SIGNALS_CALLS_MAX 8

/* Makes the thread if there is none yet. */
void signals_start(void);
static inline void signals_count_call(void)
{
    if (!signals.started && ++signals.calls > SIGNALS_CALLS_MAX)
        signals_start();
}
mach_port_t signals_port(void);
void signals_sync(void);
/* Somebody wants to know which child SIGCHLD comes from. */
void signals_name_children(void);
/* In a forked child. */
void signals_forked(void);
/* The wire's sets, as exec hands them over. */
void signals_from_exec(int mask, int ignored, int pending);
void signals_for_exec(int *mask, int *ignored, int *pending);
/* Those for which the wire has no number. */
void signals_from_exec_high(int mask, int ignored);
void signals_for_exec_high(int *mask, int *ignored);

/* Marks SIG pending for THREAD, or for the process if that is NULL, and sees
 * to it that somebody takes it.  Nothing if it is ignored.  -EAGAIN if it would
 * have to be queued and there is no room. */
long signal_post(int sig, struct thread *thread, struct signal_info info);
/* What the calling process puts into a signal that it sends. */
struct signal_info signal_info_own(int code);

/* --- signal_queue.c: the lock is held ------------------------------------- */

#define SIGNAL_REALTIME 32 /* from here on each one counts */

/* A signal below SIGNAL_REALTIME is pending once at most.  -EAGAIN. */
long signal_enqueue(struct signal_queue *queue, int sig,
                    const struct signal_info *info);
/* The next signal of those in ALLOWED, or 0. */
int signal_dequeue(struct signal_queue *queue, uint64_t allowed,
                   struct signal_info *info);
bool signal_queue_full(void);
void signal_discard(struct signal_queue *queue, uint64_t set);
/* Timer TIMER has gone off TIMES more; false if its signal is not pending. */
bool signal_overrun(struct signal_queue *queue, int timer, uint32_t times);
/* In a forked child: nothing is queued. */
void signal_queue_forked(void);
/* system.c: how many may be queued. */
unsigned limit_signals(void);
/* The same for the calling thread: what it did causes it. */
void signal_self(int sig);
/* The process used its terminal from the background: SIGTTIN or SIGTTOU for
 * its group.  False if it may not be stopped: the call fails with EIO. */
bool signal_background(int sig);
/* What is pending for THREAD, blocked or not. */
uint64_t signal_set(const struct thread *thread);
/* Whether a signal waits that THREAD may take now. */
bool signal_waits(const struct thread *thread);

/* What a signal does if nobody says otherwise. */
enum signal_default {
    SIGNAL_ENDS,
    SIGNAL_NOTHING,
    SIGNAL_STOPS,
    SIGNAL_CONTINUES
};
enum signal_default signal_default(int sig);
/* Whether children that end are forgotten at once. */
bool signal_forgets_children(void);
bool signal_is_ignored(int sig); /* the lock is held */
/* Sets the calling thread's mask; what that unblocks is taken on the way
 * out. */
void signal_set_mask(uint64_t mask);
/* The calling thread's mask is MASK for now.  The old one comes back with
 * signal_restore_mask: at once, or LATER, when a handler has run. */
void signal_suspend_mask(uint64_t mask);
void signal_restore_mask(bool later);
/* Suspends the process; returns when it goes on. */
void signal_stop(int sig);
/* The other way; by the message thread. */
void signal_continue(void);
/* Ends the process as SIG does. */
_Noreturn void signal_die(int sig);

/* entry.S */
void signal_at_exit(struct frame *frame);
void signal_deliver(void);

/* Makes THREAD look at its pending signals, wherever it is. */
void signal_kick(struct thread *thread);
struct i386_thread_state;
/* Notes in THREAD's context where the program's own code goes on, if the thread
 * with the registers STATE is there, or will be with the next few instructions.
 * False: the personality works for it. */
bool signal_context(struct thread *thread,
                    const struct i386_thread_state *state);
/* Makes a suspended thread go on at ENTRY, below STACK. */
kern_return_t thread_redirect(mach_port_t port, void *stack, uint64_t entry);

/* exception.c: an exception message; rights are borrowed.  The result is the
 * answer to the kernel. */
struct exception {
    mach_port_t thread, task;
    int kind, code;
    uint64_t subcode;
};
kern_return_t exception_take(const struct exception *raised);

/* For the message thread: ms until the next timer, or 0 for none. */
uint32_t timer_next_ms(void);
void timer_expire(void);
void timer_forked(void);
/* Timer TIMER - 1's signal has been taken, which had come OVERRUN times more. */
void timer_taken(int timer, uint32_t overrun);
/* The alarm goes on in the next program. */
void timer_for_exec(int64_t *left_ns, int64_t *interval_ns);
void timer_from_exec(int64_t left_ns, int64_t interval_ns);
/* signal_send.c: the thread TID of this process, or NULL. */
struct thread *signal_thread(int tid);
/* Makes the message thread look at the timers again. */
void signals_poke(void);

/* threads.c: runs FUNCTION, which never returns, in a thread that is not the
 * program's, on a STACK of THREAD_STACK_SIZE. */
long thread_run_internal(void (*function)(void), void *stack);

#endif
