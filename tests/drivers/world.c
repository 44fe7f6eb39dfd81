/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/drivers/world.h"

#include <pthread.h>
#include <string.h>

#define THREADS_MAX 64u

const struct kind ahci = {MACHINE_AHCI, "/dev/rwd0d", "/dev/rwd1d"};
const struct kind virtio = {MACHINE_VIRTIO_BLK, "/dev/rld0d", "/dev/rld1d"};

static struct {
    pthread_t threads[THREADS_MAX];
    unsigned count;
    void (*fun)(unsigned);
} crew;

void world_start(const struct kind *kind, bool read_only)
{
    const struct host_disk disk = {.sector_count = SECTORS, .serial = "FIRST"};
    const struct host_disk other = {
        .sector_count = SECTORS, .read_only = read_only, .serial = "SECOND"};
    struct host_controller controllers[2] = {
        {.kind = kind->controller, .disk_count = 1, .disks = {disk, other}},
        {.kind = kind->controller, .disk_count = 1, .disks = {other}}};
    struct host_config config = {
        .controller_count = 2, .controllers = controllers, .quiet = true};

    if (kind->controller == MACHINE_AHCI) {
        controllers[0].disk_count = 2;
        config.controller_count = 1;
    }
    rump_overdue_ms = 15000;
    assert_int_equal(host_start(&config), 0);
    assert_int_equal(rump_init(), 0);
}

void world_stop(void)
{
    assert_int_equal(rump_sys_reboot(0, NULL), 0);
    assert_int_equal(host_counts().dma_blocks, 0);
    assert_int_equal(host_counts().logs, 0);
    host_stop();
}

int open_disk(const char *name, int flags)
{
    int fd = rump_sys_open(name, flags);

    assert_true(fd >= 0);
    return fd;
}

/* Each sector differs from each other, and its words among themselves. */
static uint64_t word(uint64_t sector, size_t at, unsigned seed)
{
    uint64_t x = sector * 64 + at / 8 + ((uint64_t)seed << 40) + 1;

    x *= 0x9e3779b97f4a7c15ull;
    return x ^ x >> 29;
}

void fill(void *data, uint64_t first, size_t size, unsigned seed)
{
    for (size_t at = 0; at < size; at += 8) {
        uint64_t value = word(first + at / SECTOR, at % SECTOR, seed);
        memcpy((char *)data + at, &value, 8);
    }
}

bool is_filled(const void *data, uint64_t first, size_t size, unsigned seed)
{
    for (size_t at = 0; at < size; at += 8) {
        uint64_t value = word(first + at / SECTOR, at % SECTOR, seed);
        if (memcmp((const char *)data + at, &value, 8) != 0) {
            return false;
        }
    }
    return true;
}

static void *run(void *index)
{
    crew.fun((unsigned)(uintptr_t)index);
    return NULL;
}

void start_threads(unsigned count, void (*fun)(unsigned index))
{
    assert_true(count <= THREADS_MAX);
    crew.fun = fun;
    crew.count = count;
    for (unsigned i = 0; i < count; i++) {
        pthread_create(&crew.threads[i], NULL, run, (void *)(uintptr_t)i);
    }
}

void join_threads(void)
{
    for (unsigned i = 0; i < crew.count; i++) {
        pthread_join(crew.threads[i], NULL);
    }
}

void run_threads(unsigned count, void (*fun)(unsigned index))
{
    start_threads(count, fun);
    join_threads();
}
