/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/errno.h: the one place where error codes change dialect. */
#ifndef PERSONALITY_ERRNO_H
#define PERSONALITY_ERRNO_H

#include <errno.h>
#include <mach/kern_return.h>

/* What a Linux system call returns for the Hurd's (or Mach's) ERROR: 0, or a
 * negative Linux errno. */
long linux_error(kern_return_t error);

#endif
