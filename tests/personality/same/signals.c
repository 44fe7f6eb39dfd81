/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queued signals, what comes with them, in which order, and to whom. */
#include "same.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

static char log_text[16384];
static volatile int seen;

static void note(const char *format, ...)
{
    size_t used = strlen(log_text);
    va_list args;

    va_start(args, format);
    vsnprintf(log_text + used, sizeof log_text - used, format, args);
    va_end(args);
}

static void noted(const char *what)
{
    TELL("%s:%s", what, log_text);
    log_text[0] = 0;
    seen = 0;
}

static pid_t self, parent;

static const char *who(pid_t pid)
{
    return pid == self     ? "self"
           : pid == parent ? "parent"
           : pid           ? "other"
                           : "0";
}

static void handler(int sig, siginfo_t *info, void *context)
{
    seen++;
    note(" %d/%d/%s/%d/%d", sig, info->si_code, who(info->si_pid),
         info->si_uid == getuid(), info->si_value.sival_int);
}

static void plain(int sig)
{
    seen++;
    note(" %d", sig);
}

static void on(int sig, int flags)
{
    struct sigaction action = {.sa_sigaction = handler,
                               .sa_flags = SA_SIGINFO | flags};

    sigaction(sig, &action, NULL);
}

static sigset_t set_of(int first, ...)
{
    sigset_t set;
    va_list args;

    sigemptyset(&set);
    va_start(args, first);
    for (int sig = first; sig; sig = va_arg(args, int))
        sigaddset(&set, sig);
    va_end(args);
    return set;
}

static int queue(pid_t pid, int sig, int value)
{
    return sigqueue(pid, sig, (union sigval){.sival_int = value});
}

