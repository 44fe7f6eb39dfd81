/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/console.c: messages to whoever watches the machine. */

#include <device/device.h>
#include <errno.h>
#include <mach/mach.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 512

static mach_port_t console; /* send right, kept */

void mach_set_console(mach_port_t device)
{
    console = device;
}

static void put(const char *text, size_t length)
{
    while (console && length > 0) {
        int written = 0;
        unsigned chunk = length < 128 ? length : 128;
        if (device_write_inband(console, 0, 0, text, chunk, &written) ||
            written <= 0)
            break;
        text += written;
        length -= written;
    }
    if (length > 0)
        mach_print(text);
}

static int put_formatted(const char *format, va_list ap)
{
    char text[TEXT_MAX];
    int n = vsnprintf(text, sizeof text, format, ap);

    if (n < 0)
        return n;
    put(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    return n;
}

int mach_printf(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int n = put_formatted(format, ap);
    va_end(ap);
    return n;
}

static void complain(kern_return_t err, const char *format, va_list ap)
{
    char text[TEXT_MAX - 128];

    vsnprintf(text, sizeof text, format, ap);
    mach_printf("%s: %s%s%s\n", program_invocation_short_name, text,
                err ? ": " : "", err ? mach_error_string(err) : "");
}

void mach_complain(kern_return_t err, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    complain(err, format, ap);
    va_end(ap);
}

void mach_die(kern_return_t err, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    complain(err, format, ap);
    va_end(ap);
    for (;;)
        task_terminate(mach_task_self());
}
