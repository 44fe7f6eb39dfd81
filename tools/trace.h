/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/trace.h: showing what a message trace tells. */
#ifndef TOOLS_TRACE_H
#define TOOLS_TRACE_H

/* `hell trace'; WORDS are those from `trace' on.  Returns the exit status. */
int trace_command(char **words);

#endif /* TOOLS_TRACE_H */
