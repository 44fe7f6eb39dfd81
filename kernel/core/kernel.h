/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/kernel.h: the kernel as a whole, and its message log.
 *
 * kernel_print sends text to the console and keeps the last of it for the kmsg
 * device.
 */
#ifndef CORE_KERNEL_H
#define CORE_KERNEL_H

#include "core/core.h"

#define KERNEL_LOG_SIZE 16384u

void kernel_print(const char *text, size_t size_bytes);

/* With the word `quiet' on the kernel's command line nothing is shown on the
 * console, but all of it kept in the log, until kernel_console_show. */
void kernel_console_show(bool shown);
/* A task's output: shown, but kept only if it is not. */
void kernel_console_write(const char *text, size_t size_bytes);

/* Copies what was printed from POSITION (bytes since boot) on; a position that
 * the log has lost is moved up.  Returns the bytes copied. */
size_t kernel_log_read(uint64_t *position, char *buffer, size_t size_bytes);
/* Called after each kernel_print; the kmsg device sets it. */
extern void (*kernel_log_listener)(void);

/* The command line the kernel was booted with. */
extern const char *kernel_command_line;

/* Does all that an entry has set off; the end of each of them. */
void kernel_settle(void);

/* A task has ended: at the end of the entry it is looked whether another one is
 * left. */
void kernel_task_ended(void);

/* Ends the machine: hell's exit status is 0 for an orderly end. */
void kernel_halt(int status, const char *why);
/* The same, with status 0, and the machine is to boot again. */
void kernel_reboot(const char *why);
/* It is coming to its end, or there already. */
bool kernel_is_halted(void);

#endif
