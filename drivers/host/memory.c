/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/host/memory.c: the RAM of the host world's machine.
 *
 * Drivers' DMA memory is cut from it in whole pages, first fit, with a page
 * between any two blocks that no device may touch.
 */

#include "drivers/host/private.h"

#include <string.h>
#include <sys/mman.h>

static struct {
    pthread_mutex_t lock;
    unsigned char *base;
    size_t page_count;
    /* For each page the number of pages of its block that begin here. */
    unsigned *used;
    unsigned blocks;
} ram = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool host_memory_start(size_t size_bytes)
{
    ram.page_count = size_bytes / HOST_PAGE;
    ram.base = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram.base == MAP_FAILED) {
        return false;
    }
    ram.used = hyp_alloc(ram.page_count * sizeof *ram.used);
    ram.blocks = 0;
    return ram.used != NULL;
}

void host_memory_stop(void)
{
    munmap(ram.base, ram.page_count * HOST_PAGE);
    hyp_free(ram.used);
    ram.used = NULL;
}

unsigned host_memory_blocks(void)
{
    unsigned blocks;

    pthread_mutex_lock(&ram.lock);
    blocks = ram.blocks;
    pthread_mutex_unlock(&ram.lock);
    return blocks;
}

void *host_memory_at(uint64_t phys, uint64_t size_bytes)
{
    uint64_t end = HOST_RAM_BASE + (uint64_t)ram.page_count * HOST_PAGE;

    if (phys < HOST_RAM_BASE || phys > end || size_bytes > end - phys) {
        return NULL;
    }
    return ram.base + (phys - HOST_RAM_BASE);
}

__attribute__((no_sanitize("thread", "address"), noinline)) void
host_dma_copy(void *to, const void *from, size_t size)
{
    volatile uint64_t *to_words = to;
    const volatile uint64_t *from_words = from;
    volatile unsigned char *to_bytes;
    const volatile unsigned char *from_bytes;

    for (; size >= 8 && ((uintptr_t)to | (uintptr_t)from) % 8 == 0; size -= 8) {
        *to_words++ = *from_words++;
        to = (void *)to_words;
        from = (const void *)from_words;
    }
    to_bytes = to;
    from_bytes = from;
    while (size-- > 0) {
        *to_bytes++ = *from_bytes++;
    }
}

/* The first page of COUNT free ones and one more, or the page count. */
static size_t find(size_t count)
{
    size_t page = 0, first = 0;

    while (page < ram.page_count && page - first <= count) {
        if (ram.used[page] != 0) {
            page += ram.used[page];
            first = page;
        } else {
            page++;
        }
    }
    return page - first > count ? first : ram.page_count;
}

void *hyp_dma_alloc(size_t size_bytes, uint64_t *phys_out)
{
    size_t count = (size_bytes + HOST_PAGE - 1) / HOST_PAGE, page;
    void *memory = NULL;

    pthread_mutex_lock(&ram.lock);
    page = find(count);
    if (count > 0 && page < ram.page_count) {
        ram.used[page] = (unsigned)count + 1;
        ram.blocks++;
        memory = ram.base + page * HOST_PAGE;
        *phys_out = HOST_RAM_BASE + page * HOST_PAGE;
    }
    pthread_mutex_unlock(&ram.lock);
    if (memory != NULL) {
        memset(memory, 0, size_bytes);
    }
    return memory;
}

void hyp_dma_free(void *memory, size_t size_bytes)
{
    size_t page = (size_t)((unsigned char *)memory - ram.base) / HOST_PAGE;

    (void)size_bytes;
    pthread_mutex_lock(&ram.lock);
    ram.used[page] = 0;
    ram.blocks--;
    pthread_mutex_unlock(&ram.lock);
}

unsigned hyp_dma_segments(const void *memory, size_t size_bytes,
                          struct hyp_segment *segments, unsigned max)
{
    uint64_t phys;

    if (max == 0 || size_bytes > UINT32_MAX || size_bytes % 4 != 0 ||
        !hyp_dma_translate(memory, size_bytes, &phys) || phys % 4 != 0) {
        return 0;
    }
    segments[0] = (struct hyp_segment){phys, (uint32_t)size_bytes};
    return 1;
}

bool hyp_dma_translate(const void *memory, size_t size_bytes,
                       uint64_t *phys_out)
{
    size_t offset = (size_t)((const unsigned char *)memory - ram.base);

    if ((const unsigned char *)memory < ram.base ||
        offset >= ram.page_count * HOST_PAGE ||
        size_bytes > ram.page_count * HOST_PAGE - offset) {
        return false;
    }
    *phys_out = HOST_RAM_BASE + offset;
    return true;
}
