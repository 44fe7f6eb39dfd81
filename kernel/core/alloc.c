/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/core.h"

void *kalloc(size_t size_bytes)
{
    return platform_alloc(size_bytes);
}

void kfree(void *memory)
{
    platform_free(memory);
}
