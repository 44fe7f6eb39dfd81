/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: handlers, masks, restarts, exceptions, timers, threads. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int count, last, code;
static volatile uintptr_t address;
static void *volatile bad_address = (void *)8;
static sigjmp_buf place;

static void count_it(int sig)
{
    count++;
    last = sig;
}

static void install(int sig, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigaction(sig, &action, NULL);
}

static void test_handlers(void)
{
    sigset_t set, old, pending;

    install(SIGUSR1, count_it, 0);
    count = 0;
    raise(SIGUSR1);
    CHECK("raise", count == 1 && last == SIGUSR1);
    kill(getpid(), SIGUSR1);
    CHECK("kill", count == 2);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    kill(getpid(), SIGUSR1);
    CHECK("blocked", count == 2);
    CHECK("pending",
          sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK("unblocked", count == 3);
    install(SIGUSR1, count_it, SA_RESETHAND);
    raise(SIGUSR1);
    struct sigaction now;
    sigaction(SIGUSR1, NULL, &now);
    CHECK("reset", count == 4 && now.sa_handler == SIG_DFL);
    install(SIGUSR1, SIG_IGN, 0);
    raise(SIGUSR1);
    CHECK("ignored", count == 4);
    CHECK("not to be caught",
          sigaction(SIGKILL, &now, NULL) == -1 && errno == EINVAL);
}

static void in_context(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    count++;
    code = info->si_code;
    address = (uintptr_t)info->si_addr;
    (void)sig;
    (void)uc;
}

/* Every register and vector must come back from a handler that uses them. */
static void dirty(int sig)
{
    double x = sig;

    for (int i = 0; i < 100; i++)
        x = x * 1.5 + 1;
    asm volatile("pcmpeqb %%xmm0,%%xmm0; movdqa %%xmm0,%%xmm5; mov $1,%%r11;"
                 "mov $2,%%rcx; mov $3,%%r8"
                 :
                 :
                 : "xmm0", "xmm5", "r11", "rcx", "r8");
    count += x > 1;
}

static void test_registers(void)
{
    install(SIGALRM, dirty, 0);
    struct itimerval timer = {{0, 2000}, {0, 2000}};
    count = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
    int bad = 0;
    time_t end = time(NULL) + 5;
    while (count < 20 && time(NULL) < end) {
        uint64_t a = 0x1111, b = 0x2222, c = 0x3333, d = 0x4444;
        double x = 3.25;
        asm volatile("mov $200000, %%rax\n"
                     "1: dec %%rax\n jnz 1b\n"
                     : "+r"(a), "+r"(b), "+c"(c), "+r"(d), "+x"(x)
                     :
                     : "rax");
        bad |= a != 0x1111 || b != 0x2222 || c != 0x3333 || d != 0x4444 ||
               x != 3.25;
    }
    memset(&timer, 0, sizeof timer);
    setitimer(ITIMER_REAL, &timer, NULL);
    CHECK("timer", count >= 20);
    CHECK("registers", !bad);
}

static void jump(int sig)
{
    (void)sig;
    siglongjmp(place, 1);
}

static void *deep_stack;
static volatile int on_stack;

static void on_alternate(int sig)
{
    int here;

    (void)sig;
    on_stack = (char *)&here >= (char *)deep_stack &&
               (char *)&here < (char *)deep_stack + 65536;
    siglongjmp(place, 1);
}

static int stat_fault(void)
{
    int p[2], result;

    if (pipe(p))
        return 0;
    result = (int)write(p[1], bad_address, 10);
    close(p[0]);
    close(p[1]);
    return result;
}

static void test_exceptions(void)
{
    install(SIGSEGV, jump, 0);
    int came = sigsetjmp(place, 1);
    if (!came)
        *(volatile int *)16 = 1;
    CHECK("SEGV", came == 1);
    install(SIGFPE, jump, 0);
    came = sigsetjmp(place, 1);
    volatile int zero = 0;
    if (!came)
        zero = 7 / zero;
    CHECK("FPE", came == 1);
    install(SIGILL, jump, 0);
    came = sigsetjmp(place, 1);
    if (!came)
        asm volatile("ud2");
    CHECK("ILL", came == 1);
    struct sigaction action = {.sa_sigaction = in_context,
                               .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL);
    count = 0;
    asm volatile("int3");
    CHECK("TRAP", count == 1);
    deep_stack = malloc(65536);
    stack_t stack = {.ss_sp = deep_stack, .ss_size = 65536};
    CHECK("sigaltstack", sigaltstack(&stack, NULL) == 0);
    install(SIGSEGV, on_alternate, SA_ONSTACK);
    came = sigsetjmp(place, 1);
    if (!came)
        *(volatile int *)24 = 1;
    CHECK("on another stack", came == 1 && on_stack);
    signal(SIGSEGV, SIG_DFL);
    /* A handler without a stack to run on. */
    int status;
    pid_t pid = fork();
    if (!pid) {
        install(SIGSEGV, jump, 0);
        asm volatile("mov $64, %rsp; push %rax");
        _exit(0);
    }
    CHECK("no stack", waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
                          WTERMSIG(status) == SIGSEGV);
    signal(SIGFPE, SIG_DFL);
    signal(SIGILL, SIG_DFL);
    CHECK("a bad address", write(open("/dev/null", O_WRONLY), "x", 1) == 1);
    CHECK("EFAULT", stat_fault() == -1 && errno == EFAULT);
}

static void test_interruption(void)
{
    int p[2];
    char c;
    pid_t parent = getpid(), pid;
    struct timespec second = {5, 0}, left = {0, 0};

    pipe(p);
    install(SIGUSR1, count_it, 0);
    count = 0;
    pid = fork();
    if (!pid) {
        usleep(50000);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    CHECK("read is interrupted", read(p[0], &c, 1) == -1 && errno == EINTR);
    CHECK("by one signal", count == 1);
    waitpid(pid, NULL, 0);
    install(SIGUSR1, count_it, SA_RESTART);
    pid = fork();
    if (!pid) {
        usleep(50000);
        kill(parent, SIGUSR1);
        usleep(50000);
        write(p[1], "z", 1);
        _exit(0);
    }
    CHECK("read is restarted", read(p[0], &c, 1) == 1 && c == 'z');
    CHECK("after a signal", count == 2);
    waitpid(pid, NULL, 0);
    pid = fork();
    if (!pid) {
        usleep(50000);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    CHECK("sleep is interrupted", nanosleep(&second, &left) == -1 &&
                                      errno == EINTR && left.tv_sec == 4);
    waitpid(pid, NULL, 0);
    pid = fork();
    if (!pid) {
        usleep(50000);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    struct pollfd fd = {p[0], POLLIN, 0};
    CHECK("poll is interrupted", poll(&fd, 1, 5000) == -1 && errno == EINTR);
    waitpid(pid, NULL, 0);
    close(p[0]);
    close(p[1]);
}

static void test_waiting(void)
{
    sigset_t set, old;
    struct timespec time = {5, 0}, little = {0, 20000000};
    siginfo_t info;
    pid_t parent = getpid(), pid;

    install(SIGUSR2, count_it, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    count = 0;
    pid = fork();
    if (!pid) {
        usleep(30000);
        kill(parent, SIGUSR2);
        _exit(0);
    }
    CHECK("sigsuspend", sigsuspend(&old) == -1 && errno == EINTR && count == 1);
    sigprocmask(SIG_BLOCK, NULL, &old);
    CHECK("the mask is back", sigismember(&old, SIGUSR2));
    waitpid(pid, NULL, 0);
    CHECK("sigtimedwait, nothing",
          sigtimedwait(&set, &info, &little) == -1 && errno == EAGAIN);
    pid = fork();
    if (!pid) {
        usleep(30000);
        kill(parent, SIGUSR2);
        _exit(0);
    }
    CHECK("sigtimedwait", sigtimedwait(&set, &info, &time) == SIGUSR2);
    CHECK("no handler ran", count == 1);
    waitpid(pid, NULL, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    install(SIGCHLD, count_it, SA_RESTART);
    count = 0;
    pid = fork();
    if (!pid)
        _exit(0);
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 100 && !count; i++)
        usleep(10000);
    CHECK("SIGCHLD", count >= 1 && last == SIGCHLD);
    signal(SIGCHLD, SIG_DFL);
    install(SIGALRM, count_it, 0);
    count = 0;
    alarm(1);
    pause();
    CHECK("alarm", count == 1 && last == SIGALRM);
    alarm(100);
    CHECK("alarm's rest", alarm(0) >= 99);
}

static volatile int spinning;
static pthread_t second;

static void *spin(void *unused)
{
    (void)unused;
    while (spinning)
        ;
    return (void *)(uintptr_t)count;
}

static void *sleeper(void *unused)
{
    (void)unused;
    sigset_t set;
    sigfillset(&set);
    int got = 0;
    sigwait(&set, &got);
    return (void *)(intptr_t)got;
}

static void test_threads(void)
{
    void *result;
    sigset_t all, old;

    install(SIGUSR1, count_it, SA_RESTART);
    count = 0;
    spinning = 1;
    pthread_create(&second, NULL, spin, NULL);
    pthread_kill(second, SIGUSR1);
    for (int i = 0; i < 200 && !count; i++)
        usleep(1000);
    spinning = 0;
    pthread_join(second, &result);
    CHECK("a thread that runs", count == 1);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_create(&second, NULL, sleeper, NULL);
    usleep(20000);
    kill(getpid(), SIGUSR1);
    pthread_join(second, &result);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    CHECK("a thread that waits", (intptr_t)result == SIGUSR1 && count == 1);
    pthread_create(&second, NULL, sleeper, NULL);
    CHECK("cancel", pthread_cancel(second) == 0 &&
                        pthread_join(second, &result) == 0 &&
                        result == PTHREAD_CANCELED);
}

/* Many signals against a process that makes calls all the time: none may be
 * lost half way, no call may fail. */
static void test_storm(void)
{
    pid_t parent = getpid(), pid;
    int status, bad = 0;

    install(SIGUSR1, count_it, SA_RESTART);
    count = 0;
    pid = fork();
    if (!pid) {
        for (int i = 0; i < 300; i++) {
            kill(parent, SIGUSR1);
            for (volatile int j = 0; j < 20000; j++)
                ;
        }
        _exit(0);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        char c = 'c';
        int p[2];
        bad |= pipe(p) != 0 || write(p[1], &c, 1) != 1 ||
               read(p[0], &c, 1) != 1 || close(p[0]) || close(p[1]);
    }
    CHECK("storm", !bad);
    CHECK("signals came", count > 0);
}

int main(void)
{
    test_handlers();
    test_registers();
    test_exceptions();
    test_interruption();
    test_waiting();
    test_threads();
    test_storm();
    return check_report("signals");
}