static void queued(void)
{
    int rt = SIGRTMIN;
    sigset_t set = set_of(rt, rt + 1, SIGUSR1, SIGUSR2, 0), pending;

    on(rt, 0);
    on(rt + 1, 0);
    on(SIGUSR1, 0);
    on(SIGUSR2, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    SAY(queue(self, rt + 1, 10));
    for (int i = 0; i < 3; i++)
        SAY(queue(self, rt, i));
    SAY(queue(self, SIGUSR1, 1));
    SAY(queue(self, SIGUSR1, 2));
    SAY(kill(self, SIGUSR2));
    SAY(kill(self, rt));
    SAY(sigpending(&pending));
    TELL("%d %d %d %d", sigismember(&pending, rt),
         sigismember(&pending, rt + 2), sigismember(&pending, SIGUSR1),
         sigismember(&pending, SIGUSR2));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    noted("unblocked");
    SAY(queue(self, 65, 0));
    SAY(queue(self, -1, 0));
    SAY(queue(self, 0, 0));
    SAY(queue(99999, 0, 0));
    SAY(queue(0, rt, 0));
    SAY(kill(self, 65));
    SAY(kill(99999, 0));
    SAY(kill(99999, rt));
    SAY(raise(rt));
    noted("raise");
    siginfo_t info = {.si_code = SI_USER, .si_pid = 1};
    SAY(syscall(SYS_rt_sigqueueinfo, getppid(), rt, &info));
    info.si_code = SI_TKILL;
    SAY(syscall(SYS_rt_sigqueueinfo, getppid(), rt, &info));
    info.si_code = SI_QUEUE;
    info.si_pid = 77;
    SAY(syscall(SYS_rt_sigqueueinfo, self, rt, &info));
    noted("as told");
    SAY(syscall(SYS_rt_sigqueueinfo, self, rt, 8));
}

static void limited(void)
{
    int rt = SIGRTMIN;
    sigset_t set = set_of(rt, SIGUSR1, 0);
    struct rlimit limit;
    pid_t child;

    IN_CHILD(child)
    {
        self = getpid();
        getrlimit(RLIMIT_SIGPENDING, &limit);
        limit.rlim_cur = 200;
        SAY(setrlimit(RLIMIT_SIGPENDING, &limit));
        sigprocmask(SIG_BLOCK, &set, NULL);
        int sent = 0, error = 0;
        for (int i = 0; i < 250; i++)
            if (queue(self, rt, i) == 0)
                sent++;
            else
                error = errno;
        /* The user's other processes may have some queued, too. */
        TELL("%d %s", sent <= 200, error_name(error));
        SAY(pthread_kill(pthread_self(), rt));
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        TELL("%d", seen == sent);
        SAY(queue(self, rt, 7));
        TELL("%d", seen == sent + 1);
        log_text[0] = 0;
        sigprocmask(SIG_BLOCK, &set, NULL);
        while (queue(self, rt, 0) == 0)
            ;
        seen = 0;
        SAY(queue(self, SIGUSR1, 9));
        SAY(kill(self, SIGUSR2));
        TELL("%d", seen);
    }
    end_of(child);
}

static void waited(void)
{
    int rt = SIGRTMIN;
    sigset_t set = set_of(rt, rt + 1, SIGUSR1, SIGTERM, 0);
    struct timespec time = {0, 50000000}, bad = {0, -1}, none = {0, 0};
    siginfo_t info;
    pid_t child;

    SAY(sigtimedwait(&set, &info, &none));
    sigprocmask(SIG_BLOCK, &set, NULL);
    SAY(sigtimedwait(&set, &info, &time));
    SAY(sigtimedwait(&set, &info, &bad));
    queue(self, rt + 1, 5);
    queue(self, rt, 6);
    queue(self, rt, 7);
    kill(self, SIGUSR1);
    for (int i = 0; i < 5; i++) {
        info.si_value.sival_int = -1;
        int sig = sigtimedwait(&set, &info, &time);
        TELL("%d %d %s %d", sig, sig > 0 ? info.si_code : 0,
             sig > 0 ? who(info.si_pid) : "",
             sig > 31 ? info.si_value.sival_int : 0);
    }
    /* What would end the process is waited for all the same. */
    IN_CHILD(child)
    {
        nap_ms(100);
        kill(getppid(), SIGTERM);
    }
    SAY(sigwaitinfo(&set, NULL));
    end_of(child);
    IN_CHILD(child)
    {
        nap_ms(100);
        queue(getppid(), rt, 42);
    }
    SAY(sigwaitinfo(&set, &info));
    TELL("%d %d %d", info.si_code, info.si_pid == child,
         info.si_value.sival_int);
    end_of(child);
    on(SIGUSR2, 0);
    IN_CHILD(child)
    {
        nap_ms(100);
        kill(getppid(), SIGUSR2);
    }
    time.tv_sec = 5;
    SAY(sigtimedwait(&set, &info, &time));
    end_of(child);
    TELL("%d", seen);
    log_text[0] = 0;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void others(void)
{
    int rt = SIGRTMIN, ready[2];
    pid_t child;
    char c;

    pipe(ready);
    parent = getpid();
    IN_CHILD(child)
    {
        sigset_t set = set_of(rt, SIGUSR1, 0), none = set_of(0);
        self = getpid();
        on(rt, 0);
        on(SIGUSR1, 0);
        sigprocmask(SIG_BLOCK, &set, NULL);
        write(ready[1], "x", 1);
        nap_ms(300);
        sigsuspend(&none);
        noted("from the parent");
    }
    read(ready[0], &c, 1);
    int sent = 0;
    for (int i = 0; i < 5; i++)
        sent += queue(child, rt, i) == 0;
    sent += kill(child, SIGUSR1) == 0;
    end_of(child);
    TELL("%d", sent);
    parent = 0;
}

/* --- children --------------------------------------------------------------- */

static void child_handler(int sig, siginfo_t *info, void *context)
{
    seen++;
    note(" %d/%d/%d", info->si_code, info->si_pid != 0, info->si_status);
}

static void kin(void)
{
    struct sigaction action = {.sa_sigaction = child_handler,
                               .sa_flags = SA_SIGINFO};
    pid_t child;

    sigaction(SIGCHLD, &action, NULL);
    IN_CHILD(child)
    _exit(3);
    while (!seen)
        nap_ms(5);
    end_of(child);
    noted("exited");
    IN_CHILD(child)
    raise(SIGKILL);
    while (!seen)
        nap_ms(5);
    end_of(child);
    noted("killed");
    IN_CHILD(child)
    raise(SIGSTOP);
    while (!seen)
        nap_ms(5);
    noted("stopped");
    kill(child, SIGKILL);
    while (!seen)
        nap_ms(5);
    end_of(child);
    noted("ended");
    signal(SIGCHLD, SIG_DFL);
    IN_CHILD(child)
    raise(SIGRTMIN + 5);
    TELL("%x", end_of(child));
    IN_CHILD(child)
    raise(SIGSYS);
    TELL("%x", end_of(child) & ~0x80);
}

/* --- threads ---------------------------------------------------------------- */

static pthread_t first;
static volatile int stop;

static void where(int sig)
{
    seen++;
    note(" %s", pthread_equal(pthread_self(), first) ? "first" : "second");
}

static void *second_thread(void *arg)
{
    sigset_t set = set_of(SIGUSR1, 0);

    if (arg)
        pthread_sigmask(SIG_BLOCK, &set, NULL);
    while (!stop)
        nap_ms(5);
    return NULL;
}

static void wait_seen(int count)
{
    for (int i = 0; i < 400 && seen < count; i++)
        nap_ms(5);
}

static void threads(void)
{
    sigset_t set = set_of(SIGUSR1, 0), pending;
    pthread_t thread;

    first = pthread_self();
    signal(SIGUSR1, where);
    pthread_create(&thread, NULL, second_thread, NULL);
    nap_ms(50);
    kill(self, SIGUSR1);
    wait_seen(1);
    pthread_kill(thread, SIGUSR1);
    wait_seen(2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    kill(self, SIGUSR1);
    wait_seen(3);
    pthread_kill(first, SIGUSR1);
    nap_ms(50);
    sigpending(&pending);
    note(" %d", sigismember(&pending, SIGUSR1));
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    wait_seen(4);
    noted("who");
    SAY(syscall(SYS_tgkill, self, self, 0));
    SAY(syscall(SYS_tgkill, self, 0, SIGUSR1));
    SAY(syscall(SYS_tgkill, -1, self, SIGUSR1));
    SAY(syscall(SYS_tgkill, 99999, self, SIGUSR1));
    SAY(syscall(SYS_tgkill, self, self, 65));
    SAY(syscall(SYS_tkill, -1, SIGUSR1));
    SAY(syscall(SYS_tkill, 999999999, SIGUSR1));
    stop = 1;
    pthread_join(thread, NULL);
    stop = 0;
    pthread_create(&thread, NULL, second_thread, &set);
    nap_ms(50);
    pthread_kill(thread, SIGUSR1);
    nap_ms(50);
    noted("blocked there");
    stop = 1;
    pthread_join(thread, NULL);
    noted("gone with it");
}

/* --- handlers and masks ------------------------------------------------------ */

static void nested(int sig)
{
    note(" <%d", sig);
    if (sig == SIGUSR1 && seen++ == 0)
        raise(SIGUSR1);
    note(" %d>", sig);
}

static void show_action(int sig)
{
    struct sigaction action;

    sigaction(sig, NULL, &action);
    TELL("%s %x %d %d", action.sa_handler == SIG_DFL ? "default" : "handler",
         action.sa_flags &
             (SA_NODEFER | SA_RESETHAND | SA_RESTART | SA_ONSTACK),
         sigismember(&action.sa_mask, SIGKILL),
         sigismember(&action.sa_mask, SIGUSR2));
}

static void flags(void)
{
    struct sigaction action = {.sa_handler = nested};

    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    noted("deferred");
    action.sa_flags = SA_NODEFER;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    noted("not deferred");
    action.sa_handler = plain;
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    show_action(SIGUSR1);
    raise(SIGUSR1);
    show_action(SIGUSR1);
    noted("once");
    SAY(sigaction(SIGKILL, &action, NULL));
    SAY(sigaction(SIGSTOP, &action, NULL));
    SAY(sigaction(SIGKILL, NULL, &action));
    SAY(syscall(SYS_rt_sigaction, 65, &action, NULL, 8));
    SAY(syscall(SYS_rt_sigaction, 0, &action, NULL, 8));
    SAY(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 16));
    SAY(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8));
    SAY(syscall(SYS_rt_sigprocmask, 9, &action.sa_mask, NULL, 8));
    SAY(syscall(SYS_rt_sigprocmask, 9, NULL, NULL, 8));
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4));
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8));
    SAY(syscall(SYS_rt_sigsuspend, &action.sa_mask, 4));
    SAY(syscall(SYS_rt_sigpending, &action.sa_mask, 16));
}

