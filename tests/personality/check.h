/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/personality/check.h: ordinary Linux programs that ask what Linux
 * promises.  The same binaries pass on Linux itself. */
#ifndef TESTS_PERSONALITY_CHECK_H
#define TESTS_PERSONALITY_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int checks, failures;

#define CHECK(what, condition)                                                 \
    do {                                                                       \
        int check_errno;                                                       \
        errno = 0;                                                             \
        checks++;                                                              \
        if (!(condition)) {                                                    \
            check_errno = errno;                                               \
            failures++;                                                        \
            printf("FAILED %s:%d: %s: %s (%s)\n", __FILE__, __LINE__, what,    \
                   #condition, strerror(check_errno));                         \
            fflush(stdout);                                                    \
        }                                                                      \
    } while (0)

static inline int check_report(const char *name)
{
    printf("%s: %d checks, %d failed\n", name, checks, failures);
    fflush(stdout);
    return failures != 0;
}

#endif
