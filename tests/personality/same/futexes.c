/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Futexes, and the locks whose owner has ended. */
#include "same.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static uint32_t *words; /* shared with children */

static long futex(uint32_t *word, int op, uint32_t value, const void *time,
                  uint32_t *other, uint32_t last)
{
    return syscall(SYS_futex, word, op, value, time, other, last);
}

static struct timespec from_now_ms(clockid_t clock, long ms)
{
    struct timespec time;

    clock_gettime(clock, &time);
    time.tv_nsec += ms * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* --- waiting and waking ---------------------------------------------------- */

static uint32_t word, second;
static int woken;
static int private = FUTEX_PRIVATE_FLAG;

static void *wait_once(void *arg)
{
    futex(arg, FUTEX_WAIT | private, 0, NULL, NULL, 0);
    __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void start(pthread_t *threads, int count)
{
    woken = 0;
    word = second = 0;
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, wait_once, &word);
    nap_ms(200);
}

static void finish(pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    TELL("all of %d", woken);
}

static void wakes(void)
{
    pthread_t threads[6];

    SAY(futex(&word, FUTEX_WAKE | private, 1, NULL, NULL, 0));
    start(threads, 5);
    SAY(futex(&word, FUTEX_WAKE | private, 2, NULL, NULL, 0));
    nap_ms(100);
    TELL("%d", woken);
    SAY(futex(&word, FUTEX_WAKE | private, 0, NULL, NULL, 0));
    SAY(futex(&word, FUTEX_CMP_REQUEUE | private, 1, (void *)2, &second, 7));
    SAY(futex(&word, FUTEX_CMP_REQUEUE | private, 1, (void *)2, &second, 0));
    nap_ms(100);
    TELL("%d", woken);
    SAY(futex(&second, FUTEX_WAKE | private, 10, NULL, NULL, 0));
    SAY(futex(&word, FUTEX_WAKE | private, 10, NULL, NULL, 0));
    finish(threads, 5);
    start(threads, 3);
    SAY(futex(&word, FUTEX_REQUEUE | private, 0, (void *)10, &second, 0));
    SAY(futex(&second, FUTEX_WAKE | private, 0x7fffffff, NULL, NULL, 0));
    finish(threads, 3);
    start(threads, 3);
    SAY(futex(&word, FUTEX_WAKE_BITSET | private, 1, NULL, NULL, ~0u));
    SAY(futex(&word, FUTEX_WAKE_BITSET | private, 1, NULL, NULL, 0));
    SAY(futex(&word, FUTEX_WAKE | private, 100, NULL, NULL, 0));
    finish(threads, 3);
}

static void wake_ops(void)
{
    pthread_t threads[2];

    start(threads, 2);
    second = 5;
    SAY(futex(&word, FUTEX_WAKE_OP | private, 1, (void *)1, &second,
              FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
    TELL("%u", second);
    SAY(futex(&word, FUTEX_WAKE_OP | private, 1, (void *)1, &second,
              FUTEX_OP(FUTEX_OP_ANDN, 8, FUTEX_OP_CMP_GT, -1)));
    TELL("%u", second);
    finish(threads, 2);
    SAY(futex(&word, FUTEX_WAKE_OP | private, 1, (void *)1, &second,
              FUTEX_OP(FUTEX_OP_SET, -2, FUTEX_OP_CMP_LT, 0)));
    TELL("%d", (int)second);
    SAY(futex(&word, FUTEX_WAKE_OP | private, 1, (void *)1, &second,
              FUTEX_OP((FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT), 4,
                       FUTEX_OP_CMP_GE, 0)));
    TELL("%d", (int)second);
    SAY(futex(&word, FUTEX_WAKE_OP | private, 1, (void *)1, &second,
              FUTEX_OP(FUTEX_OP_XOR, 0xff, FUTEX_OP_CMP_NE, 0)));
    TELL("%d", (int)second);
    SAY(futex(&word, FUTEX_WAKE_OP | private, 1, (void *)1, &second,
              FUTEX_OP(6, 0, FUTEX_OP_CMP_NE, 0)));
    SAY(futex(&word, FUTEX_WAKE_OP | private, 1, (void *)1, &second,
              FUTEX_OP(FUTEX_OP_SET, 0, 9, 0)));
}

static void times(void)
{
    struct timespec time = {0, 20000000}, bad = {0, 1000000000};
    struct timespec past = {1, 0}, negative = {-1, 0};

    word = 1;
    SAY(futex(&word, FUTEX_WAIT | private, 0, NULL, NULL, 0));
    SAY(futex(&word, FUTEX_WAIT | private, 1, &time, NULL, 0));
    SAY(futex(&word, FUTEX_WAIT | private, 1, &bad, NULL, 0));
    SAY(futex(&word, FUTEX_WAIT | private, 1, &negative, NULL, 0));
    time = from_now_ms(CLOCK_MONOTONIC, 20);
    SAY(futex(&word, FUTEX_WAIT_BITSET | private, 1, &time, NULL, ~0u));
    time = from_now_ms(CLOCK_REALTIME, 20);
    SAY(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME | private, 1,
              &time, NULL, ~0u));
    SAY(futex(&word, FUTEX_WAIT_BITSET | private, 1, &past, NULL, ~0u));
    SAY(futex(&word, FUTEX_WAIT_BITSET | private, 1, &bad, NULL, ~0u));
    SAY(futex(&word, FUTEX_WAIT_BITSET | private, 1, &time, NULL, 0));
    SAY(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME | private, 1, NULL, NULL,
              0));
    SAY(futex(&word, 99, 1, NULL, NULL, 0));
    SAY(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT | private, 1, NULL,
              NULL, 0));
    SAY(futex((uint32_t *)8, FUTEX_WAIT | private, 1, NULL, NULL, 0));
    SAY(futex((uint32_t *)8, FUTEX_WAIT, 1, NULL, NULL, 0));
    SAY(futex((uint32_t *)8, FUTEX_WAKE, 1, NULL, NULL, 0));
    SAY(futex((uint32_t *)8, FUTEX_WAKE | private, 1, NULL, NULL, 0));
    SAY(futex(&word, FUTEX_WAIT | private, 1, (void *)8, NULL, 0));
}

