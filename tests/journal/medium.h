/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/journal/medium.h: servers/ext2fs/disk.h in memory, with all that reaches
 * the medium written down: so it can be had as it was at any moment, and with
 * some of what no barrier held in its order. */
#ifndef TESTS_JOURNAL_MEDIUM_H
#define TESTS_JOURNAL_MEDIUM_H

#include <stddef.h>
#include <stdint.h>

/* The image in the file PATH, nothing written so far. */
void medium_load(const char *path);
void medium_forget(void);
/* There are two: the other one is used from now on. */
void medium_swap(void);
/* How many writes and barriers there were. */
size_t medium_events(void);
/* Some of what is dirty goes home, as a full cache does it. */
void medium_evict(unsigned *seed);
/* The medium after the first COUNT events; if SEED is not null, without some of
 * the writes that came after the last barrier among them. */
void medium_store(const char *path, size_t count, unsigned *seed);
/* As everybody who reads sees it. */
const char *medium_view(size_t *size);
/* From now on FN, if it is not null, is called behind whatever reaches the medium,
 * but not within FN. */
void medium_meanwhile(void (*fn)(void));
/* From the write COUNT on nothing works any more. */
void medium_fail_from(size_t count);

#endif
