/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/bare.c: what a program has before there are servers. */
#include "personality/bare.h"
#include "personality/errno.h"
#include "personality/mach.h"
#include "personality/unix.h"

long console_write(const char *text, uint64_t size)
{
    char piece[256];

    for (uint64_t left = size; left;) {
        uint64_t n = left < sizeof piece - 1 ? left : sizeof piece - 1;
        memcpy(piece, text, n);
        piece[n] = 0;
        mach_print(piece);
        text += n;
        left -= n;
    }
    return (long)size;
}

long bare_write(int fd, const char *text, uint64_t size)
{
    if (unix_process.proc || (fd != 1 && fd != 2))
        return -EBADF;
    return console_write(text, size);
}

long bare_writev(int fd, const struct iovec *iov, uint64_t count)
{
    long total = 0;

    for (uint64_t i = 0; i < count; i++) {
        long n = bare_write(fd, iov[i].iov_base, iov[i].iov_len);
        if (n < 0)
            return n;
        total += n;
    }
    return total;
}
