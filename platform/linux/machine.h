/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/linux/machine.h: the state that the files of this folder share.
 *
 * Everything but the disks' worker runs in the one thread that makes the tasks'
 * processes (their life is tied to that thread's) and runs the kernel.
 */
#ifndef PLATFORM_LINUX_MACHINE_H
#define PLATFORM_LINUX_MACHINE_H

#include "platform/linux/linux.h"
#include "platform/linux/ranges.h"
#include "platform/linux/x86_64/abi.h"
#include "platform/platform.h"
#include <sched.h>
#include <sys/types.h>

/* How long a task may take to do what it must (its agent to empty the ring, a
 * thread to come in) before it is ended. */
#define PATIENCE_NS 5000000000ull

struct platform_thread {
    struct platform_task *task;
    void *cookie;
    struct stub_control *control; /* the slot, here */
    uint64_t slot;                /* the slot, there */
    uint64_t stop_deadline;       /* for a stop or an end; 0: none asked */
    uint32_t sequence;            /* of the last post taken */
    uint32_t woken_at;            /* commands written when it was let go */
    bool started;                 /* the agent was told to clone it */
    bool held;
    bool ending;     /* destroyed: its next post is answered with an end */
    bool fast;       /* held in the fast entry, not in a signal frame */
    bool has_frame;  /* ucontext below is good */
    bool regs_known; /* REGS is what the thread has or is to have */
    bool regs_dirty; /* REGS must still be given to the thread */
    struct stub_ucontext *frame; /* in the slot; checked to be inside */
    struct platform_regs regs;
    uint64_t result; /* of the last fast trap */
    /* In machine.running or .background while not held, for the search for
     * posts. */
    struct platform_thread *run_next, **run_link;
    struct platform_thread *task_next, **task_link;
};

/* A thread of the host's that was told to end goes on at its task's pleasure:
 * its slot is used again only when the host says that it is gone, and a task in
 * which that takes too long is ended. */
struct slot {
    struct stub_control *control; /* here */
    bool used;                    /* by a thread that was not told to end */
    uint32_t tid;                 /* the host's thread; 0: none, or not known */
    uint64_t end_deadline;        /* it was told to end; 0: it was not */
};

struct platform_task {
    void *cookie;
    pid_t pid;
    int pidfd, completion;
    int memory;     /* the process's own descriptor of the memory */
    bool dead;      /* ended behind the kernel's back, or about to be */
    bool told;      /* kernel_task_died was called */
    char why[96];   /* it died */
    bool reaped;    /* the process is gone */
    bool destroyed; /* by the kernel: only waits to be reaped */
    bool has_threads;
    bool background;             /* comes after others */
    struct stub_task_area *area; /* here */
    uint32_t produced;           /* commands written */
    uint32_t published;          /* commands the agent can see */
    uint32_t acknowledged;       /* commands known to be done */
    uint32_t ack_promised;       /* commands covered by the acks written */
    uint32_t seen;               /* commands that a thread's post shows done */
    bool kick;                   /* in machine.kicks */
    struct platform_task *kick_next;
    struct ranges mapped;
    struct platform_thread *threads;
    struct slot *cloning; /* the agent has not told its tid yet */
    struct slot *slots;   /* by number */
    uint32_t slot_count, slot_room;
    struct platform_task *next, **link; /* machine.tasks */
};

struct machine {
    const struct linux_options *options;
    /* Memory: one file; the tasks' areas and slots stand behind physical
     * memory in blocks of STUB_SLOT_SIZE. */
    int memory_fd;
    uint8_t *base;
    /* The same again, for disks' threads alone (disk_abandon.c). */
    uint8_t *disk_base;
    uint64_t memory_size;
    uint64_t file_size;
    uint64_t blocks_used; /* offset of the first block never used */
    uint64_t *free_blocks;
    size_t free_block_count, free_block_room;
    struct stub_host_page *host;
    uint64_t host_offset;

    int stub_fd;
    int doorbell;
    int epoll;
    int timer;
    int signals;
    uint64_t timer_wanted, timer_armed;
    unsigned stops;       /* threads with a stop_deadline */
    unsigned ends;        /* slots with an end_deadline */
    uint64_t stop_check;  /* when to look at them */
    bool one_cpu;         /* everything runs on one processor, but the disks */
    cpu_set_t processors; /* that we may use */

    struct platform_limits limits;
    uint64_t host_threads; /* of the tasks, agents among them */
    struct platform_task *tasks;
    struct platform_task *kicks;
    /* Threads that are not held: those of tasks in the background apart.  The
     * NEXT of each keeps a search valid. */
    struct platform_thread *running, *scan_next;
    struct platform_thread *background, *background_next;
    bool deaths;      /* some task is dead and not told */
    bool work_wanted; /* kernel_work is to be called */

    bool ended;
    int status;
    uint64_t force_at; /* when an asked-for end becomes a forced one */
    int force_status;
    int end_signal; /* that asked for the end, or 0 */
};

extern struct machine machine;

/* What epoll's events carry: one of these, or a task's address. */
enum machine_source {
    SOURCE_DOORBELL = 1,
    SOURCE_TIMER,
    SOURCE_SIGNALS,
    SOURCE_CONSOLE_IN,
    SOURCE_CONSOLE_OUT,
    SOURCE_DISKS,
    SOURCE_LAST
};

/* Has the loop call the source's handler when FD is readable (or writable).
 * Returns 0 or a negative errno. */
int machine_watch(int fd, uint64_t source, uint32_t events);

/* Says on standard error why the machine can't be made; returns -1. */
int machine_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Restores the terminal if this process crashes. */
void machine_guard_crashes(void);

/* Asks the kernel for an orderly end; if it has not come after a while, or is
 * asked for again, the machine ends with STATUS. */
void machine_ask_end(int status);

/* --- memory.c --- */
int memory_open(uint64_t size_bytes);
void memory_close(void);
/* A zeroed block of STUB_SLOT_SIZE bytes outside physical memory; its address
 * here, or NULL. */
void *memory_block_alloc(void);
/* No task may have it mapped any more. */
void memory_block_free(void *block);
/* How many blocks there are for tasks and threads. */
uint64_t machine_blocks_max(void);
static inline uint64_t memory_offset(const void *address)
{
    return (uint64_t)((const uint8_t *)address - machine.base);
}

/* --- limits.c --- */
/* Fills machine.limits. */
void limits_find(void);

/* --- spawn.c --- */
int spawn_open(void);
void spawn_close(void);
/* Makes the process of TASK, whose area exists: fills pid, pidfd, completion,
 * memory.
 * Returns 0 or a negative errno. */
int spawn_task(struct platform_task *task);
/* Whether Linux would make one more thread now.  Not asked while we are far from
 * every limit that is known. */
bool spawn_has_room(void);

/* --- task.c --- */
/* Appends a command; may wait for room. */
void task_command(struct platform_task *task, uint32_t op, uint32_t flags,
                  uint64_t address, uint64_t size_bytes, uint64_t offset);
/* Whether changes are queued that the agent may not have made yet. */
bool task_pending(struct platform_task *task);
/* Lets the agent see what is queued. */
void task_kick(struct platform_task *task);
void task_kick_all(void);
/* Ends a task that misbehaved or whose process is gone: the kernel is told from
 * the loop. */
void task_kill(struct platform_task *task, const char *why);
/* Stopped by a debugger: everybody's patience with it is endless. */
bool task_in_debugger(const struct platform_task *task);
/* The process ended. */
void task_reaped(struct platform_task *task);
/* Tells the kernel of dead tasks. */
void task_report_deaths(void);
/* Ends and reaps every process. */
void task_end_all(void);

/* --- thread.c --- */
/* Takes one post and calls the kernel; false if there is none. */
bool thread_take_posts(void);
/* Frees a thread's handle; its host thread is gone or dying with the task. */
void thread_forget(struct platform_thread *thread);
/* Ends tasks whose threads did not come in, or did not end. */
void thread_check_stops(uint64_t now);
/* The host's number of a thread that was let go once; 0 if it is not known. */
uint32_t thread_host_number(struct platform_thread *thread);
/* TASK's slots are not looked at any more. */
void thread_forget_slots(struct platform_task *task);

/* --- console.c --- */
int console_open(void);
void console_close(void);
void console_restore_terminal(void); /* async-signal-safe */
void console_readable(void);
void console_writable(void);
void console_flush(void); /* may wait a little */
/* Reads input that epoll can't watch; true if there was some. */
bool console_poll(void);
void console_resized(void);

/* --- trace.c --- */
void trace_flush(void);

/* --- disk.c --- */
int disk_open_all(void);
void disk_close_all(void);
void disk_completed(void);
/* Reports requests that were done at once; true if there were some. */
bool disk_report(void);

#endif /* PLATFORM_LINUX_MACHINE_H */
