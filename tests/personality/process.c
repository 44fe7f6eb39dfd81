/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes: fork, exec, wait, groups, pipes, select. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static const char *self;

static int child_status(pid_t pid)
{
    int status = -1;

    return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void test_fork(void)
{
    static int value = 1;
    int status;
    pid_t pid = fork();

    if (!pid) {
        value = 2;
        _exit(getppid() == 0 ? 1 : 42);
    }
    CHECK("fork", pid > 0);
    CHECK("nobody else's child",
          waitpid(pid + 10000, &status, 0) == -1 && errno == ECHILD);
    status = child_status(pid);
    CHECK("status", WIFEXITED(status) && WEXITSTATUS(status) == 42);
    CHECK("memory is the parent's own", value == 1);
    CHECK("no more children", wait(&status) == -1 && errno == ECHILD);
    pid = fork();
    if (!pid) {
        sleep(100);
        _exit(1);
    }
    CHECK("not yet", waitpid(pid, &status, WNOHANG) == 0);
    CHECK("kill", kill(pid, SIGKILL) == 0);
    status = child_status(pid);
    CHECK("killed", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK("gone", kill(pid, 0) == -1 && errno == ESRCH);
    pid = fork();
    if (!pid)
        abort();
    status = child_status(pid);
    CHECK("aborted", WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    pid = fork();
    if (!pid) {
        *(volatile int *)8 = 1;
        _exit(0);
    }
    status = child_status(pid);
    CHECK("a crash", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    volatile int shared = 1;
    pid = vfork();
    if (!pid) {
        shared = 2;
        _exit(3);
    }
    CHECK("vfork shares memory", shared == 2);
    status = child_status(pid);
    CHECK("vfork", WIFEXITED(status) && WEXITSTATUS(status) == 3);
    pid = vfork();
    if (!pid) {
        pid = fork();
        if (!pid) {
            usleep(20000);
            shared = 77;
            _exit(0);
        }
        _exit(3);
    }
    usleep(60000);
    CHECK("a grandchild's memory is its own", shared == 2);
    status = child_status(pid);
    CHECK("vfork", WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void test_stop(void)
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        raise(SIGSTOP);
        _exit(5);
    }
    CHECK("stopped", waitpid(pid, &status, WUNTRACED) == pid &&
                         WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK("continue", kill(pid, SIGCONT) == 0);
    CHECK("continued", waitpid(pid, &status, WCONTINUED) == pid &&
                           (WIFCONTINUED(status) || WIFEXITED(status)));
    if (WIFCONTINUED(status))
        status = child_status(pid);
    CHECK("ended", WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

/* A sleep goes on where it was when its process was stopped. */
static void test_stopped_sleep(void)
{
    struct timespec start, end;
    int status;
    pid_t pid = fork();

    clock_gettime(CLOCK_MONOTONIC, &start);
    if (!pid) {
        usleep(400000);
        _exit(0);
    }
    usleep(200000);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    usleep(50000);
    kill(pid, SIGCONT);
    status = child_status(pid);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long ms = (end.tv_sec - start.tv_sec) * 1000 +
              (end.tv_nsec - start.tv_nsec) / 1000000;
    CHECK("sleep goes on", status == 0 && ms >= 390 && ms < 550);
}

static void test_ignored_children(void)
{
    int status;

    signal(SIGCHLD, SIG_IGN);
    if (!fork())
        _exit(1);
    CHECK("nothing to wait for", wait(&status) == -1 && errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

static int run(const char *what, const char *argument)
{
    pid_t pid = fork();

    if (!pid) {
        execl(self, self, what, argument, (char *)0);
        _exit(126);
    }
    int status = child_status(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void test_exec(void)
{
    char number[16];
    pid_t spinner = fork();
    if (!spinner) {
        execl(self, self, "spin", (char *)0);
        _exit(126);
    }
    usleep(50000);
    kill(spinner, SIGTERM);
    int end = child_status(spinner);
    CHECK("who makes no calls can be ended",
          WIFSIGNALED(end) && WTERMSIG(end) == SIGTERM);
    int kept = open("/dev/null", O_RDWR);
    int dropped = open("/dev/null", O_RDWR | O_CLOEXEC);

    snprintf(number, sizeof number, "%d", kept);
    CHECK("exec", run("exit", "17") == 17);
    CHECK("a descriptor stays", run("open", number) == 1);
    snprintf(number, sizeof number, "%d", dropped);
    CHECK("another is closed", run("open", number) == 0);
    close(kept);
    close(dropped);
    setenv("TEST_VALUE", "some thing", 1);
    CHECK("environment", run("env", "some thing") == 1);
    signal(SIGUSR1, SIG_IGN);
    CHECK("ignored signals stay so", run("ignored", "10") == 1);
    signal(SIGUSR1, SIG_DFL);
    CHECK("others do not", run("ignored", "10") == 0);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    CHECK("the mask stays", run("blocked", "12") == 1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK("no such program",
          execl("/nothing", "nothing", (char *)0) == -1 && errno == ENOENT);
    CHECK("no program", execl("/etc/passwd", "passwd", (char *)0) == -1 &&
                            (errno == EACCES || errno == ENOEXEC));
    FILE *script = fopen("/tmp/script", "w");
    fprintf(script, "#!%s exit\n", self);
    fclose(script);
    chmod("/tmp/script", 0755);
    pid_t pid = fork();
    if (!pid) {
        execl("/tmp/script", "script", (char *)0);
        _exit(126);
    }
    int status = child_status(pid);
    CHECK("script", WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink("/tmp/script");
    char *argv[] = {(char *)self, "exit", "9", NULL};
    CHECK("posix_spawn",
          posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0);
    argv[0] = "/nothing";
    pid_t none;
    CHECK("no program to spawn",
          posix_spawn(&none, argv[0], NULL, NULL, argv, environ) == ENOENT);
    status = child_status(pid);
    CHECK("spawned", WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static void test_groups(void)
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        int bad = 0;
        bad |= setpgid(0, 0) != 0 || getpgrp() != getpid();
        pid_t inner = fork();
        if (!inner)
            _exit(getpgrp() == getppid() ? 0 : 1);
        status = child_status(inner);
        bad |= !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        inner = fork();
        if (!inner)
            _exit(setsid() == getpid() && getsid(0) == getpid() &&
                          getpgrp() == getpid()
                      ? 0
                      : 1);
        status = child_status(inner);
        bad |= !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        _exit(bad);
    }
    status = child_status(pid);
    CHECK("groups", WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The server learns of a closed end a moment later than Linux would. */
static int write_until_refused(int fd)
{
    for (int i = 0; i < 1000; i++) {
        if (write(fd, "x", 1) != 1)
            return errno;
        usleep(1000);
    }
    return 0;
}

static void test_pipe(void)
{
    int p[2], n;
    char text[64], big[100000];
    pid_t pid;

    CHECK("pipe", pipe(p) == 0);
    CHECK("through it", write(p[1], "abc", 3) == 3 &&
                            read(p[0], text, 64) == 3 &&
                            !memcmp(text, "abc", 3));
    CHECK("no seek", lseek(p[0], 0, SEEK_CUR) == -1 && errno == ESPIPE);
    CHECK("write only", read(p[1], text, 1) == -1 && errno == EBADF);
    fcntl(p[0], F_SETFL, O_NONBLOCK);
    CHECK("would block", read(p[0], text, 1) == -1 && errno == EAGAIN);
    fcntl(p[0], F_SETFL, 0);
    write(p[1], "12345", 5);
    CHECK("readable", ioctl(p[0], FIONREAD, &n) == 0 && n == 5);
    read(p[0], text, 5);
    pid = fork();
    if (!pid) {
        close(p[0]);
        memset(big, 'b', sizeof big);
        _exit(write(p[1], big, sizeof big) == (ssize_t)sizeof big ? 0 : 1);
    }
    close(p[1]);
    long total = 0;
    while ((n = (int)read(p[0], text, sizeof text)) > 0)
        total += n;
    CHECK("all of it", total == (long)sizeof big && n == 0);
    CHECK("writer", child_status(pid) == 0);
    close(p[0]);
    pipe(p);
    close(p[0]);
    signal(SIGPIPE, SIG_IGN);
    CHECK("no reader", write_until_refused(p[1]) == EPIPE);
    signal(SIGPIPE, SIG_DFL);
    pid = fork();
    if (!pid) {
        write_until_refused(p[1]);
        _exit(0);
    }
    int status = child_status(pid);
    CHECK("SIGPIPE", WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    close(p[1]);
    CHECK("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0 &&
                            write(p[0], "1", 1) == 1 &&
                            write(p[1], "2", 1) == 1 &&
                            read(p[0], text, 9) == 1 && text[0] == '2' &&
                            read(p[1], text, 9) == 1 && text[0] == '1');
    CHECK("send", send(p[0], "msg", 3, 0) == 3 &&
                      recv(p[1], text, 2, MSG_PEEK) == 2 &&
                      recv(p[1], text, 9, 0) == 3 && !memcmp(text, "msg", 3));
    CHECK("nothing to receive",
          recv(p[1], text, 9, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    int type = 0;
    socklen_t length = sizeof type;
    CHECK("its type",
          getsockopt(p[0], SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
              type == SOCK_STREAM);
    CHECK("no socket", send(0, "x", 1, 0) == -1 && errno == ENOTSOCK);
    close(p[0]);
    CHECK("its end", read(p[1], text, 9) == 0);
    close(p[1]);
}

static void test_poll(void)
{
    int p[2], q[2];
    struct pollfd fds[3];
    struct timeval tv = {0, 20000};
    fd_set in, out;

    pipe(p);
    pipe(q);
    fds[0] = (struct pollfd){p[0], POLLIN, 0};
    fds[1] = (struct pollfd){q[1], POLLOUT, 0};
    fds[2] = (struct pollfd){-1, POLLIN, 0};
    CHECK("writable", poll(fds, 3, -1) == 1 && fds[0].revents == 0 &&
                          fds[1].revents == POLLOUT);
    CHECK("timeout", poll(fds, 1, 30) == 0);
    CHECK("at once", poll(fds, 1, 0) == 0);
    write(p[1], "x", 1);
    CHECK("readable", poll(fds, 1, -1) == 1 && fds[0].revents == POLLIN);
    CHECK("readable at once", poll(fds, 1, 0) == 1);
    fds[0].fd = 77;
    CHECK("not open", poll(fds, 1, -1) == 1 && fds[0].revents == POLLNVAL);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(q[0], &in);
    CHECK("select's timeout",
          select(q[0] + 1, &in, NULL, NULL, &tv) == 0 && !FD_ISSET(q[0], &in));
    FD_SET(p[0], &in);
    FD_SET(q[0], &in);
    FD_SET(q[1], &out);
    int ready = select(q[1] + 1, &in, &out, NULL, NULL);
    CHECK("select",
          ready >= 1 && !FD_ISSET(q[0], &in) &&
              !!FD_ISSET(p[0], &in) + !!FD_ISSET(q[1], &out) == ready);
    pid_t pid = fork();
    if (!pid) {
        usleep(50000);
        write(q[1], "y", 1);
        _exit(0);
    }
    fds[0] = (struct pollfd){q[0], POLLIN, 0};
    CHECK("waits", poll(fds, 1, 5000) == 1 && fds[0].revents == POLLIN);
    child_status(pid);
    close(p[1]);
    read(p[0], &in, 1);
    fds[0] = (struct pollfd){p[0], POLLIN, 0};
    CHECK("end of file", poll(fds, 1, 100) == 1);
    close(p[0]);
    close(q[0]);
    close(q[1]);
}

static void *thread_main(void *arg)
{
    return (char *)arg + 1;
}

static void test_misc(void)
{
    struct utsname name;
    struct rusage usage;
    struct rlimit limit;
    pthread_t thread;
    void *result = NULL;

    CHECK("uname", uname(&name) == 0 && name.sysname[0] && name.machine[0]);
    CHECK("rusage", getrusage(RUSAGE_SELF, &usage) == 0);
    CHECK("rlimit",
          getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 0);
    CHECK("ids", getuid() == geteuid() && getgid() == getegid());
    CHECK("thread", pthread_create(&thread, NULL, thread_main, NULL) == 0 &&
                        pthread_join(thread, &result) == 0 &&
                        result == (char *)1);
    if (getuid())
        return;
    pid_t pid = fork();
    if (!pid) {
        int bad = setgid(20) != 0 || setuid(1000) != 0;
        bad |= getuid() != 1000 || geteuid() != 1000 || getgid() != 20;
        bad |= setuid(0) == 0;
        bad |= open("/etc/onlyroot", O_RDONLY) >= 0;
        _exit(bad);
    }
    int status = child_status(pid);
    CHECK("setuid", WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What this program does when it is started by itself. */
static int act(int argc, char **argv)
{
    int number = argc > 2 ? atoi(argv[2]) : 0;
    struct sigaction action;
    sigset_t set;

    if (!strcmp(argv[1], "spin"))
        for (;;)
            ;
    if (!strcmp(argv[1], "exit"))
        return number;
    if (!strcmp(argv[1], "open"))
        return fcntl(number, F_GETFD) >= 0;
    if (!strcmp(argv[1], "env"))
        return !strcmp(getenv("TEST_VALUE") ?: "", argv[2]);
    if (!strcmp(argv[1], "ignored")) {
        sigaction(number, NULL, &action);
        return action.sa_handler == SIG_IGN;
    }
    if (!strcmp(argv[1], "blocked")) {
        sigprocmask(SIG_BLOCK, NULL, &set);
        return sigismember(&set, number);
    }
    return 125;
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1)
        return act(argc, argv);
    int fd = open("/etc/onlyroot", O_CREAT | O_WRONLY, 0600);
    test_fork();
    test_stop();
    test_stopped_sleep();
    test_ignored_children();
    test_exec();
    test_groups();
    test_pipe();
    test_poll();
    test_misc();
    close(fd);
    unlink("/etc/onlyroot");
    return check_report("process");
}
