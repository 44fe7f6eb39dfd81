/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/process.h: the process as a whole. */
#ifndef PERSONALITY_PROCESS_H
#define PERSONALITY_PROCESS_H

#include <stdint.h>

struct frame;

/* The Hurd's pid, or 1 as long as there is no process server. */
int process_pid(void);
int thread_next_tid(void);

/* Ends it: STATUS as exit gives it. */
_Noreturn void process_exit(int status);

/* The same with the wire's wait status: a signal's end. */
_Noreturn void process_die(int hurd_status);

/* Processor time used so far: by the program (0), for it (1). */
int64_t process_time_us(int which);
int64_t thread_time_us(int which);

/* kill(2). */
long process_kill(int pid, int sig);

/* fork, and clone that makes a process; a negative errno or the child's pid, 0
 * in the child. */
long process_fork(struct frame *frame, uint64_t flags, uint64_t stack,
                  int *parent_tid, int *child_tid);

#endif
