/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/server.c: the loop of a single threaded server. */

#include <mach/mach.h>
#include <mach/notify.h>
#include <stdlib.h>

boolean_t mach_msg_is_kernels(const mach_msg_header_t *msg)
{
    return MACH_MSGH_BITS_LOCAL(msg->msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE;
}

/* A notification from one who has no more than a right to send here. */
static boolean_t is_forged(const mach_msg_header_t *msg)
{
    return msg->msgh_id >= MACH_NOTIFY_FIRST &&
           msg->msgh_id <= MACH_NOTIFY_LAST && !mach_msg_is_kernels(msg);
}

boolean_t mach_msg_serve_one(mach_msg_demuxer_t demuxer,
                             mach_msg_header_t *request,
                             mach_msg_header_t *reply)
{
    mig_reply_header_t *out = (mig_reply_header_t *)reply;

    mig_reply_setup(request, reply);
    if (!is_forged(request))
        demuxer(request, reply);

    /* A complex reply has no return code worth looking at: it is a success. */
    if (!(reply->msgh_bits & MACH_MSGH_BITS_COMPLEX)) {
        if (out->RetCode == MIG_NO_REPLY)
            return FALSE;
        if (out->RetCode != KERN_SUCCESS) {
            request->msgh_remote_port = MACH_PORT_NULL;
            mach_msg_destroy(request);
        }
    }
    if (!MACH_PORT_VALID(reply->msgh_remote_port)) {
        if (reply->msgh_bits & MACH_MSGH_BITS_COMPLEX)
            mach_msg_destroy(reply);
        return FALSE;
    }
    return TRUE;
}

mach_msg_option_t mach_msg_reply_option(const mach_msg_header_t *reply)
{
    /* A send-once right always has room; a client that gave a send right may
     * have let its queue run full, and must not hold us up. */
    if (MACH_MSGH_BITS_REMOTE(reply->msgh_bits) == MACH_MSG_TYPE_MOVE_SEND_ONCE)
        return MACH_SEND_MSG;
    return MACH_SEND_MSG | MACH_SEND_TIMEOUT;
}

mach_msg_return_t mach_msg_server_timeout(mach_msg_demuxer_t demuxer,
                                          mach_msg_size_t max_size,
                                          mach_port_t name,
                                          mach_msg_option_t option,
                                          mach_msg_timeout_t timeout_ms)
{
    mach_msg_size_t size = max_size > 8192 ? max_size : 8192;
    mach_msg_header_t *request = malloc(size);
    mach_msg_header_t *reply = malloc(MACH_MSG_REPLY_MAX);
    mach_msg_return_t err = KERN_RESOURCE_SHORTAGE;

    while (request && reply) {
        err = mach_msg(request, option | MACH_RCV_MSG | MACH_RCV_LARGE, 0, size,
                       name, timeout_ms, MACH_PORT_NULL);
        if (err == MACH_RCV_TOO_LARGE) {
            size = (request->msgh_size + 4095) & ~4095u;
            free(request);
            request = malloc(size);
            err = KERN_RESOURCE_SHORTAGE;
            continue;
        }
        if (err == MACH_RCV_INTERRUPTED)
            continue;
        if (err)
            break;
        if (!mach_msg_serve_one(demuxer, request, reply))
            continue;
        if (mach_msg(reply, mach_msg_reply_option(reply), reply->msgh_size, 0,
                     MACH_PORT_NULL, 0, MACH_PORT_NULL))
            mach_msg_destroy(reply);
    }
    free(request);
    free(reply);
    return err;
}

mach_msg_return_t mach_msg_server(mach_msg_demuxer_t demuxer,
                                  mach_msg_size_t max_size, mach_port_t name)
{
    return mach_msg_server_timeout(demuxer, max_size, name, 0, 0);
}
