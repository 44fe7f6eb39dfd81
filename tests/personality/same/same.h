/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/personality/same/same.h: programs that say, a line for each case, what
 * their system did.  Run on the host and inside, both must say the same: so
 * nothing may be printed that two runs on Linux would not agree on. */
#ifndef TESTS_PERSONALITY_SAME_H
#define TESTS_PERSONALITY_SAME_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *error_name(int error)
{
    const char *name = error ? strerrorname_np(error) : "0";

    return name ? name : "?";
}

/* What EXPR returned, or the error that it failed with. */
#define SAY(expr)                                                              \
    do {                                                                       \
        errno = 0;                                                             \
        long said = (long)(expr);                                              \
        int said_errno = errno;                                                \
        if (said == -1)                                                        \
            printf("%d: %s: %s\n", __LINE__, #expr, error_name(said_errno));   \
        else                                                                   \
            printf("%d: %s: %ld\n", __LINE__, #expr, said);                    \
        fflush(stdout);                                                        \
    } while (0)

/* The same of what is only known to succeed. */
#define SAY_OK(expr)                                                           \
    do {                                                                       \
        errno = 0;                                                             \
        long said = (long)(expr);                                              \
        printf("%d: %s: %s\n", __LINE__, #expr,                                \
               said == -1 ? error_name(errno) : "ok");                         \
        fflush(stdout);                                                        \
    } while (0)

#define TELL(...)                                                              \
    do {                                                                       \
        printf("%d: ", __LINE__);                                              \
        printf(__VA_ARGS__);                                                   \
        putchar('\n');                                                         \
        fflush(stdout);                                                        \
    } while (0)

/* Runs what follows in a child, which ends behind it. */
#define IN_CHILD(child) for ((child) = fork(); (child) == 0; _exit(0))

static inline int end_of(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static inline void nap_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&time, &time) < 0 && errno == EINTR)
        ;
}

#endif
