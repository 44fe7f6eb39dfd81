/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/rlock.h: between rlock.c and rlock_owner.c.  The mutex that guards
 * the boxes is held throughout; all boxes of a program share one. */

#ifndef LIB_FSHELP_RLOCK_H
#define LIB_FSHELP_RLOCK_H

#include <fshelp/fshelp.h>
#include <hurd/fcntl.h>

/* What PO's claims made its process. */
struct rlock_owner *rlock_owner_of(struct rlock_peropen *po, mach_port_t claim);
pid_t rlock_owner_pid(const struct rlock_owner *owner);
/* Whether PO has a claim of OWNER's. */
boolean_t rlock_owner_claimed(const struct rlock_owner *owner,
                              const struct rlock_peropen *po);
/* PO goes, and the claims to it. */
void rlock_owner_leave(struct rlock_peropen *po);

/* Drops all locks of OWNER, an open or a process; who waits is woken. */
void rlock_drop(struct rlock_box *box, const void *owner);

#endif
