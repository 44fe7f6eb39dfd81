/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/thread.h: threads, and how they wait.
 *
 * The kernel has no stack per thread.  A thread is always in one place:
 *   THREAD_USER     it runs in user mode, the kernel does not hold it;
 *   THREAD_KERNEL   the kernel holds it and is working for it in this entry;
 *   THREAD_WAITING  the kernel holds it, it waits for an event (wait_*);
 *   THREAD_HELD     the kernel holds it at the user boundary: it would run if
 *                   it and its task were not suspended;
 *   THREAD_DEAD     terminated; only references keep the struct.
 *
 * To wait, an operation in progress for THREAD calls thread_block with what to
 * do afterwards and how to leave the queue it put the thread on, and returns.
 * Whoever makes the event happen calls thread_wakeup with a result; DONE is
 * then called from the kernel loop, never from inside thread_wakeup.  Exactly
 * one thread_wakeup ends a wait: a timeout or an abort first calls CANCEL,
 * which must take the thread off its queue, and then wakes it with
 * KERN_TIMEDOUT, KERN_ABORTED or (termination) KERN_TERMINATED; after
 * KERN_TERMINATED, DONE is called and must only clean up what the wait held.
 */
#ifndef TASK_THREAD_H
#define TASK_THREAD_H

#include "core/core.h"
#include "core/list.h"
#include "core/timer.h"
#include "task/task.h"
#include "vm/fault.h"

struct ipc_port;
struct ipc_kmsg;

enum thread_state {
    THREAD_USER,
    THREAD_KERNEL,
    THREAD_WAITING,
    THREAD_HELD,
    THREAD_DEAD,
};

typedef void (*thread_done_t)(struct thread *thread, kern_return_t result);
typedef void (*thread_cancel_t)(struct thread *thread);

struct thread {
    unsigned references;
    enum thread_state state;
    struct task *task;                /* a reference */
    struct list task_link;            /* task.threads */
    struct platform_thread *platform; /* owned; NULL once dead, or idle */
    struct ipc_port *self;            /* kernel object port */
    struct ipc_port *sself;           /* send right: THREAD_KERNEL_PORT */
    struct ipc_port *exception;       /* send right or null */

    unsigned suspend_count;   /* its own; the task's adds to it */
    bool has_state;           /* its registers have been set: it can run */
    bool stop_requested;      /* platform_thread_stop is under way */
    bool in_trap;             /* the current kernel visit is a trap */
    struct list stop_waiters; /* of struct thread_stop_waiter */

    /* The trap being worked on; valid while in_trap. */
    int64_t trap_number;
    uint64_t trap_args[6];

    /* The wait; valid in THREAD_WAITING and until DONE is called. */
    bool wait_interruptible;
    thread_done_t wait_done;
    thread_cancel_t wait_cancel;
    kern_return_t wait_result;
    struct timer wait_timer;
    struct list wait_link;  /* for the queue the thread waits on */
    struct list ready_link; /* woken, DONE not yet called */
    void *wait_object;      /* for the owner of the queue */

    /* Waiting for pages on its own behalf (see thread_fault_wait). */
    struct vm_fault_wait fault_wait;
    thread_done_t fault_retry;

    /* The mach_msg in progress: see ipc/mach_msg.c. */
    struct {
        struct ipc_kmsg *kmsg; /* in flight to or from this thread */
        uint32_t options, send_size, receive_size, timeout_ms;
        uint64_t user_buffer;
        mach_port_name_t receive_name, notify;
        int sent_id;         /* of the last message to another task */
        uint32_t put_size;   /* what is being copied to the user */
        uint32_t large_size; /* of the message that did not fit */
        kern_return_t state; /* the result, as far as it is known */
    } ith;

