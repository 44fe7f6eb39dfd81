/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory and the blocks shared with stubs: one sparse file, mapped
 * whole in this process. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Room for as many threads and tasks; only what is used costs memory. */
#define BLOCKS_MAX  65536ull
#define BLOCKS_SIZE (BLOCKS_MAX * STUB_SLOT_SIZE)

/* Up to here clearing is cheaper than giving back and faulting in again. */
#define DISCARD_MIN (64ull << 10)

int memory_open(uint64_t size_bytes)
{
    machine.memory_size = size_bytes;
    machine.file_size = size_bytes + BLOCKS_SIZE;
    machine.memory_fd = memfd_create("hell-memory", MFD_CLOEXEC);
    if (machine.memory_fd < 0 ||
        ftruncate(machine.memory_fd, (off_t)machine.file_size) != 0)
        return machine_fail("no memory: %s", strerror(errno));
    machine.base = mmap(NULL, machine.file_size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_NORESERVE, machine.memory_fd, 0);
    if (machine.base == MAP_FAILED) {
        machine.base = NULL;
        return machine_fail("no memory: %s", strerror(errno));
    }
    machine.disk_base = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_NORESERVE, machine.memory_fd, 0);
    if (machine.disk_base == MAP_FAILED) {
        machine.disk_base = NULL;
        return machine_fail("no memory: %s", strerror(errno));
    }
    machine.blocks_used = size_bytes;
    machine.host = memory_block_alloc();
    if (!machine.host)
        return machine_fail("no memory");
    machine.host->one = 1;
    machine.host_offset = memory_offset(machine.host);
    return 0;
}

void memory_close(void)
{
    if (machine.base)
        munmap(machine.base, machine.file_size);
    if (machine.disk_base)
        munmap(machine.disk_base, machine.memory_size);
    if (machine.memory_fd >= 0)
        close(machine.memory_fd);
    free(machine.free_blocks);
}

void *memory_block_alloc(void)
{
    uint64_t offset;

    if (machine.free_block_count > 0) {
        offset = machine.free_blocks[--machine.free_block_count];
        /* What another task wrote there is nobody else's business. */
        memset(machine.base + offset, 0, STUB_SLOT_SIZE);
        return machine.base + offset;
    }
    if (machine.blocks_used >= machine.file_size)
        return NULL;
    offset = machine.blocks_used;
    machine.blocks_used += STUB_SLOT_SIZE;
    return machine.base + offset;
}

void memory_block_free(void *block)
{
    if (!block)
        return;
    if (machine.free_block_count == machine.free_block_room) {
        size_t room =
            machine.free_block_room ? machine.free_block_room * 2 : 64;
        uint64_t *list = realloc(machine.free_blocks, room * sizeof(*list));
        if (!list)
            return; /* lost until the machine ends */
        machine.free_blocks = list;
        machine.free_block_room = room;
    }
    machine.free_blocks[machine.free_block_count++] = memory_offset(block);
}

uint64_t machine_blocks_max(void)
{
    return BLOCKS_MAX - 1; /* one is the host page's */
}

void *platform_alloc(size_t size_bytes)
{
    return calloc(1, size_bytes);
}

void platform_free(void *memory)
{
    free(memory);
}

uint64_t platform_memory_size(void)
{
    return machine.memory_size;
}

void *platform_memory_base(void)
{
    return machine.base;
}

void platform_memory_discard(uint64_t phys, uint64_t size_bytes)
{
    if (size_bytes >= DISCARD_MIN &&
        fallocate(machine.memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)phys, (off_t)size_bytes) == 0)
        return;
    memset(machine.base + phys, 0, size_bytes);
}
