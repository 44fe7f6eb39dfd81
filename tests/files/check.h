/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/files/check.h: how the programs of this folder say what is false. */
#ifndef TESTS_FILES_CHECK_H
#define TESTS_FILES_CHECK_H

#include <errno.h>
#include <stdio.h>

static int checks, failed;

static inline void check(int ok, const char *file, int line, const char *what)
{
    checks++;
    if (ok)
        return;
    failed++;
    printf("FAIL %s:%d: %s (errno %d)\n", file, line, what, errno);
    fflush(stdout);
}
#define CHECK(x) check(!!(x), __FILE__, __LINE__, #x)
#define FAILS(x, error)                                                        \
    check((x) == -1 && errno == (error), __FILE__, __LINE__, #x)

#endif
