/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/user.h: the program's memory, where it may not be there.
 *
 * A system call that touches a bad address otherwise ends at once with EFAULT,
 * wherever it is; what must go on, or holds something, uses these.  They are for
 * the program's own threads.
 */
#ifndef PERSONALITY_USER_H
#define PERSONALITY_USER_H

#include <stdint.h>

/* 0, or -1 if a part was not there. */
int user_copy(void *to, const void *from, uint64_t size);
/* 0 if *WORD was OLD and now is NEW, 1 if it was not, -1 if it was not there. */
int user_exchange(uint32_t *word, uint32_t old, uint32_t new);

#endif
