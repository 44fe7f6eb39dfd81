/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench/include/sys/types.h: mach_debug's headers ask for it and, as far as
 * they are used here, need this of it. */
#ifndef SYS_TYPES_H
#define SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#endif
