/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/user_abi.h: what the platform promises to code inside a task.
 *
 * A thread starts with its GS base at a block of memory of its own.  The words
 * from PLATFORM_USER_WORDS on in that block are the emulator's (whoever runs at
 * the task's emulation entries): zero when the thread starts, never touched by
 * the platform afterwards, reached as %gs:PLATFORM_USER_WORDS + 8 * n.  The
 * rest of the block is the platform's: a thread that writes there harms nobody
 * but its own task.
 *
 * The FS base is the thread's own to set (wrfsbase).  A thread that moves its
 * GS base keeps its value across traps, but may no longer use the fast entry.
 */
#ifndef PLATFORM_USER_ABI_H
#define PLATFORM_USER_ABI_H

#define PLATFORM_USER_WORDS      0x100
#define PLATFORM_USER_WORD_COUNT 16

/* One word of the platform's part may be read: the address of the fast trap
 * entry (platform_fast_entry), or 0. */
#define PLATFORM_USER_FAST_ENTRY 0x180

/* What runs at or above this address is the platform's own code, on behalf of
 * whoever called the fast entry. */
#define PLATFORM_USER_CODE_LIMIT 0x7ff000000000

#endif /* PLATFORM_USER_ABI_H */
