/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/checker.h: what must be true of the kernel between two entries.
 *
 * Looks at every task, port, message, map and frame.  Returns NULL, or what is
 * not as it must be.
 */
#ifndef TESTS_CHECKER_H
#define TESTS_CHECKER_H

const char *check_kernel(void);

#endif