static void nothing(int sig)
{
}

static void interrupted(void)
{
    struct sigaction action = {.sa_handler = nothing};
    struct timespec time = {5, 0};

    word = 1;
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    SAY(futex(&word, FUTEX_WAIT | private, 1, NULL, NULL, 0));
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    SAY(futex(&word, FUTEX_WAIT | private, 1, &time, NULL, 0));
}

/* --- locks whose owner ends ------------------------------------------------ */

static pthread_mutex_t *mutex;

static void make_mutex(int shared)
{
    pthread_mutexattr_t how;

    pthread_mutexattr_init(&how);
    pthread_mutexattr_setpshared(&how, shared);
    pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
    memset(mutex, 0, sizeof *mutex);
    SAY(pthread_mutex_init(mutex, &how));
}

static const char *lock(void)
{
    struct timespec time = from_now_ms(CLOCK_REALTIME, 3000);

    return error_name(pthread_mutex_timedlock(mutex, &time));
}

static void *take_it(void *arg)
{
    pthread_mutex_lock(mutex);
    return NULL;
}

static void *wait_for_it(void *arg)
{
    return (void *)lock();
}

static void after_thread(void)
{
    pthread_t thread, waiter;

    make_mutex(PTHREAD_PROCESS_PRIVATE);
    pthread_create(&thread, NULL, take_it, NULL);
    pthread_join(thread, NULL);
    TELL("%s", lock());
    SAY(pthread_mutex_consistent(mutex));
    SAY(pthread_mutex_unlock(mutex));
    TELL("%s", lock());
    pthread_create(&waiter, NULL, wait_for_it, NULL);
    nap_ms(100);
    SAY(pthread_mutex_unlock(mutex));
    void *result;
    pthread_join(waiter, &result);
    TELL("%s", (char *)result);
    TELL("%s", lock());
    SAY(pthread_mutex_unlock(mutex));
    /* Not made consistent: lost. */
    TELL("%s", lock());
}

