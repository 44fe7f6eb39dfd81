/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/convert.h"

#include "hurd/fcntl.h"

#include <fcntl.h>

int status_flags_to_hurd(int flags)
{
    return (flags & O_APPEND ? HO_APPEND : 0) |
           (flags & O_NONBLOCK ? HO_NONBLOCK : 0) |
           (flags & O_ASYNC ? HO_ASYNC : 0) | (flags & O_DSYNC ? HO_FSYNC : 0) |
           (flags & O_NOATIME ? HO_NOATIME : 0);
}

int status_flags_to_linux(int bits)
{
    int access = bits & HO_RDWR;

    return (access == HO_RDWR    ? O_RDWR
            : access == HO_WRITE ? O_WRONLY
                                 : O_RDONLY) |
           (bits & HO_APPEND ? O_APPEND : 0) |
           (bits & HO_NONBLOCK ? O_NONBLOCK : 0) |
           (bits & HO_ASYNC ? O_ASYNC : 0) | (bits & HO_FSYNC ? O_SYNC : 0) |
           (bits & HO_NOATIME ? O_NOATIME : 0);
}

int open_flags_to_hurd(int flags)
{
    int access = flags & O_ACCMODE;
    int hurd = access == O_RDONLY   ? HO_READ
               : access == O_WRONLY ? HO_WRITE
                                    : HO_RDWR;

    if (flags & O_PATH)
        return flags & O_NOFOLLOW ? HO_NOLINK : 0;
    return hurd | status_flags_to_hurd(flags) |
           (flags & O_CREAT ? HO_CREAT : 0) | (flags & O_EXCL ? HO_EXCL : 0) |
           (flags & O_NOFOLLOW ? HO_NOLINK : 0);
}
