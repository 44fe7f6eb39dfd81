/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/bare.h: output of programs that are no process: the standard
 * streams are Mach's console.  The first two fail with EBADF for others. */
#ifndef PERSONALITY_BARE_H
#define PERSONALITY_BARE_H

#include <stdint.h>
#include <sys/uio.h>

long bare_write(int fd, const char *text, uint64_t size);
long bare_writev(int fd, const struct iovec *iov, uint64_t count);
long console_write(const char *text, uint64_t size);

#endif
