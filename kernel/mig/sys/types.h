/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mach's debugging interfaces ask for it; they need no more than this. */
#include <stddef.h>
#include <stdint.h>
