/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel.h"

static struct {
    char ring[KERNEL_LOG_SIZE];
    uint64_t end; /* bytes ever printed */
    bool hidden;
} kernel_log;

void (*kernel_log_listener)(void);

static void kernel_log_keep(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        kernel_log.ring[kernel_log.end++ % KERNEL_LOG_SIZE] = text[i];
    if (kernel_log_listener)
        kernel_log_listener();
}

void kernel_console_show(bool shown)
{
    kernel_log.hidden = !shown;
}

void kernel_print(const char *text, size_t size)
{
    if (!kernel_log.hidden)
        platform_console_write(text, size);
    kernel_log_keep(text, size);
}

void kernel_console_write(const char *text, size_t size)
{
    if (kernel_log.hidden)
        kernel_log_keep(text, size);
    else
        platform_console_write(text, size);
}

size_t kernel_log_read(uint64_t *position, char *buffer, size_t size)
{
    size_t n = 0;

    if (kernel_log.end > KERNEL_LOG_SIZE)
        *position = max_of(*position, kernel_log.end - KERNEL_LOG_SIZE);
    for (; n < size && *position < kernel_log.end; n++)
        buffer[n] = kernel_log.ring[(*position)++ % KERNEL_LOG_SIZE];
    return n;
}
