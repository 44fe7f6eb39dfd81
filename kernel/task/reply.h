/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/reply.h: late answers to requests (see mig/kobject.h). */
#ifndef TASK_REPLY_H
#define TASK_REPLY_H

#include "mig/kobject.h"

/* Sends RESULT; if that is KERN_SUCCESS, followed by BODY: MIG items in the
 * kernel's format, without rights.  Consumes the reply right. */
void reply_send(const struct ipc_reply_to *reply, kern_return_t result,
                const void *body, size_t body_size_bytes);

#endif
