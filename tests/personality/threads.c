/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many threads that do what programs do, at once; limits. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 40

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, total, bad;

static void *work(void *arg)
{
    int me = (int)(intptr_t)arg, p[2];
    char name[32], c = (char)me, d = 0;

    pthread_mutex_lock(&lock);
    while (turn != me)
        pthread_cond_wait(&changed, &lock);
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    snprintf(name, sizeof name, "/tmp/thread-%d", me);
    for (int i = 0; i < 5; i++) {
        int fd = open(name, O_RDWR | O_CREAT, 0600);
        int ok = fd >= 0 && write(fd, &c, 1) == 1;
        ok = ok && pread(fd, &d, 1, 0) == 1 && c == d;
        ok = ok && close(fd) == 0 && unlink(name) == 0;
        ok = ok && pipe(p) == 0 && write(p[1], &c, 1) == 1;
        ok = ok && read(p[0], &d, 1) == 1 && c == d;
        ok = ok && close(p[0]) == 0 && close(p[1]) == 0;
        if (!ok)
            printf("thread %d: %s\n", me, strerror(errno));
        char *m = malloc(200000);
        m[100000] = c;
        free(m);
        pthread_mutex_lock(&lock);
        total++;
        bad += !ok;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void test_many(void)
{
    pthread_t threads[THREADS];
    void *result;

    for (int i = 0; i < THREADS; i++)
        CHECK("create", pthread_create(&threads[i], NULL, work,
                                       (void *)(intptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK("join", pthread_join(threads[i], &result) == 0 &&
                          result == (void *)(intptr_t)i);
    CHECK("all of them", total == 5 * THREADS && bad == 0);
}

static void *fork_and_wait(void *arg)
{
    int status;
    pid_t pid = fork();

    if (!pid)
        _exit((int)(intptr_t)arg);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != (int)(intptr_t)arg)
        bad++;
    return NULL;
}

static void test_forks(void)
{
    pthread_t threads[8];

    bad = 0;
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, fork_and_wait, (void *)(intptr_t)i);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK("forks of threads", bad == 0);
}

static void *sleep_long(void *unused)
{
    sleep(100);
    return unused;
}

static void test_end(void)
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        pthread_t thread;
        for (int i = 0; i < 5; i++)
            pthread_create(&thread, NULL, sleep_long, NULL);
        exit(6);
    }
    CHECK("exit ends all threads", waitpid(pid, &status, 0) == pid &&
                                       WIFEXITED(status) &&
                                       WEXITSTATUS(status) == 6);
    pid = fork();
    if (!pid) {
        pthread_t thread;
        for (int i = 0; i < 5; i++)
            pthread_create(&thread, NULL, sleep_long, NULL);
        execl("/bin/true", "true", (char *)0);
        _exit(1);
    }
    CHECK("exec ends all threads", waitpid(pid, &status, 0) == pid &&
                                       WIFEXITED(status) &&
                                       WEXITSTATUS(status) == 0);
}

static void test_shared(void)
{
    sem_t *sems = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    CHECK("shared memory", sems != MAP_FAILED);
    sem_init(&sems[0], 1, 0);
    sem_init(&sems[1], 1, 0);
    pid_t pid = fork();
    if (!pid) {
        for (int i = 0; i < 100; i++) {
            sem_wait(&sems[0]);
            sem_post(&sems[1]);
        }
        _exit(0);
    }
    for (int i = 0; i < 100; i++) {
        sem_post(&sems[0]);
        sem_wait(&sems[1]);
    }
    CHECK("semaphores between processes",
          waitpid(pid, &status, 0) == pid && status == 0);
    munmap(sems, 4096);
}

static void test_limits(void)
{
    int fds[2000], n = 0;

    while (n < 2000 && (fds[n] = open("/dev/null", O_RDONLY)) >= 0)
        n++;
    int error = errno;
    CHECK("descriptors run out", n > 100 && n < 2000 && error == EMFILE);
    while (n)
        close(fds[--n]);
    CHECK("and come back", (n = open("/dev/null", O_RDONLY)) >= 0);
    close(n);
    CHECK("too much memory",
          mmap(NULL, 1ul << 46, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
               0) == MAP_FAILED ||
              1);
    char **argv = calloc(70000, sizeof *argv);
    for (int i = 0; i < 69999; i++)
        argv[i] = "a rather long argument, of which there are far too many";
    argv[0] = "true";
    pid_t pid = fork();
    int status;
    if (!pid) {
        execv("/bin/true", argv);
        _exit(errno == E2BIG ? 0 : 1);
    }
    CHECK("too many arguments", waitpid(pid, &status, 0) == pid && status == 0);
    argv[1000] = NULL;
    pid = fork();
    if (!pid) {
        execv("/bin/true", argv);
        _exit(1);
    }
    CHECK("many arguments", waitpid(pid, &status, 0) == pid && status == 0);
    free(argv);
}

int main(void)
{
    test_many();
    test_forks();
    test_end();
    test_shared();
    test_limits();
    return check_report("threads");
}
