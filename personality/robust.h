/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/robust.h: locks whose owner ends.
 *
 * A thread tells where the list of the robust locks that it holds begins; at its
 * end they are marked and whoever waits is woken, in this process or another.
 */
#ifndef PERSONALITY_ROBUST_H
#define PERSONALITY_ROBUST_H

#include "personality/thread.h"

/* THREAD, which may be another, has ended as far as the program can tell. */
void robust_release(const struct thread *thread);
/* So have all of them.  Waits for nobody for long. */
void robust_release_all(void);

#endif