static char stack[65536];

static void on_stack(int sig)
{
    char here;
    stack_t now;

    sigaltstack(NULL, &now);
    note(" %d/%d/%s", &here >= stack && &here < stack + sizeof stack,
         now.ss_flags,
         sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL) == -1
             ? error_name(errno)
             : "ok");
}

static void stacks(void)
{
    stack_t new = {.ss_sp = stack, .ss_size = sizeof stack}, old;
    struct sigaction action = {.sa_handler = on_stack, .sa_flags = SA_ONSTACK};

    SAY(sigaltstack(NULL, &old));
    TELL("%d", old.ss_flags);
    SAY(sigaltstack(&new, NULL));
    SAY(sigaltstack(NULL, &old));
    TELL("%d %d %zu", old.ss_flags, old.ss_sp == stack, old.ss_size);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    action.sa_flags = 0;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    noted("stacks");
    new.ss_size = 100;
    SAY(sigaltstack(&new, NULL));
    new.ss_size = sizeof stack;
    new.ss_flags = 77;
    SAY(sigaltstack(&new, NULL));
    SAY(sigaltstack((void *)8, NULL));
    SAY(sigaltstack(NULL, (void *)8));
    new.ss_flags = SS_DISABLE;
    SAY(sigaltstack(&new, NULL));
}

