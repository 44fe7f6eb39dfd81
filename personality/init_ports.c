/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/init_ports.c: what others may read of the process by its message
 * port: its init ports and integers, as `ps' and debuggers do. */
#include "personality/init_ports.h"
#include "personality/mach.h"
#include "personality/received.h"
#include "personality/unix.h"

#include "hurd/errors.h"

#include <lib/mach/mig_support.h>

#define GET_INIT_PORT 23004
#define GET_INIT_INT  23008
#define REPLY         100

struct get_request {
    mach_msg_header_t header;
    mach_msg_type_t reference_type;
    mach_port_t reference;
    mach_msg_type_t which_type;
    int which, pad;
};

struct get_reply {
    mach_msg_header_t header;
    mach_msg_type_t result_type;
    kern_return_t result;
    int pad;
    mach_msg_type_t value_type;
    union {
        mach_port_t port;
        struct {
            int number, pad;
        };
    } value;
};

static const mach_msg_type_t integer_type = {.msgt_name =
                                                 MACH_MSG_TYPE_INTEGER_32,
                                             .msgt_size = 32,
                                             .msgt_number = 1,
                                             .msgt_inline = 1};

static const mach_msg_type_t port_type = {.msgt_name = MACH_MSG_TYPE_COPY_SEND,
                                          .msgt_size = 64,
                                          .msgt_number = 1,
                                          .msgt_inline = 1};

static kern_return_t get_port(int which, mach_port_t *port)
{
    *port = MACH_PORT_NULL;
    switch (which) {
    case INIT_PORT_CWDIR:
        *port = unix_process.cwdir;
        break;
    case INIT_PORT_CRDIR:
        *port = unix_process.crdir;
        break;
    case INIT_PORT_AUTH:
        *port = unix_process.auth;
        break;
    case INIT_PORT_PROC:
        *port = unix_process.proc;
        break;
    case INIT_PORT_CTTYID:
        *port = unix_process.cttyid;
        break;
    case INIT_PORT_BOOTSTRAP:
        break;
    default:
        return HURD_EINVAL;
    }
    return 0;
}

static kern_return_t get_int(int which, int *value)
{
    if (which != INIT_UMASK)
        return which < 0 || which >= INIT_INT_MAX ? HURD_EINVAL
                                                  : HURD_EOPNOTSUPP;
    *value = (int)unix_process.umask;
    return 0;
}

static kern_return_t look_up(const struct get_request *request,
                             struct get_reply *reply)
{
    bool port = request->header.msgh_id == GET_INIT_PORT;

    if (request->reference != mach_task_self() &&
        request->reference != unix_process.auth)
        return HURD_EPERM;
    reply->value_type = port ? port_type : integer_type;
    return port ? get_port(request->which, &reply->value.port)
                : get_int(request->which, &reply->value.number);
}

static kern_return_t answer(const struct get_request *request)
{
    struct get_reply reply = {
        .header = {.msgh_bits = MACH_MSGH_BITS(
                       MACH_MSGH_BITS_REMOTE(request->header.msgh_bits), 0),
                   .msgh_size = sizeof reply,
                   .msgh_remote_port = request->header.msgh_remote_port,
                   .msgh_id = request->header.msgh_id + REPLY},
        .result_type = integer_type};
    kern_return_t kr;

    /* The right stays the process's until it has been copied. */
    lock_take(&unix_process.lock);
    kr = look_up(request, &reply);
    if (!kr && request->header.msgh_id == GET_INIT_PORT)
        reply.header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    if (!kr && MACH_PORT_VALID(request->header.msgh_remote_port))
        mach_msg_trap(&reply.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
                      sizeof reply, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
    lock_release(&unix_process.lock);
    return kr;
}

bool init_ports_are_asked(const mach_msg_header_t *header)
{
    return header->msgh_id == GET_INIT_PORT || header->msgh_id == GET_INIT_INT;
}

kern_return_t init_ports_serve(const mach_msg_header_t *header)
{
    const struct get_request *request = (const void *)header;
    kern_return_t kr = MIG_BAD_ARGUMENTS;

    if (received_rights(header, sizeof *request,
                        (const mach_msg_type_t *[]){&request->reference_type},
                        1) &&
        request->which_type.msgt_name == MACH_MSG_TYPE_INTEGER_32)
        kr = answer(request);
    received_drop(header);
    return kr;
}
