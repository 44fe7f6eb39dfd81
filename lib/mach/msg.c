/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/msg.c: the message call, and the life of MIG's reply ports. */

#include <mach/mach.h>
#include <pthread.h>
#include <sys/auxv.h>

void mach_traps_use_fast_entry(vm_address_t entry);

__thread volatile int mach_msg_cancelled;
__thread boolean_t mach_msg_impatient;
__thread boolean_t (*mach_msg_give_up)(void);

static __thread mach_port_t reply_port; /* receive right */
static __thread boolean_t thread_ends;
static pthread_key_t reply_port_key;
static pthread_once_t reply_port_once = PTHREAD_ONCE_INIT;
static mach_port_t task_self; /* send right, kept */

/* The platform leaves its fast entry in the slot where Linux has AT_SYSINFO. */
__attribute__((constructor(101))) static void use_fast_entry(void)
{
    mach_traps_use_fast_entry(getauxval(AT_SYSINFO));
}

mach_port_t mach_task_self(void)
{
    if (!task_self)
        task_self = mach_task_self_trap();
    return task_self;
}

/* A request and its answer, as long as somebody wants to know.  The waits grow: an
 * idle machine is to stay idle. */
static mach_msg_return_t ask(mach_msg_header_t *msg, mach_msg_option_t option,
                             mach_msg_size_t send_size,
                             mach_msg_size_t receive_size,
                             mach_port_t receive_name)
{
    mach_msg_timeout_t wait_ms = 1000;
    mach_msg_return_t err = mach_msg_trap(
        msg, (option & ~MACH_RCV_MSG) | MACH_SEND_TIMEOUT, send_size, 0,
        MACH_PORT_NULL, MACH_MSG_ROOM_MS, MACH_PORT_NULL);

    if (err)
        return err;
    option = (option & ~MACH_SEND_MSG) | MACH_RCV_TIMEOUT;
    for (;;) {
        err = mach_msg_trap(msg, option, 0, receive_size, receive_name, wait_ms,
                            MACH_PORT_NULL);
        if (err == MACH_RCV_TIMED_OUT && mach_msg_give_up())
            return MACH_RCV_INTERRUPTED;
        if (err == MACH_RCV_INTERRUPTED && mach_msg_cancelled)
            return err;
        if (err != MACH_RCV_TIMED_OUT && err != MACH_RCV_INTERRUPTED)
            return err;
        if (wait_ms < MACH_MSG_MOMENTS_MS)
            wait_ms *= 2;
    }
}

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size,
                           mach_msg_size_t receive_size,
                           mach_port_t receive_name,
                           mach_msg_timeout_t timeout_ms, mach_port_t notify)
{
    mach_msg_option_t kernel_option =
        option & ~(MACH_SEND_INTERRUPT | MACH_RCV_INTERRUPT);

    if (mach_msg_give_up && option == (MACH_SEND_MSG | MACH_RCV_MSG))
        return ask(msg, option, send_size, receive_size, receive_name);
    /* Who waits so long for an answer does not wait longer to ask. */
    if (option & MACH_SEND_MSG && option & MACH_RCV_TIMEOUT)
        kernel_option |= MACH_SEND_TIMEOUT;
    if (mach_msg_impatient) {
        kernel_option |= option & MACH_SEND_MSG ? MACH_SEND_TIMEOUT : 0;
        kernel_option |= option & MACH_RCV_MSG ? MACH_RCV_TIMEOUT : 0;
        timeout_ms = 0;
    }
    for (;;) {
        mach_msg_return_t err =
            mach_msg_trap(msg, kernel_option, send_size, receive_size,
                          receive_name, timeout_ms, notify);
        if (err == MACH_SEND_INTERRUPTED) {
            if (option & MACH_SEND_INTERRUPT || mach_msg_cancelled)
                return err;
        } else if (err == MACH_RCV_INTERRUPTED) {
            if (option & MACH_RCV_INTERRUPT || mach_msg_cancelled)
                return err;
            kernel_option &= ~MACH_SEND_MSG; /* it has been sent */
        } else {
            return err;
        }
    }
}

/* The thread ends.  Its last call does without an answer: the port that it
 * would come to is the one that goes. */
static void drop_reply_port(void *port)
{
    thread_ends = TRUE;
    mach_port_destroy_receive((mach_port_t)(uintptr_t)port);
}

static void make_reply_port_key(void)
{
    pthread_key_create(&reply_port_key, drop_reply_port);
}

void mig_init(void *first)
{
    reply_port = MACH_PORT_NULL;
}

mach_port_t mig_get_reply_port(void)
{
    if (thread_ends)
        return MACH_PORT_NULL;
    if (reply_port == MACH_PORT_NULL) {
        pthread_once(&reply_port_once, make_reply_port_key);
        reply_port = mach_reply_port();
        pthread_setspecific(reply_port_key, (void *)(uintptr_t)reply_port);
    }
    return reply_port;
}

void mig_dealloc_reply_port(mach_port_t port)
{
    static __thread boolean_t busy;
    mach_port_t mine = reply_port;

    if (mine == MACH_PORT_NULL || thread_ends)
        return;
    reply_port = MACH_PORT_NULL;
    pthread_setspecific(reply_port_key, NULL);
    /* The call that destroys it needs a reply port too, and may fail. */
    if (busy)
        return;
    busy = TRUE;
    mach_port_destroy_receive(mine);
    busy = FALSE;
}

void mig_put_reply_port(mach_port_t port)
{
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    *address = 0;
    if (vm_allocate(mach_task_self(), address, size, TRUE))
        *address = 0;
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    if (size)
        vm_deallocate(mach_task_self(), address, size);
}

vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size)
{
    vm_size_t i;

    if (size == 0)
        return 0;
    for (i = 0; i < size - 1 && from[i]; i++)
        to[i] = from[i];
    to[i] = 0;
    return i;
}

void mig_reply_setup(const mach_msg_header_t *request, mach_msg_header_t *reply)
{
    static const mach_msg_type_t int_type = {
        .msgt_name = MACH_MSG_TYPE_INTEGER_32,
        .msgt_size = 32,
        .msgt_number = 1,
        .msgt_inline = TRUE,
    };
    mig_reply_header_t *out = (mig_reply_header_t *)reply;

    out->Head.msgh_bits =
        MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0);
    out->Head.msgh_size = sizeof *out;
    out->Head.msgh_remote_port_do_not_use = 0;
    out->Head.msgh_remote_port = request->msgh_remote_port;
    out->Head.msgh_protected_payload = 0;
    out->Head.msgh_seqno = 0;
    out->Head.msgh_id = request->msgh_id + 100;
    out->RetCodeType = int_type;
    out->RetCode = MIG_BAD_ID;
}