static void reads(int restart)
{
    struct sigaction action = {.sa_handler = plain,
                               .sa_flags = restart ? SA_RESTART : 0};
    int ends[2];
    pid_t child;
    char c;

    pipe(ends);
    self = getpid();
    sigaction(SIGUSR1, &action, NULL);
    IN_CHILD(child)
    {
        nap_ms(150);
        kill(getppid(), SIGUSR1);
        nap_ms(150);
        write(ends[1], "x", 1);
    }
    SAY(read(ends[0], &c, 1));
    end_of(child);
    noted("read");
    IN_CHILD(child)
    {
        nap_ms(150);
        kill(getppid(), SIGUSR1);
        nap_ms(150);
        _exit(4);
    }
    int status = 0;
    SAY(waitpid(child, &status, 0) == child);
    TELL("%d", WEXITSTATUS(status));
    end_of(child);
    noted("wait");
    struct timespec time = {0, 300000000}, left = {0, 0};
    IN_CHILD(child)
    {
        nap_ms(100);
        kill(getppid(), SIGUSR1);
    }
    SAY(nanosleep(&time, &left));
    TELL("%d", left.tv_nsec > 50000000 && left.tv_nsec < 300000000);
    end_of(child);
    noted("sleep");
}

/* --- timers ------------------------------------------------------------------ */

static void timer_notify(union sigval value)
{
    seen = value.sival_int;
}

