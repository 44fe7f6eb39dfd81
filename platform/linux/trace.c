/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message trace: collected, and written out when the machine has nothing
 * else to do or the buffer is full. */
#include "platform/linux/machine.h"
#include <string.h>
#include <unistd.h>

static char buffer[65536];
static size_t used;

bool platform_trace_enabled(void)
{
    return machine.options->trace >= 0;
}

void trace_flush(void)
{
    size_t done = 0;
    ssize_t count;

    while (done < used) {
        count = write(machine.options->trace, buffer + done, used - done);
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    used = 0;
}

void platform_trace_write(const char *text, size_t size_bytes)
{
    if (!platform_trace_enabled() || size_bytes > sizeof(buffer))
        return;
    if (used + size_bytes > sizeof(buffer))
        trace_flush();
    memcpy(buffer + used, text, size_bytes);
    used += size_bytes;
}
