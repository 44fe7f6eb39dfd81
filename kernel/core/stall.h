/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/stall.h: a boot in which nothing can happen any more.
 *
 * Until somebody waits for the console or the power button, all that happens is
 * what tasks do for each other.  When for a while no task has sent another a
 * message, no thread runs and no disk is asked for anything, and somebody waits
 * for an answer, or was never resumed, then this stays so: the machine ends with
 * a line that names who waits for whom.  A task that only sleeps is left alone.
 */
#ifndef CORE_STALL_H
#define CORE_STALL_H

#include "core/core.h"

/* A task has sent a message to another. */
void stall_not(void);

void stall_module_init(void);
void stall_module_fini(void);

#endif
