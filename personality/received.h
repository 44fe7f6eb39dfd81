/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/received.h: messages that anybody may have sent.
 *
 * What a message holds is what its items say.  A number where a right should be
 * is the sender's choice: to take it for a right would let him name any of ours.
 */
#ifndef PERSONALITY_RECEIVED_H
#define PERSONALITY_RECEIVED_H

#include "personality/mach.h"

#include <stdbool.h>

/* Whether MSG has SIZE bytes or more, and a send right behind each of COUNT
 * ITEMS, which point into it. */
bool received_rights(const mach_msg_header_t *msg, mach_msg_size_t size,
                     const mach_msg_type_t *const *items, unsigned count);
/* Drops what MSG carries, but for the right to answer. */
void received_drop(const mach_msg_header_t *msg);

#endif
