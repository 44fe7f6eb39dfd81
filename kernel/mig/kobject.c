/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/account.h"
#include "ipc/ipc.h"
#include "ipc/mqueue.h"
#include "ipc/trace.h"
#include "mig/kobject.h"
#include "task/thread.h"
#include "vm/fault.h"
#include "vm/swap.h"

#include <mach/mig_errors.h>
#include <mach/notify.h>

#include "account_server.h"
#include "device_server.h"
#include "gnumach_limits_server.h"
#include "gnumach_server.h"
#include "mach4_server.h"
#include "mach_debug_server.h"
#include "mach_host_server.h"
#include "mach_i386_server.h"
#include "mach_port_server.h"
#include "mach_server.h"

/* Larger than what any stub writes inline. */
#define REPLY_MAX      16384
#define REPLY_MIN      512
#define EXCEPTION_DONE 2500

static struct {
    struct ipc_kmsg *request;
    struct task *owner; /* of a request that has waited */
    _Alignas(16) char reply[REPLY_MAX];
    size_t dirty; /* bytes of reply that the last one has used */
} call;

static mig_routine_t find_routine(const mach_msg_header_t *request)
{
    mig_routine_t routine;

    if ((routine = mach_server_routine(request)) == NULL &&
        (routine = mach_port_server_routine(request)) == NULL &&
        (routine = gnumach_server_routine(request)) == NULL &&
        (routine = gnumach_limits_server_routine(request)) == NULL &&
        (routine = account_server_routine(request)) == NULL &&
        (routine = mach_host_server_routine(request)) == NULL &&
        (routine = device_server_routine(request)) == NULL &&
        (routine = mach4_server_routine(request)) == NULL &&
        (routine = mach_i386_server_routine(request)) == NULL) {
        routine = mach_debug_server_routine(request);
    }
    return routine;
}

void ipc_reply_head(mig_reply_header_t *head, const struct ipc_reply_to *reply,
                    mach_msg_size_t size_bytes, kern_return_t code)
{
    *head = (mig_reply_header_t){
        .Head = {.msgh_bits = MACH_MSGH_BITS(reply->disposition, 0),
                 .msgh_size = size_bytes,
                 .msgh_remote_port = (mach_port_t)reply->port,
                 .msgh_id = reply->id},
        .RetCodeType = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                        .msgt_size = 32,
                        .msgt_inline = true,
                        .msgt_number = 1},
        .RetCode = code,
    };
}

void ipc_peek_reply(struct ipc_reply_to *reply)
{
    const mach_msg_header_t *header = &call.request->header;

    reply->port = (struct ipc_port *)header->msgh_local_port;
    reply->disposition = MACH_MSGH_BITS_LOCAL(header->msgh_bits);
    reply->id = header->msgh_id + 100;
}

uint64_t *ipc_request_cursor(void)
{
    return &call.request->cursor;
}

void **ipc_request_partial(void)
{
    return &call.request->partial;
}

struct ipc_port *ipc_request_port(void)
{
    return KMSG_REMOTE(call.request);
}

void ipc_take_reply(struct ipc_reply_to *reply)
{
    ipc_peek_reply(reply);
    call.request->header.msgh_local_port = MACH_PORT_NULL;
}

/* Sends a message made of kernel rights of the kinds that travel. */
static void send_copy(const mach_msg_header_t *header)
{
    struct ipc_port *dest = (struct ipc_port *)header->msgh_remote_port;
    struct ipc_kmsg *kmsg = ipc_kmsg_alloc_to(dest, header->msgh_size);

    memcpy(&kmsg->header, header, header->msgh_size);
    if (platform_trace_enabled()) {
        ipc_trace_message(kmsg, "kernel");
    }
    ipc_mqueue_send_always(kmsg);
}

void ipc_reply_simple(struct ipc_port *port, mach_msg_type_name_t disposition,
                      mach_msg_id_t id, kern_return_t code)
{
    struct ipc_reply_to reply = {port, disposition, id};
    mig_reply_header_t head;

    if (IP_VALID(port)) {
        ipc_reply_head(&head, &reply, sizeof head, code);
        send_copy(&head.Head);
    }
}

static void drop_reply(mach_msg_header_t *header)
{
    struct ipc_kmsg *kmsg = ipc_kmsg_alloc_sure(header->msgh_size);

    memcpy(&kmsg->header, header, header->msgh_size);
    ipc_kmsg_destroy(kmsg);
}

