/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of a task that has no C library's output: counted, and what fails is
 * said through mach_print.  CHECK_NAME, defined before, names the program. */
#ifndef HURD_CHECK_H
#define HURD_CHECK_H

#include <hurd/libhurd.h>

static int checks, failures;

#define CHECK(what, condition)                                                 \
    do {                                                                       \
        checks++;                                                              \
        if (!(condition)) {                                                    \
            failures++;                                                        \
            mach_printf(CHECK_NAME ": FAILED: %s (%s)\n", what, #condition);   \
        }                                                                      \
    } while (0)
#define OK(call)                                                               \
    do {                                                                       \
        error_t ok_err = (call);                                               \
        checks++;                                                              \
        if (ok_err) {                                                          \
            failures++;                                                        \
            mach_printf(CHECK_NAME ": FAILED: %s: %s\n", #call,                \
                        mach_error_string(ok_err));                            \
        }                                                                      \
    } while (0)

#endif
