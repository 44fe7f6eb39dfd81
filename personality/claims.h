/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/claims.h: files that the process has record locks on.
 *
 * Linux drops a process's locks of a file at any close of it, through whatever
 * open, and when the process ends; not at exec, and a forked child has none.
 * So a file that is locked is claimed at proc (hurd/claims.defs); the claim goes
 * when a descriptor of any open of that file is closed.
 */
#ifndef PERSONALITY_CLAIMS_H
#define PERSONALITY_CLAIMS_H

#include "personality/fd.h"

/* The claim to FILE's port: borrowed from FILE.  0 or -errno. */
long claims_get(struct file *file, mach_port_t *claim);
/* A descriptor of FILE is being closed; FILE is still whole. */
void claims_closing(struct file *file);
/* PORT's claim goes with its file; consumes CLAIM. */
void claims_late(mach_port_t port, mach_port_t claim);
/* In a forked child. */
void claims_forked(void);
/* Whether the next program has to look for claims; and that look. */
bool claims_for_exec(void);
void claims_from_exec(void);

#endif
