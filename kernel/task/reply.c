/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/reply.h"

#define REPLY_BODY_MAX (8ul + 4 * 1024)

void reply_send(const struct ipc_reply_to *reply, kern_return_t result,
                const void *body, size_t size)
{
    struct {
        mig_reply_header_t head;
        char body[REPLY_BODY_MAX];
    } message;

    if (!IP_VALID(reply->port))
        return;
    if (result != KERN_SUCCESS)
        size = 0;
    kassert(size <= sizeof message.body);
    size_t total = sizeof message.head + size;
    ipc_reply_head(&message.head, reply, (mach_msg_size_t)total, result);
    if (size)
        memcpy(message.body, body, size);
    ipc_send_from_kernel((struct mach_msg_header *)&message.head.Head, total);
}
