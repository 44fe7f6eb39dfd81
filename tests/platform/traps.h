/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/platform/traps.h: between the tests' kernel and their user program. */
#ifndef TESTS_PLATFORM_TRAPS_H
#define TESTS_PLATFORM_TRAPS_H

#include <stdint.h>

typedef uint64_t u64;
typedef int64_t s64;
typedef uint32_t u32;

#define USER_BASE       0x400000
#define FAST_ENTRY_WORD 0x500000 /* a page with the fast entry's address */
#define FAST_ENTRY_TEXT "0x500000"
#define TOUCH_BASE      0x10000000
#define HOLES_BASE      0x20000000
#define STACKS_BASE     0x30000000
#define COUNTERS        0x40000000

#define USER_REPLACED 16 /* offsets in the program: addresses of routines */
#define USER_EMULATOR 24

#define PLATFORM_WRITE   2
#define PLATFORM_EXECUTE 4
#define TRAPPED          0x7e577e57

enum {
    TRAP_SUM = -1,  /* a + 10 b + ... as digits */
    TRAP_DONE = -2, /* this thread has finished */
    TRAP_FAIL = -3, /* in this line */
    TRAP_EXPECT_FAULT = -4,
    TRAP_FAULT_ADDRESS = -5,
    TRAP_LAST_VECTOR = -6,
    TRAP_FS_BASE = -7,
    TRAP_GS_BASE = -8,
    TRAP_REPLACE = -9,
    TRAP_FPU = -10,
    TRAP_STOP_ME = -11,
    TRAP_FPU_REFUSED = -12,
    TRAP_END_ME = -13,
};

enum {
    DO_NULL_SLOW,
    DO_NULL_FAST,
    DO_PRESERVE,
    DO_TOUCH,
    DO_HOLES,
    DO_EXCEPTIONS,
    DO_BASES,
    DO_JUMP,
    DO_FPU,
    DO_SPIN,
    DO_FAST_FOREVER,
    DO_SLOW_FOREVER,
    DO_EMULATION,
    DO_HOSTILE_CALLS,
    DO_HOSTILE_NUMBERS,
    DO_HOSTILE_WRITES,
    DO_HOSTILE_SIGRETURN,
    DO_HOSTILE_SCRIBBLE,
    DO_HOSTILE_FRAME,
    DO_HOSTILE_FPU,
    DO_HOSTILE_GHOST,
    DO_HOSTILE_TID,
};

#endif /* TESTS_PLATFORM_TRAPS_H */
