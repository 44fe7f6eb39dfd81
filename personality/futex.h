/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/futex.h: waking, for those inside. */
#ifndef PERSONALITY_FUTEX_H
#define PERSONALITY_FUTEX_H

#include <stdbool.h>
#include <stdint.h>

long futex_wake(uint64_t address, uint32_t count, bool private);

#endif