static void timers(void)
{
    int rt = SIGRTMIN;
    sigset_t set = set_of(rt, 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = rt};
    struct itimerspec time = {.it_value = {0, 20000000}}, old;
    siginfo_t info;
    timer_t timer;

    event.sigev_value.sival_int = 123;
    sigprocmask(SIG_BLOCK, &set, NULL);
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SAY(timer_settime(timer, 0, &time, NULL));
    SAY(sigwaitinfo(&set, &info));
    TELL("%d %d %d", info.si_code, info.si_value.sival_int, info.si_overrun);
    SAY(timer_getoverrun(timer));
    SAY(timer_gettime(timer, &old));
    TELL("%ld %ld", (long)old.it_value.tv_sec, old.it_value.tv_nsec);
    time.it_interval.tv_nsec = 10000000;
    SAY(timer_settime(timer, 0, &time, NULL));
    nap_ms(105);
    SAY(sigwaitinfo(&set, &info));
    TELL("%d", info.si_overrun >= 5 && info.si_overrun <= 10);
    TELL("%d", timer_getoverrun(timer) == info.si_overrun);
    time = (struct itimerspec){.it_value = {100, 0}};
    SAY(timer_settime(timer, 0, &time, &old));
    TELL("%d", old.it_interval.tv_nsec == 10000000);
    SAY(timer_gettime(timer, &old));
    TELL("%d", old.it_value.tv_sec >= 99);
    clock_gettime(CLOCK_MONOTONIC, &time.it_value);
    SAY(timer_settime(timer, TIMER_ABSTIME, &time, NULL));
    while (sigtimedwait(&set, &info, &(struct timespec){0, 50000000}) > 0)
        ;
    time.it_value.tv_nsec = 1000000000;
    SAY(timer_settime(timer, 0, &time, NULL));
    SAY(timer_delete(timer));
    SAY(timer_delete(timer));
    event.sigev_signo = 65;
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    event.sigev_notify = 99;
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SAY(timer_create(99, NULL, &timer));
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD,
                              .sigev_notify_function = timer_notify};
    event.sigev_value.sival_int = 55;
    SAY(timer_create(CLOCK_REALTIME, &event, &timer));
    time = (struct itimerspec){.it_value = {0, 20000000}};
    seen = 0;
    SAY(timer_settime(timer, 0, &time, NULL));
    wait_seen(55);
    TELL("%d", seen);
    SAY(timer_delete(timer));
    event = (struct sigevent){.sigev_notify = SIGEV_NONE};
    SAY(timer_create(CLOCK_REALTIME, &event, &timer));
    SAY(timer_delete(timer));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void alarms(const char *program)
{
    struct itimerval time = {.it_value = {0, 30000}}, old;

    on(SIGALRM, 0);
    seen = 0;
    SAY(setitimer(ITIMER_REAL, &time, NULL));
    wait_seen(1);
    noted("alarm");
    SAY(alarm(100));
    SAY(alarm(0));
    time.it_value.tv_usec = 1000000;
    SAY(setitimer(ITIMER_REAL, &time, NULL));
    SAY(setitimer(9, NULL, NULL));
    SAY(getitimer(ITIMER_REAL, &old));
    TELL("%ld %ld", (long)old.it_value.tv_sec, (long)old.it_value.tv_usec);
    /* It goes on over exec, and so does what is blocked. */
    pid_t child;
    IN_CHILD(child)
    {
        sigset_t set = set_of(SIGRTMIN + 3, SIGUSR2, 0);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGRTMIN + 4, SIG_IGN);
        alarm(1);
        execl(program, program, "exec", NULL);
    }
    TELL("%x", end_of(child));
}

static int after_exec(void)
{
    sigset_t set;
    struct sigaction action;

    sigprocmask(SIG_BLOCK, NULL, &set);
    sigaction(SIGRTMIN + 4, NULL, &action);
    TELL("%d %d %d %d", sigismember(&set, SIGRTMIN + 3),
         sigismember(&set, SIGUSR2), sigismember(&set, SIGRTMIN),
         action.sa_handler == SIG_IGN);
    for (int i = 0; i < 30; i++)
        nap_ms(100);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return after_exec();
    self = getpid();
    queued();
    limited();
    waited();
    others();
    kin();
    threads();
    flags();
    stacks();
    reads(0);
    reads(1);
    timers();
    alarms(argv[0]);
    return 0;
}