/* Ends the request: what a routine has not taken over is destroyed. */
static void end_request(struct ipc_kmsg *request, kern_return_t code)
{
    mach_msg_bits_t bits = request->header.msgh_bits;

    if (code != KERN_SUCCESS && code != MIG_NO_REPLY) {
        ipc_kmsg_destroy(request);
        return;
    }
    ipc_right_drop(KMSG_LOCAL(request), MACH_MSGH_BITS_LOCAL(bits));
    if (MACH_MSGH_BITS_REMOTE(bits) == MACH_MSG_TYPE_PORT_SEND_ONCE) {
        ipc_port_drop_sonce_quietly(KMSG_REMOTE(request));
    } else {
        ipc_port_release_send(KMSG_REMOTE(request));
    }
    ipc_kmsg_free(request);
}

/* Puts the reply that the routine has left on its way, or drops it. */
static void send_reply(mig_reply_header_t *head, kern_return_t code)
{
    if (code == MIG_NO_REPLY) {
        return;
    }
    if (code != KERN_SUCCESS) {
        head->Head.msgh_size = sizeof *head;
        head->Head.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
    }
    call.request->header.msgh_local_port = MACH_PORT_NULL;
    if (IP_VALID((struct ipc_port *)head->Head.msgh_remote_port)) {
        /* The right that came is the right that goes. */
        send_copy(&head->Head);
    } else {
        head->Head.msgh_remote_port = MACH_PORT_NULL;
        drop_reply(&head->Head);
    }
}

struct task *ipc_request_task(void)
{
    if (call.owner != NULL) {
        return call.owner;
    }
    return current_thread != NULL ? current_task() : kernel_task;
}

/* The request is not over: its owner's reference keeps it. */
static void keep_request(struct ipc_kmsg *request)
{
    request->owner = ipc_request_task();
    task_reference(request->owner);
    call.request = NULL;
    call.dirty = REPLY_MAX;
}

/* It will be served in an entry of its own. */
static void put_off(struct ipc_kmsg *request)
{
    list_append(&request->owner->later, &request->port_link);
    work_later(&request->owner->later_work);
}

/* --- requests that wait for a page ----------------------------------------- */

struct request_wait {
    struct vm_fault_wait wait;
    struct timer timer;
    uint64_t deadline_ns;
    struct ipc_kmsg *request;
};

static void wait_done(struct vm_fault_wait *wait, kern_return_t result)
{
    struct request_wait *rw = list_entry(wait, struct request_wait, wait);

    timer_cancel(&rw->timer);
    rw->request->waited = result;
    put_off(rw->request);
}

static void wait_too_long(struct timer *timer)
{
    struct request_wait *rw = list_entry(timer, struct request_wait, timer);

    vm_fault_wait_cancel(&rw->wait);
    wait_done(&rw->wait, KERN_MEMORY_ERROR);
}

struct vm_fault_wait *ipc_request_wait(void)
{
    struct request_wait *rw = call.request->partial;

    if (rw == NULL && (rw = kalloc(sizeof *rw)) != NULL) {
        rw->request = call.request;
        rw->wait.done = wait_done;
        rw->deadline_ns =
            platform_time_monotonic() + REQUEST_PATIENCE_MS * 1000000ull;
        call.request->partial = rw;
    }
    return rw != NULL ? &rw->wait : NULL;
}

kern_return_t ipc_request_waited(void)
{
    return call.request->waited;
}

static void watch_wait(struct ipc_kmsg *request)
{
    struct request_wait *rw = request->partial;

    timer_set(&rw->timer, rw->deadline_ns, wait_too_long);
}

void ipc_run_later(struct work *work)
{
    struct task *owner = list_entry(work, struct task, later_work);
    struct ipc_kmsg *request =
        list_first_entry(&owner->later, struct ipc_kmsg, port_link);
    struct account *account = kalloc_account(request);

    list_remove(&request->port_link);
    request->owner = NULL;
    if (!list_empty(&owner->later)) {
        work_later(work);
    }
    call.owner = owner;
    account_enter(account);
    ipc_kobject_message(request);
    account_leave(account);
    call.owner = NULL;
    task_deallocate(owner);
}

static void serve(struct ipc_kmsg *request)
{
    mig_reply_header_t *head = (mig_reply_header_t *)call.reply;
    mig_routine_t routine = find_routine(&request->header);
    struct ipc_reply_to reply;
    kern_return_t code;

    memset(call.reply, 0, call.dirty);
    call.request = request;
    work_detail(request->header.msgh_id,
                ipc_request_task() != NULL ? ipc_request_task()->name : "");
    ipc_peek_reply(&reply);
    ipc_reply_head(head, &reply, sizeof *head, MIG_BAD_ID);
    if (routine != NULL) {
        head->RetCode = KERN_SUCCESS;
        routine(&request->header, &head->Head);
    }
    code = head->RetCode;
    if (code == KERN_LATER || code == KERN_WAITING) {
        keep_request(request);
        if (code == KERN_LATER) {
            put_off(request);
        } else {
            watch_wait(request);
        }
        return;
    }
    kassert(head->Head.msgh_size <= REPLY_MAX);
    /* A routine that failed may have left anything. */
    call.dirty = code == KERN_SUCCESS ? max_of(head->Head.msgh_size, REPLY_MIN)
                 : code == MIG_NO_REPLY ? REPLY_MIN
                                        : REPLY_MAX;
    send_reply(head, code);
    call.request = NULL;
    end_request(request, code);
}

