/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/mach/dma.c: memory for devices, from the kernel, and where it is. */

#include "drivers/hypercall.h"
#include "drivers/mach/mach.h"

#include <hurd/libhurd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PHYS_END   0x100000000ull /* what 32 bit devices reach */
#define FRAMES_MAX 256            /* asked for in one call */

struct range {
    uintptr_t start;
    size_t size_bytes;
    uint64_t phys;
};

/* Ordered by address. */
static struct {
    pthread_mutex_t lock;
    struct range *ranges;
    size_t count, room;
    mach_port_t host_priv; /* send right */
} dma = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The first range that ends behind ADDRESS; COUNT if none does.  Under the
 * lock. */
static size_t find(uintptr_t address)
{
    size_t low = 0, high = dma.count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (dma.ranges[middle].start + dma.ranges[middle].size_bytes > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool add(uintptr_t start, size_t size_bytes, uint64_t phys)
{
    size_t at;

    if (dma.count == dma.room) {
        size_t room = dma.room ? 2 * dma.room : 64;
        struct range *more = realloc(dma.ranges, room * sizeof *more);
        if (!more)
            return false;
        dma.ranges = more;
        dma.room = room;
    }
    at = find(start);
    memmove(&dma.ranges[at + 1], &dma.ranges[at],
            (dma.count - at) * sizeof dma.ranges[0]);
    dma.ranges[at] = (struct range){start, size_bytes, phys};
    dma.count++;
    return true;
}

static mach_port_t host_priv(void)
{
    pthread_mutex_lock(&dma.lock);
    if (dma.host_priv == MACH_PORT_NULL)
        get_privileged_ports(&dma.host_priv, NULL);
    pthread_mutex_unlock(&dma.lock);
    return dma.host_priv;
}

void *hyp_dma_alloc(size_t size_bytes, uint64_t *phys_out)
{
    vm_size_t size = MACH_PAGE_ROUND(size_bytes);
    vm_address_t address = 0;
    rpc_phys_addr_t phys = 0;
    bool added = false;
    error_t err;

    err = vm_allocate_contiguous(host_priv(), mach_task_self(), &address, &phys,
                                 size, 0, PHYS_END, vm_page_size);
    if (!err) {
        pthread_mutex_lock(&dma.lock);
        added = add(address, size, phys);
        pthread_mutex_unlock(&dma.lock);
    }
    if (!err && !added)
        vm_deallocate(mach_task_self(), address, size);
    *phys_out = phys;
    return added ? (void *)address : NULL;
}

void hyp_mach_dma_forget(void *memory)
{
    pthread_mutex_lock(&dma.lock);
    size_t at = find((uintptr_t)memory);
    if (at < dma.count && dma.ranges[at].start == (uintptr_t)memory) {
        dma.count--;
        memmove(&dma.ranges[at], &dma.ranges[at + 1],
                (dma.count - at) * sizeof dma.ranges[0]);
    }
    pthread_mutex_unlock(&dma.lock);
}

void hyp_dma_free(void *memory, size_t size_bytes)
{
    hyp_mach_dma_forget(memory);
    vm_deallocate(mach_task_self(), (vm_address_t)memory,
                  MACH_PAGE_ROUND(size_bytes));
}

bool hyp_dma_translate(const void *memory, size_t size_bytes,
                       uint64_t *phys_out)
{
    uintptr_t start = (uintptr_t)memory;
    bool within = false;

    pthread_mutex_lock(&dma.lock);
    size_t at = find(start);
    if (at < dma.count && dma.ranges[at].start <= start) {
        size_t offset = start - dma.ranges[at].start;
        within = size_bytes <= dma.ranges[at].size_bytes - offset;
        *phys_out = dma.ranges[at].phys + offset;
    }
    pthread_mutex_unlock(&dma.lock);
    return within;
}

/* --- other memory ------------------------------------------------------------- */

/* Adds a page's part to the last segment or after it; false if MAX are there. */
static bool append(struct hyp_segment *segments, unsigned *count, unsigned max,
                   uint64_t phys, uint32_t size)
{
    struct hyp_segment *last = *count > 0 ? &segments[*count - 1] : NULL;

    if (last && last->phys + last->size_bytes == phys) {
        last->size_bytes += size;
        return true;
    }
    if (*count == max)
        return false;
    segments[(*count)++] = (struct hyp_segment){phys, size};
    return true;
}

/* The frames of COUNT pages from START on; false if one has none that stays. */
static bool find_frames(vm_address_t start, unsigned count,
                        rpc_phys_addr_t *frames)
{
    rpc_phys_addr_array_t list = frames;
    mach_msg_type_number_t got = count;

    if (vm_pages_phys(host_priv(), mach_task_self(), start,
                      count * vm_page_size, &list, &got))
        return false;
    if (list != frames) { /* it came out of line */
        if (got == count)
            memcpy(frames, list, count * sizeof *frames);
        vm_deallocate(mach_task_self(), (vm_address_t)list,
                      got * sizeof *frames);
    }
    for (unsigned i = 0; i < count; i++)
        if (frames[i] == 0)
            return false;
    return got == count;
}

unsigned hyp_dma_segments(const void *memory, size_t size_bytes,
                          struct hyp_segment *segments, unsigned max)
{
    vm_address_t start = (vm_address_t)memory, end = start + size_bytes;
    rpc_phys_addr_t frames[FRAMES_MAX];
    unsigned count = 0;
    uint64_t phys;

    if (start % 4 || size_bytes % 4 || size_bytes > UINT32_MAX)
        return 0;
    if (hyp_dma_translate(memory, size_bytes, &phys)) {
        segments[0] = (struct hyp_segment){phys, (uint32_t)size_bytes};
        return phys % 4 == 0;
    }
    while (start < end) {
        vm_address_t page = MACH_PAGE_TRUNC(start);
        size_t pages = (MACH_PAGE_ROUND(end) - page) / vm_page_size;

        if (pages > FRAMES_MAX)
            pages = FRAMES_MAX;
        if (!find_frames(page, (unsigned)pages, frames))
            return 0;
        for (size_t i = 0; i < pages; i++) {
            vm_address_t next = page + (i + 1) * vm_page_size;
            uint32_t size = (uint32_t)((next < end ? next : end) - start);

            if (!append(segments, &count, max, frames[i] + start % vm_page_size,
                        size))
                return 0;
            start += size;
        }
    }
    return count;
}
