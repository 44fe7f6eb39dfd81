/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/trace.h"
#include "ipc/kmsg.h"
#include "task/task.h"
#include "task/thread.h"

#include <mach/mig_errors.h>

#define LINE_MAX     512
#define STRING_SHOWN 64
#define REPLY_OFFSET 100 /* a reply's id is its request's and this */

const char *ipc_request_name(int id)
{
    unsigned low = 0, high = ipc_rpc_name_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (ipc_rpc_names[middle].id == id) {
            return ipc_rpc_names[middle].name;
        }
        if (ipc_rpc_names[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static bool is_reply(const struct ipc_kmsg *kmsg)
{
    return MACH_MSGH_BITS_REMOTE(kmsg->header.msgh_bits) ==
               MACH_MSG_TYPE_PORT_SEND_ONCE &&
           ipc_request_name(kmsg->header.msgh_id - REPLY_OFFSET) != NULL;
}

static const char *receiver_name(const struct ipc_port *port)
{
    if (!port->active) {
        return "(dead)";
    }
    if (port->kernel_owned) {
        return "kernel";
    }
    if (port->receiver == NULL || port->receiver->task == NULL) {
        return "(in transit)";
    }
    return port->receiver->task->name;
}

/* Appends to LINE; what does not fit is left out. */
static void append(char *line, const char *format, ...)
{
    size_t length = strlen(line);
    va_list args;

    va_start(args, format);
    kvsnprintf(line + length, LINE_MAX - length, format, args);
    va_end(args);
}

static const char *right_name(mach_msg_type_name_t type)
{
    switch (type) {
    case MACH_MSG_TYPE_PORT_RECEIVE:
        return "receive";
    case MACH_MSG_TYPE_PORT_SEND:
        return "send";
    case MACH_MSG_TYPE_PORT_SEND_ONCE:
        return "send-once";
    default:
        return "";
    }
}

/* Which task or thread a kernel port stands for. */
static void describe_target(char *line, const struct ipc_port *port)
{
    const struct task *task = ipc_kobject_get(port, IKOT_TASK);
    const struct thread *thread = ipc_kobject_get(port, IKOT_THREAD);

    if (task != NULL) {
        append(line, " task:%s", task->name);
    } else if (thread != NULL) {
        append(line, " thread:%s", thread->task->name);
    }
}

static void describe_port(char *line, const struct ipc_item *item)
{
    const struct ipc_port *port = *(struct ipc_port **)item->data;

    append(line, " +%s", right_name(item->type->msgt_name));
    if (IP_VALID(port)) {
        append(line, "@%lu", port->id);
        describe_target(line, port);
    }
}

/* Text in quotes, with a point for what would disturb the line. */
static void describe_string(char *line, const struct ipc_item *item)
{
    const char *text = item->data;
    char shown[STRING_SHOWN + 1];
    size_t length = 0;

    while (length < item->bytes && length < STRING_SHOWN && text[length] != 0) {
        char c = text[length];

        shown[length++] = c >= ' ' && c <= '~' && c != '"' ? c : '.';
    }
    shown[length] = 0;
    append(line, " \"%s\"", shown);
}

static void describe_item(char *line, const struct ipc_item *item)
{
    unsigned number = item->type->msgt_number;

    if (item->is_port && number == 1 && item->type->msgt_inline) {
        describe_port(line, item);
    } else if (item->is_port && number != 0) {
        append(line, " +%s*%u", right_name(item->type->msgt_name), number);
    } else if (!item->type->msgt_inline) {
        append(line, " +memory:%lu", item->bytes);
    } else if (item->type->msgt_name == MACH_MSG_TYPE_STRING_C) {
        describe_string(line, item);
    }
}

static void describe_body(char *line, struct ipc_kmsg *kmsg)
{
    char *at = ipc_kmsg_body(kmsg), *end = ipc_kmsg_end(kmsg);
    struct ipc_item item;

    while (at < end && ipc_item_next(&at, end, 64, &item) == 0) {
        describe_item(line, &item);
    }
}

void ipc_trace_message(struct ipc_kmsg *kmsg, const char *sender)
{
    const mig_reply_header_t *reply = (void *)&kmsg->header;
    int id = kmsg->header.msgh_id;
    const char *name = ipc_request_name(id);
    uint64_t now_us = platform_time_monotonic() / 1000;
    bool answers = is_reply(kmsg);
    char line[LINE_MAX] = "";

    if (answers) {
        name = ipc_request_name(id - REPLY_OFFSET);
    }
    append(line, "%lu.%06lu %s -> %s ", now_us / 1000000, now_us % 1000000,
           sender, receiver_name(KMSG_REMOTE(kmsg)));
    if (name == NULL) {
        append(line, "%d", id);
    } else {
        append(line, "%s%s", name, answers ? " reply" : "");
    }
    append(line, " %u @%lu", kmsg->header.msgh_size, KMSG_REMOTE(kmsg)->id);
    if (IP_VALID(KMSG_LOCAL(kmsg))) {
        append(line, " ^%lu", KMSG_LOCAL(kmsg)->id);
    }
    describe_target(line, KMSG_REMOTE(kmsg));
    describe_body(line, kmsg);
    if (answers && kmsg->header.msgh_size >= sizeof *reply) {
        append(line, " = %d", reply->RetCode);
    }
    append(line, "\n");
    platform_trace_write(line, strlen(line));
}