static void after_process(int sig, int in_thread)
{
    int ready[2];
    pthread_t thread;
    pid_t child;
    char c;

    pipe(ready);
    make_mutex(PTHREAD_PROCESS_SHARED);
    IN_CHILD(child)
    {
        if (in_thread) {
            pthread_create(&thread, NULL, take_it, NULL);
            nap_ms(50);
        } else {
            pthread_mutex_lock(mutex);
        }
        write(ready[1], "x", 1);
        if (sig)
            pause();
    }
    read(ready[0], &c, 1);
    if (sig)
        kill(child, sig);
    TELL("%s", lock());
    end_of(child);
    SAY(pthread_mutex_consistent(mutex));
    SAY(pthread_mutex_unlock(mutex));
    TELL("%s", lock());
    SAY(pthread_mutex_unlock(mutex));
    close(ready[0]);
    close(ready[1]);
}

/* Several at once, and others wait already. */
static void many(void)
{
    pthread_mutex_t *locks = mutex + 1;
    pthread_mutexattr_t how;
    int ready[2];
    pid_t child, waiters[2];
    char c;

    pthread_mutexattr_init(&how);
    pthread_mutexattr_setpshared(&how, 1);
    pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < 5; i++)
        pthread_mutex_init(&locks[i], &how);
    pipe(ready);
    IN_CHILD(child)
    {
        for (int i = 0; i < 5; i++)
            pthread_mutex_lock(&locks[i]);
        pthread_mutex_unlock(&locks[2]);
        write(ready[1], "x", 1);
        pause();
    }
    read(ready[0], &c, 1);
    for (int i = 0; i < 2; i++)
        IN_CHILD(waiters[i])
    _exit(pthread_mutex_lock(&locks[i + 3]));
    nap_ms(200);
    kill(child, SIGKILL);
    for (int i = 0; i < 2; i++)
        TELL("%s", error_name(WEXITSTATUS(end_of(waiters[i]))));
    end_of(child);
    for (int i = 0; i < 5; i++)
        TELL("%d %s", i, error_name(pthread_mutex_lock(&locks[i])));
}

static void lists(void)
{
    struct robust_list_head *head = NULL;
    size_t size = 0;

    SAY(syscall(SYS_get_robust_list, 0, &head, &size));
    TELL("%d %zu", head != NULL, size);
    SAY(syscall(SYS_get_robust_list, 1 << 29, &head, &size));
    SAY(syscall(SYS_set_robust_list, head, 8));
    SAY(syscall(SYS_get_robust_list, 0, (void *)8, &size));
}

static void shared_words(void)
{
    pid_t child;

    words[0] = 0;
    IN_CHILD(child)
    {
        nap_ms(200);
        words[0] = 1;
        _exit((int)futex(words, FUTEX_WAKE, 1, NULL, NULL, 0));
    }
    SAY(futex(words, FUTEX_WAIT, 0, NULL, NULL, 0));
    TELL("%d", WEXITSTATUS(end_of(child)));
}

int main(void)
{
    words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    mutex = (pthread_mutex_t *)(words + 64);
    wakes();
    private = 0;
    wakes();
    wake_ops();
    times();
    private = FUTEX_PRIVATE_FLAG;
    times();
    interrupted();
    shared_words();
    lists();
    after_thread();
    after_process(0, 0);
    after_process(0, 1);
    after_process(SIGTERM, 0);
    after_process(SIGKILL, 0);
    after_process(SIGKILL, 1);
    many();
    return 0;
}
