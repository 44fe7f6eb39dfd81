/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command's standard streams.
 *
 * Where the machine's console is a terminal the command gets the system's
 * terminal; where it is a file or a pipe the command gets a pipe, so that it
 * sees what it would see outside, and what goes through is passed on. */
#ifndef RUNCOMMAND_STREAMS_H
#define RUNCOMMAND_STREAMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STREAMS_INPUT_PLAIN  1 /* the console's input is no terminal */
#define STREAMS_OUTPUT_PLAIN 2 /* its output is none */

struct streams {
    int in, out;  /* the command's ends, or -1: the terminal */
    int drain;    /* our end of OUT's pipe, or -1 */
    pid_t feeder; /* who passes on the input, or 0 */
};

/* Makes what FLAGS (STREAMS_...) ask for; false with errno set if it can't. */
bool streams_open(struct streams *s, uint32_t flags);
/* In the command's process: makes them its standard streams. */
void streams_use(const struct streams *s);
/* Passes on what the command writes until there is something to read on ENDED,
 * and then what is still in the pipe; does not wait for what processes in the
 * background may write later. */
void streams_pass(struct streams *s, int ended);

#endif
