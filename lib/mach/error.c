/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/error.c: what error codes mean. */

#include <hurd/errors.h>
#include <mach/mach.h>
#include <stdio.h>

struct text {
    kern_return_t code;
    const char *text;
};

static const struct text texts[] = {
    {KERN_SUCCESS, "Success"},
    {KERN_INVALID_ADDRESS, "(kernel) invalid address"},
    {KERN_PROTECTION_FAILURE, "(kernel) protection failure"},
    {KERN_NO_SPACE, "(kernel) no space available"},
    {KERN_INVALID_ARGUMENT, "(kernel) invalid argument"},
    {KERN_FAILURE, "(kernel) failure"},
    {KERN_RESOURCE_SHORTAGE, "(kernel) resource shortage"},
    {KERN_NOT_RECEIVER, "(kernel) not the receiver"},
    {KERN_NO_ACCESS, "(kernel) no access"},
    {KERN_MEMORY_FAILURE, "(kernel) memory failure"},
    {KERN_MEMORY_ERROR, "(kernel) memory error"},
    {KERN_NOT_IN_SET, "(kernel) not in a port set"},
    {KERN_NAME_EXISTS, "(kernel) name exists"},
    {KERN_ABORTED, "(kernel) aborted"},
    {KERN_INVALID_NAME, "(kernel) invalid name"},
    {KERN_INVALID_TASK, "(kernel) invalid task"},
    {KERN_INVALID_RIGHT, "(kernel) invalid right"},
    {KERN_INVALID_VALUE, "(kernel) invalid value"},
    {KERN_UREFS_OVERFLOW, "(kernel) too many user references"},
    {KERN_INVALID_CAPABILITY, "(kernel) invalid capability"},
    {KERN_RIGHT_EXISTS, "(kernel) right exists"},
    {KERN_INVALID_HOST, "(kernel) invalid host"},
    {KERN_TERMINATED, "(kernel) terminated"},
    {KERN_TIMEDOUT, "(kernel) timed out"},
    {KERN_INTERRUPTED, "(kernel) interrupted"},
    {MIG_TYPE_ERROR, "(MIG) answer of the wrong type"},
    {MIG_REPLY_MISMATCH, "(MIG) answer to another call"},
    {MIG_REMOTE_ERROR, "(MIG) remote error"},
    {MIG_BAD_ID, "(MIG) the server does not know this call"},
    {MIG_BAD_ARGUMENTS, "(MIG) the server rejected the arguments"},
    {MIG_NO_REPLY, "(MIG) no reply"},
    {MIG_ARRAY_TOO_LARGE, "(MIG) array too large"},
    {MIG_SERVER_DIED, "(MIG) the server died"},
    {MACH_SEND_INVALID_DEST, "(send) invalid destination port"},
    {MACH_SEND_TIMED_OUT, "(send) timed out"},
    {MACH_SEND_INTERRUPTED, "(send) interrupted"},
    {MACH_SEND_INVALID_RIGHT, "(send) invalid right"},
    {MACH_SEND_INVALID_MEMORY, "(send) invalid memory"},
    {MACH_SEND_INVALID_TYPE, "(send) invalid type"},
    {MACH_SEND_INVALID_HEADER, "(send) invalid header"},
    {MACH_RCV_INVALID_NAME, "(receive) invalid name"},
    {MACH_RCV_TIMED_OUT, "(receive) timed out"},
    {MACH_RCV_TOO_LARGE, "(receive) message too large"},
    {MACH_RCV_INTERRUPTED, "(receive) interrupted"},
    {MACH_RCV_PORT_DIED, "(receive) port died"},
    {MACH_RCV_BODY_ERROR, "(receive) no room for the body"},
    {2500, "(device) I/O error"},
    {2501, "(device) would block"},
    {2502, "(device) no such device"},
    {2503, "(device) already open"},
    {2504, "(device) device is down"},
    {2505, "(device) bad operation"},
    {2506, "(device) bad record number"},
    {2507, "(device) bad size"},
    {2508, "(device) no memory"},
    {2509, "(device) read only"},
#define X(number, name, words) {HURD_##name, words},
    HURD_ERRORS(X)
#undef X
};

const char *mach_error_string(kern_return_t err)
{
    static __thread char unknown[32];

    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].code == err)
            return texts[i].text;
    snprintf(unknown, sizeof unknown, "error 0x%x", (unsigned)err);
    return unknown;
}