    int priority, max_priority, policy;
    struct task_usage used; /* of the processor, as it was last shown */
    struct {
        uint64_t at_ns, had_ns; /* when it was last looked at, monotonic */
        integer_t usage;        /* since the time before, of TH_USAGE_SCALE */
    } recent;
    uint64_t wait_since_ns; /* monotonic */
    uint64_t creation_time_ns;
    char name[TASK_NAME_SIZE];
    uint64_t id; /* for the trace; never reused */
};

/* The thread whose entry is being served, or NULL (disk, timer, boot). */
extern struct thread *current_thread;
/* How many are in user mode. */
extern unsigned threads_running;
#define current_task() (current_thread->task)

/* Makes a thread in TASK, suspended once; one reference for the caller. */
kern_return_t thread_create_internal(struct task *task,
                                     struct thread **thread_out);
/* The thread that has what nobody else has of the processor: the kernel task's.
 * It never runs, and cannot be ended. */
struct thread *thread_create_idle(void);
void thread_reference(struct thread *thread);
void thread_deallocate(struct thread *thread);
void thread_terminate_internal(struct thread *thread);

/* Parks THREAD (THREAD_KERNEL) until thread_wakeup.  See above. */
void thread_block(struct thread *thread, bool interruptible, thread_done_t done,
                  thread_cancel_t cancel);
/* The same, giving up after TIMEOUT_MS with KERN_TIMEDOUT. */
void thread_block_timeout(struct thread *thread, uint32_t timeout_ms,
                          thread_done_t done, thread_cancel_t cancel);
/* Ends THREAD's wait; the caller has taken it off its queue. */
void thread_wakeup(struct thread *thread, kern_return_t result);

/* Ends the kernel's work for THREAD (THREAD_KERNEL): it returns to user mode,
 * from a trap with VALUE, or waits there while suspended.  RESUME is for
 * exceptions and faults: the registers are as they are. */
void thread_return(struct thread *thread, uint64_t value);
void thread_resume_user(struct thread *thread);

/* Waiting for pages on the thread's own behalf:
 *     kr = copyin(map, ..., thread_fault_wait(thread, retry));
 *     if (kr == KERN_WAITING)
 *         return;
 * The kernel loop parks the thread then; RETRY is called with KERN_SUCCESS when
 * it is worth trying again from the beginning, else with the error that the
 * access has (KERN_ABORTED and KERN_TERMINATED as for thread_block). */
struct vm_fault_wait *thread_fault_wait(struct thread *thread,
                                        thread_done_t retry);
/* The kernel loop's part: parks THREAD if it left a fault to wait for. */
void thread_park_fault(struct thread *thread);

/* The platform handed THREAD over: THREAD_USER becomes THREAD_KERNEL. */
void thread_entered(struct thread *thread);

/* Argument INDEX (7 and up) of the thread's trap, from its stack. */
kern_return_t trap_stack_argument(struct thread *thread, unsigned index,
                                  uint64_t *value_out);
/* Where it stands. */
vm_offset_t trap_stack_address(struct thread *thread, unsigned index);

/* Suspension; never blocks: see thread_when_stopped. */
void thread_hold(struct thread *thread);
void thread_release(struct thread *thread);
bool thread_runnable(const struct thread *thread);
/* Lets a held thread run if nothing suspends it any longer. */
void thread_try_run(struct thread *thread);
/* Asks it to come in if it is in user mode. */
void thread_request_stop(struct thread *thread);

/* Calls DONE when THREAD is held by the kernel (now, if it is already): its
 * registers can then be read and written while it stays suspended.  RESULT is
 * KERN_SUCCESS or KERN_TERMINATED. */
struct thread_stop_waiter {
    struct list link;
    void (*done)(struct thread_stop_waiter *, kern_return_t);
};
void thread_when_stopped(struct thread *thread,
                         struct thread_stop_waiter *waiter,
                         void (*done)(struct thread_stop_waiter *,
                                      kern_return_t));

/* Breaks an interruptible wait. */
void thread_abort_internal(struct thread *thread);

/* Calls DONE of every woken thread; the end of each kernel entry. */
void thread_run_ready(void);
void thread_module_init(void);

#endif
