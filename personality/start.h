/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/start.h: from a task's first instruction to the program's. */
#ifndef PERSONALITY_START_H
#define PERSONALITY_START_H

#include <mach/port.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hurd/startup_info.h"

/* What a boot module's first thread has in its registers (kernel/boot), and,
 * in its first two words, what exec gives (the interpreter's entry and base,
 * or zeros).  Pushed by entry.S. */
struct start_registers {
    uint64_t entry, headers, header_count, base, fast_entry, emulator_base;
    uint64_t stack; /* the initial stack pointer */
};

/* What the program was started with; AT_HURD_STARTUP points to it. */
extern struct hurd_startup_info startup_info;

/* Set by HELL_TRACE_SYSCALLS in the environment: say which calls are missing. */
extern bool startup_trace_unknown;

/* The two halves of starting, called by entry.S: what runs on the initial stack,
 * and what runs on the first thread's own. */
void personality_main(struct start_registers *registers);
_Noreturn void personality_finish(void);

#endif
