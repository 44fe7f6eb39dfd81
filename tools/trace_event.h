/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/trace_event.h: a message, as the trace has it (kernel/ipc/trace.h). */
#ifndef TOOLS_TRACE_EVENT_H
#define TOOLS_TRACE_EVENT_H

#include <stdbool.h>

#define TRACE_NAME_SIZE   32
#define TRACE_STRING_SIZE 72

/* Tasks are named without their folder: /hurd/proc is proc to everybody. */
struct trace_event {
    char time[24], sender[TRACE_NAME_SIZE], receiver[TRACE_NAME_SIZE], rpc[64];
    char target[TRACE_NAME_SIZE];   /* task:, or empty */
    char string[TRACE_STRING_SIZE]; /* the first one, or empty */
    bool reply;
    unsigned long size, port, reply_port, right;
    long result;
};

/* Reads a line, which is spoiled.  False if it is none of a trace's. */
bool trace_event_read(char *line, struct trace_event *event);

#endif /* TOOLS_TRACE_EVENT_H */