/* Ends a message that needs no answer.  Its own send-once right is used up,
 * not lost. */
static void discard(struct ipc_kmsg *request)
{
    if (request->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        ipc_kmsg_clean_body(request, ipc_kmsg_end(request));
    }
    end_request(request, KERN_SUCCESS);
}

static void answer_exception(struct ipc_kmsg *request)
{
    const mig_reply_header_t *head = (void *)&request->header;
    struct ipc_port *port = KMSG_REMOTE(request);
    kern_return_t code = KERN_FAILURE;

    if (head->Head.msgh_id == EXCEPTION_DONE &&
        head->Head.msgh_size == sizeof *head) {
        code = head->RetCode;
    }
    ipc_port_reference(port);
    exception_answered(port, port->kobject, code);
    discard(request);
    ipc_port_release(port);
}

void ipc_kobject_message(struct ipc_kmsg *request)
{
    if (!ipc_port_active(KMSG_REMOTE(request))) {
        ipc_kmsg_destroy(request);
    } else if (KMSG_REMOTE(request)->kobject_type == IKOT_EXCEPTION_REPLY) {
        answer_exception(request);
    } else if (KMSG_REMOTE(request)->kobject_type == IKOT_SWAP_REPLY) {
        vm_swap_answered(&request->header);
        discard(request);
    } else if (request->header.msgh_id >= MACH_NOTIFY_FIRST &&
               request->header.msgh_id <= MACH_NOTIFY_LAST) {
        /* The kernel asks for no notification: what it must know it is told
         * by ipc_kobject_no_senders. */
        discard(request);
    } else {
        serve(request);
    }
}

/* --- messages that the kernel sends ---------------------------------------- */

void ipc_send_from_kernel(struct mach_msg_header *header, size_t size_bytes)
{
    struct ipc_port *dest = (struct ipc_port *)header->msgh_remote_port;
    struct ipc_kmsg *kmsg = ipc_kmsg_alloc_to(dest, size_bytes);

    memcpy(&kmsg->header, header, size_bytes);
    kmsg->header.msgh_size = size_bytes;
    ipc_kmsg_copyin_from_kernel(kmsg);
    if (!IP_VALID(KMSG_REMOTE(kmsg))) {
        ipc_kmsg_destroy(kmsg);
        return;
    }
    if (platform_trace_enabled()) {
        ipc_trace_message(kmsg, "kernel");
    }
    ipc_mqueue_send_always(kmsg);
}

kern_return_t mach_msg_send_from_kernel(mach_msg_header_t *header,
                                        mach_msg_size_t size_bytes)
{
    ipc_send_from_kernel(header, size_bytes);
    return KERN_SUCCESS;
}

struct exception_message {
    mach_msg_header_t head;
    mach_msg_type_t thread_type;
    uint64_t thread;
    mach_msg_type_t task_type;
    uint64_t task;
    mach_msg_type_t exception_type;
    uint64_t exception;
    mach_msg_type_t code_type;
    uint64_t code;
    mach_msg_type_t subcode_type;
    int64_t subcode;
};

#define ITEM(item_name, bits)                                                  \
    {                                                                          \
        .msgt_name = (item_name), .msgt_size = (bits), .msgt_inline = true,    \
        .msgt_number = 1                                                       \
    }

void ipc_send_exception(struct ipc_port *exception, struct ipc_port *reply_port,
                        struct ipc_port *thread, struct ipc_port *task,
                        int type, int code, int64_t subcode)
{
    struct exception_message message = {
        .head = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                              MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                             MACH_MSG_TYPE_MAKE_SEND_ONCE),
                 .msgh_remote_port = (mach_port_t)exception,
                 .msgh_local_port = (mach_port_t)reply_port,
                 .msgh_id = EXCEPTION_DONE - 100},
        .thread_type = ITEM(MACH_MSG_TYPE_MAKE_SEND, 64),
        .thread = (uint64_t)thread,
        .task_type = ITEM(MACH_MSG_TYPE_MAKE_SEND, 64),
        .task = (uint64_t)task,
        .exception_type = ITEM(MACH_MSG_TYPE_INTEGER_32, 32),
        .exception = (uint32_t)type,
        .code_type = ITEM(MACH_MSG_TYPE_INTEGER_32, 32),
        .code = (uint32_t)code,
        .subcode_type = ITEM(MACH_MSG_TYPE_INTEGER_64, 64),
        .subcode = subcode,
    };

    ipc_send_from_kernel(&message.head, sizeof message);
}
