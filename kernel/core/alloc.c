/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/core.h"
#include "core/work.h"

void *kalloc(size_t size_bytes)
{
    work_step(1);
    return platform_alloc(size_bytes);
}

void kfree(void *memory)
{
    work_step(1);
    platform_free(memory);
}
