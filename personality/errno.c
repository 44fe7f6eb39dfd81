/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/errno.h"

#include <device/device_types.h>
#include <mach/message.h>
#include <mach/mig_errors.h>

#define HURD_SYSTEM  0x40000000
#define HURD_CODE(e) ((e)&0x3fff)

/* By the Hurd's number (HURD-FACTS 5.6); those that Linux lacks get the one
 * that says the same to a program. */
static const unsigned char hurd_to_linux[] = {
    [1] = EPERM,
    [2] = ENOENT,
    [3] = ESRCH,
    [4] = EINTR,
    [5] = EIO,
    [6] = ENXIO,
    [7] = E2BIG,
    [8] = ENOEXEC,
    [9] = EBADF,
    [10] = ECHILD,
    [11] = EDEADLK,
    [12] = ENOMEM,
    [13] = EACCES,
    [14] = EFAULT,
    [15] = ENOTBLK,
    [16] = EBUSY,
    [17] = EEXIST,
    [18] = EXDEV,
    [19] = ENODEV,
    [20] = ENOTDIR,
    [21] = EISDIR,
    [22] = EINVAL,
    [23] = ENFILE,
    [24] = EMFILE,
    [25] = ENOTTY,
    [26] = ETXTBSY,
    [27] = EFBIG,
    [28] = ENOSPC,
    [29] = ESPIPE,
    [30] = EROFS,
    [31] = EMLINK,
    [32] = EPIPE,
    [33] = EDOM,
    [34] = ERANGE,
    [35] = EAGAIN,
    [36] = EINPROGRESS,
    [37] = EALREADY,
    [38] = ENOTSOCK,
    [39] = EDESTADDRREQ,
    [40] = EMSGSIZE,
    [41] = EPROTOTYPE,
    [42] = ENOPROTOOPT,
    [43] = EPROTONOSUPPORT,
    [44] = ESOCKTNOSUPPORT,
    [45] = EOPNOTSUPP,
    [46] = EPFNOSUPPORT,
    [47] = EAFNOSUPPORT,
    [48] = EADDRINUSE,
    [49] = EADDRNOTAVAIL,
    [50] = ENETDOWN,
    [51] = ENETUNREACH,
    [52] = ENETRESET,
    [53] = ECONNABORTED,
    [54] = ECONNRESET,
    [55] = ENOBUFS,
    [56] = EISCONN,
    [57] = ENOTCONN,
    [58] = ESHUTDOWN,
    [59] = ETOOMANYREFS,
    [60] = ETIMEDOUT,
    [61] = ECONNREFUSED,
    [62] = ELOOP,
    [63] = ENAMETOOLONG,
    [64] = EHOSTDOWN,
    [65] = EHOSTUNREACH,
    [66] = ENOTEMPTY,
    [67] = EAGAIN,
    [68] = EUSERS,
    [69] = EDQUOT,
    [70] = ESTALE,
    [71] = EREMOTE,
    [72] = EPROTO,
    [73] = EPROTO,
    [74] = EPROTO,
    [75] = EPROTO,
    [76] = EPROTO,
    [77] = ENOLCK,
    [78] = ENOSYS,
    [79] = EINVAL,
    [80] = EACCES,
    [81] = EACCES,
    [82] = EINVAL,
    [83] = ELIBEXEC,
    [100] = EIO,
    [101] = EIO,
    [102] = EIO,
    [103] = EIO,
    [104] = EIO,
    [105] = EIO,
    [106] = EILSEQ,
    [107] = EBADMSG,
    [108] = EIDRM,
    [109] = EMULTIHOP,
    [110] = ENODATA,
    [111] = ENOLINK,
    [112] = ENOMSG,
    [113] = ENOSR,
    [114] = ENOSTR,
    [115] = EOVERFLOW,
    [116] = EPROTO,
    [117] = ETIME,
    [118] = EOPNOTSUPP,
    [119] = ECANCELED,
    [120] = EOWNERDEAD,
    [121] = ENOTRECOVERABLE,
};

static int mach_to_linux(kern_return_t error)
{
    switch (error) {
    case MACH_SEND_INVALID_MEMORY:
    case MACH_SEND_INVALID_DATA: /* a pager could not bring it */
    case KERN_MEMORY_ERROR:
    case KERN_INVALID_ADDRESS:
    case KERN_PROTECTION_FAILURE:
        return EFAULT;
    case KERN_NO_SPACE:
    case KERN_RESOURCE_SHORTAGE:
    case MACH_SEND_NO_BUFFER:
        return ENOMEM;
    case KERN_INVALID_ARGUMENT:
    case KERN_INVALID_VALUE:
        return EINVAL;
    case KERN_NO_ACCESS:
        return EACCES;
    case KERN_ABORTED:
    case MACH_SEND_INTERRUPTED:
    case MACH_RCV_INTERRUPTED:
        return EINTR;
    case KERN_TIMEDOUT:
        return ETIMEDOUT;
    case MIG_BAD_ID:
        return EOPNOTSUPP;
    case MACH_SEND_INVALID_DEST:
    case MIG_SERVER_DIED:
        return EIO; /* what served this is gone */
    case D_NO_SUCH_DEVICE:
        return ENXIO;
    case D_WOULD_BLOCK:
        return EAGAIN;
    case D_READ_ONLY:
        return EROFS;
    default:
        return EIO;
    }
}

long linux_error(kern_return_t error)
{
    if (!error)
        return 0;
    if ((error & ~0x3fff) != HURD_SYSTEM)
        return -mach_to_linux(error);
    unsigned code = HURD_CODE(error);
    if (code < sizeof hurd_to_linux && hurd_to_linux[code])
        return -(long)hurd_to_linux[code];
    return -EIO;
}
