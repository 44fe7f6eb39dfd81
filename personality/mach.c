/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/mach.h"
#include "personality/rpc.h"
#include "personality/thread.h"

#include <lib/mach/mig_support.h>
#include <stdarg.h>

mach_port_t task_self_port;
static mach_port_t early_reply_port; /* until there is a struct thread */

void mach_start(void)
{
    early_reply_port = MACH_PORT_NULL;
    if (!mach_fast_entry)
        asm volatile("mov %%gs:%c1, %0"
                     : "=r"(mach_fast_entry)
                     : "i"(PLATFORM_USER_FAST_ENTRY));
    task_self_port = mach_task_self_trap();
}

static mach_port_t *reply_port_slot(void)
{
    struct thread *thread = thread_self();

    return thread ? &thread->reply_port : &early_reply_port;
}

mach_port_t mig_get_reply_port(void)
{
    mach_port_t *slot = reply_port_slot();

    if (!*slot)
        *slot = mach_reply_port();
    return *slot;
}

void mig_dealloc_reply_port(mach_port_t port)
{
    mach_port_t *slot = reply_port_slot();
    struct thread *thread = thread_self();

    /* The call that this belongs to is over. */
    if (thread)
        thread->interruptible = CALL_WHOLE;
    port = *slot;
    *slot = MACH_PORT_NULL;
    /* The call below takes a new reply port, which then stays. */
    if (port)
        mach_port_mod_refs(task_self_port, port, MACH_PORT_RIGHT_RECEIVE, -1);
}

void mig_put_reply_port(mach_port_t port)
{
    (void)port;
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    vm_deallocate(task_self_port, address, size);
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    if (vm_allocate(task_self_port, address, size, 1) != KERN_SUCCESS)
        *address = 0;
}

vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size)
{
    vm_size_t n = 0;

    if (!size)
        return 0;
    for (; n + 1 < size && from[n]; n++)
        to[n] = from[n];
    to[n] = 0;
    return n;
}

/* A call that thread_abort broke goes on, unless it is INTERRUPTIBLE. */
mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
                           mach_msg_size_t send_size,
                           mach_msg_size_t receive_size,
                           mach_port_t receive_name,
                           mach_msg_timeout_t timeout_ms, mach_port_t notify)
{
    struct thread *thread = thread_self();

    if (thread && thread->interruptible &&
        (option & (MACH_SEND_MSG | MACH_RCV_MSG)) ==
            (MACH_SEND_MSG | MACH_RCV_MSG))
        return request_interruptible(thread, message, option, send_size,
                                     receive_size, receive_name);
    mach_msg_return_t mr =
        mach_msg_trap(message, option, send_size, receive_size, receive_name,
                      timeout_ms, notify);

    while (mr == MACH_SEND_INTERRUPTED && !(option & MACH_SEND_INTERRUPT))
        mr = mach_msg_trap(message, option, send_size, receive_size,
                           receive_name, timeout_ms, notify);
    while (mr == MACH_RCV_INTERRUPTED && !(option & MACH_RCV_INTERRUPT))
        mr = mach_msg_trap(message, option & ~MACH_SEND_MSG, 0, receive_size,
                           receive_name, timeout_ms, notify);
    return mr;
}

void *pages_allocate(size_t size)
{
    vm_address_t address = 0;

    if (vm_allocate(task_self_port, &address, size, 1) != KERN_SUCCESS)
        return NULL;
    return (void *)address;
}

void pages_free(void *address, size_t size)
{
    vm_deallocate(task_self_port, (vm_address_t)address, size);
}

void port_deallocate(mach_port_t port)
{
    if (MACH_PORT_VALID(port))
        mach_port_deallocate(task_self_port, port);
}

void port_destroy_receive(mach_port_t port)
{
    if (MACH_PORT_VALID(port))
        mach_port_mod_refs(task_self_port, port, MACH_PORT_RIGHT_RECEIVE, -1);
}

static char *print_number(char *to, char *end, uint64_t value, unsigned base)
{
    char digits[24], *p = digits + sizeof digits;

    do
        *--p = "0123456789abcdef"[value % base];
    while (value /= base);
    while (p < digits + sizeof digits && to < end)
        *to++ = *p++;
    return to;
}

/* %s, %d and %lx are all it takes to say what is wrong. */
void debug_print(const char *format, ...)
{
    char line[256], *to = line, *end = line + sizeof line - 1;
    va_list args;

    va_start(args, format);
    for (; *format && to < end; format++) {
        if (*format != '%') {
            *to++ = *format;
            continue;
        }
        switch (*++format) {
        case 's':
            for (const char *s = va_arg(args, const char *); *s && to < end;)
                *to++ = *s++;
            break;
        case 'd':
            to = print_number(to, end, (unsigned)va_arg(args, int), 10);
            break;
        case 'x':
            to = print_number(to, end, va_arg(args, unsigned), 16);
            break;
        case 'l':
            format++;
            to = print_number(to, end, va_arg(args, unsigned long), 16);
            break;
        }
    }
    va_end(args);
    *to = 0;
    mach_print(line);
}

void personality_panic(const char *why)
{
    debug_print("personality: %s\n", why);
    for (;;)
        task_terminate(task_self_port);
}
