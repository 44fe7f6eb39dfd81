/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot/boot.h: starting the first tasks from the boot loader's modules.
 *
 * The modules' command lines are GNU Mach's boot script (boot/script.h).  All
 * modules are loaded, one after another, before the first one is resumed.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "core/core.h"

/* Returns 0, or -1 after one line on the console that names the module, the
 * word and the reason. */
int boot_modules(const struct kernel_config *config);

/* Whether there were modules, and all that shall run have been started. */
bool boot_is_done(void);

/* Console input while $(prompt-task-resume) waits for the return key.  True if
 * the input was for it. */
bool boot_console_input(const char *text, size_t size_bytes);

void boot_module_fini(void);

#endif
