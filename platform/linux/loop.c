/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's life and its event loop. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NEVER       UINT64_MAX
#define SECOND      1000000000ull
#define FORCE_NS    (10 * SECOND) /* an asked-for end may take so long */
#define EVENTS_MAX  64
#define ROUNDS_MAX  256 /* between two looks at what is not a thread */
#define KERNEL_NICE (-10)

struct machine machine;

int machine_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "hell: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    return -1;
}

int machine_watch(int fd, uint64_t source, uint32_t events)
{
    struct epoll_event event = {
        .events = source == SOURCE_DOORBELL ? EPOLLIN | EPOLLET : events,
        .data.u64 = source};

    if (epoll_ctl(machine.epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    return -errno;
}

/* --- time ----------------------------------------------------------------- */

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t platform_time_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t platform_time_spent(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void platform_work_wanted(void)
{
    machine.work_wanted = true;
}

uint64_t platform_time_realtime(void)
{
    return read_clock(CLOCK_REALTIME);
}

void platform_timer_set(uint64_t deadline_ns)
{
    machine.timer_wanted = deadline_ns;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Programs Linux's timer.  A wish for later than it stands at is not worth a
 * system call: it rings early once. */
static void timer_arm(void)
{
    uint64_t at = least(machine.timer_wanted, machine.force_at);
    struct itimerspec when = {0};

    if (machine.stops + machine.ends > 0)
        at = least(at, machine.stop_check);
    if (at >= machine.timer_armed)
        return;
    machine.timer_armed = at;
    if (at == 0)
        at = 1;
    when.it_value.tv_sec = (time_t)(at / SECOND);
    when.it_value.tv_nsec = (long)(at % SECOND);
    timerfd_settime(machine.timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void timer_rang(void)
{
    uint64_t count, now;

    if (read(machine.timer, &count, sizeof(count)) != sizeof(count))
        return;
    now = platform_time_monotonic();
    machine.timer_armed = NEVER;
    if (now >= machine.force_at) {
        platform_exit(machine.force_status);
        return;
    }
    if (machine.stops + machine.ends > 0 && now >= machine.stop_check) {
        thread_check_stops(now);
        machine.stop_check = now + SECOND;
    }
    if (now >= machine.timer_wanted) {
        machine.timer_wanted = NEVER;
        kernel_timer();
    }
}

/* --- the end -------------------------------------------------------------- */

void platform_exit(int status)
{
    if (!machine.ended)
        machine.status = status;
    machine.ended = true;
}

void machine_ask_end(int status)
{
    if (machine.force_at != NEVER) {
        platform_exit(machine.force_status);
        return;
    }
    machine.force_at = platform_time_monotonic() + FORCE_NS;
    machine.force_status = status;
    kernel_shutdown_request();
}

void platform_panic(const char *message)
{
    task_end_all();
    console_flush();
    console_restore_terminal();
    trace_flush();
    fprintf(stderr, "hell: kernel panic: %s\n", message);
    _exit(LINUX_STATUS_PANIC);
}

static void crashed(int signal)
{
    console_restore_terminal();
    /* Its default action was set when this was entered. */
    raise(signal);
}

void machine_guard_crashes(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                  SIGABRT, SIGTRAP, SIGSYS};
    static char stack[16384];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = crashed,
                               .sa_flags =
                                   SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER};

    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

static int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGTTOU);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    machine_guard_crashes();
    machine.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return machine.signals < 0
               ? machine_fail("signalfd: %s", strerror(errno))
               : machine_watch(machine.signals, SOURCE_SIGNALS, EPOLLIN);
}

static void signals_read(void)
{
    struct signalfd_siginfo info;

    while (!machine.ended &&
           read(machine.signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGWINCH)
            console_resized();
        else if (info.ssi_signo != SIGTTOU) {
            machine.end_signal = (int)info.ssi_signo;
            machine_ask_end(128 + (int)info.ssi_signo);
        }
    }
}

int platform_linux_end_signal(void)
{
    return machine.end_signal;
}

/* --- the loop ------------------------------------------------------------- */

static void dispatch(uint64_t source)
{
    switch (source) {
    case SOURCE_TIMER:
        timer_rang();
        break;
    case SOURCE_SIGNALS:
        signals_read();
        break;
    case SOURCE_CONSOLE_IN:
        console_readable();
        break;
    case SOURCE_CONSOLE_OUT:
        console_writable();
        break;
    case SOURCE_DISKS:
        disk_completed();
        break;
    default: /* the doorbell: the loop looks at every thread anyway */
        break;
    }
}

/* Waits for something to happen, or only looks if BUSY. */
static void wait_events(bool busy)
{
    struct epoll_event events[EVENTS_MAX];
    int count;

    timer_arm();
    trace_flush();
    __atomic_store_n(&machine.host->sleeping, 1, __ATOMIC_SEQ_CST);
    if (thread_take_posts() || machine.ended)
        busy = true;
    task_kick_all();
    count = epoll_wait(machine.epoll, events, EVENTS_MAX,
                       busy || machine.deaths || machine.work_wanted ? 0 : -1);
    __atomic_store_n(&machine.host->sleeping, 0, __ATOMIC_SEQ_CST);
    /* Ends of processes first: what comes after may free their tasks. */
    for (int i = 0; i < count; i++)
        if (events[i].data.u64 >= SOURCE_LAST)
            task_reaped((struct platform_task *)events[i].data.u64);
    for (int i = 0; i < count && !machine.ended; i++)
        if (events[i].data.u64 < SOURCE_LAST)
            dispatch(events[i].data.u64);
}

/* A piece of what the kernel put off; what else there is comes in between. */
static bool work_once(void)
{
    if (!machine.work_wanted)
        return false;
    machine.work_wanted = false;
    kernel_work();
    return true;
}

static void run(void)
{
    while (!machine.ended) {
        int rounds = 0;
        bool busy;

        while (thread_take_posts() && ++rounds < ROUNDS_MAX)
            continue;
        busy = disk_report();
        if (!machine.ended)
            busy |= console_poll();
        if (!machine.ended)
            busy |= work_once();
        task_report_deaths();
        task_kick_all();
        if (!machine.ended)
            wait_events(busy || rounds == ROUNDS_MAX);
    }
}

/* Everything on one processor: waking another one is dear (see the figures in
 * ARCHITECTURE.md), and then nobody needs to spin. */
static void choose_processor(void)
{
    cpu_set_t one;
    int cpu = sched_getcpu();

    CPU_ZERO(&machine.processors);
    sched_getaffinity(0, sizeof(machine.processors), &machine.processors);
    CPU_ZERO(&one);
    CPU_SET(cpu < 0 ? 0 : cpu, &one);
    machine.one_cpu = sched_setaffinity(0, sizeof(one), &one) == 0;
    setpriority(PRIO_PROCESS, 0, KERNEL_NICE); /* if we may */
}

static int open_all(const struct linux_options *options)
{
    machine.epoll = epoll_create1(EPOLL_CLOEXEC);
    machine.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (machine.epoll < 0 || machine.timer < 0)
        return machine_fail("epoll or timerfd: %s", strerror(errno));
    if (machine_watch(machine.timer, SOURCE_TIMER, EPOLLIN) != 0 ||
        options->memory_size_bytes < LINUX_MEMORY_MIN ||
        options->memory_size_bytes % PLATFORM_PAGE_SIZE != 0)
        return machine_fail("memory too small: at least %llu MiB are needed",
                            LINUX_MEMORY_MIN >> 20);
    if (disk_open_all() != 0 || memory_open(options->memory_size_bytes) != 0 ||
        spawn_open() != 0 || signals_open() != 0)
        return -1;
    return console_open();
}

static void close_all(void)
{
    task_end_all();
    disk_close_all();
    console_close();
    trace_flush();
    memory_close();
    spawn_close();
    if (machine.timer >= 0)
        close(machine.timer);
    if (machine.signals >= 0)
        close(machine.signals);
    if (machine.epoll >= 0)
        close(machine.epoll);
}

int platform_linux_run(const struct linux_options *options,
                       const struct kernel_config *config)
{
    sigset_t signals;

    machine = (struct machine){.options = options,
                               .memory_fd = -1,
                               .stub_fd = -1,
                               .doorbell = -1,
                               .epoll = -1,
                               .timer = -1,
                               .signals = -1,
                               .timer_wanted = NEVER,
                               .timer_armed = NEVER,
                               .force_at = NEVER,
                               .status = LINUX_STATUS_FAILED};
    sigprocmask(SIG_BLOCK, NULL, &signals);
    choose_processor();
    if (open_all(options) == 0) {
        if (kernel_create(config) == 0) {
            run();
            kernel_destroy();
        }
    }
    close_all();
    sched_setaffinity(0, sizeof(machine.processors), &machine.processors);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    return machine.status;
}
