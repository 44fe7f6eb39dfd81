/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/host/disk.c: the disks of the host world's machine, and their
 * troubles.
 *
 * Some threads serve all disks.  They take the newest request of a queue as
 * often as the oldest, so that a driver sees them come back in any order.
 */

#include "drivers/host/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS   4u
#define FAIL_MAX  64u
#define QUEUE_MAX 4096u
#define NEVER     UINT64_MAX

struct disk {
    int fd;              /* -1: memory */
    unsigned char *data; /* of a disk in memory */
    uint64_t sector_count;
    bool held;
    uint64_t failing[FAIL_MAX]; /* sectors; NEVER: none */
    unsigned under_way;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct disk disks[HOST_DISKS_MAX];
    unsigned disk_count;
    struct machine_block_request *queue[QUEUE_MAX];
    unsigned queue_count;
    bool stop, newest;
    pthread_t threads[THREADS];
    struct host_counts counts; /* the disks' part */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER,
         .changed = PTHREAD_COND_INITIALIZER};

/* --- data ----------------------------------------------------------------- */

static int move_file(int fd, bool write, void *memory, size_t size,
                     uint64_t offset)
{
    while (size > 0) {
        ssize_t n = write ? pwrite(fd, memory, size, (off_t)offset)
                          : pread(fd, memory, size, (off_t)offset);
        if (n <= 0) {
            return -1;
        }
        memory = (char *)memory + n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static int move(struct disk *disk, bool write, void *memory, size_t size,
                uint64_t offset)
{
    if (disk->fd >= 0) {
        return move_file(disk->fd, write, memory, size, offset);
    }
    if (write) {
        host_dma_copy(disk->data + offset, memory, size);
    } else {
        host_dma_copy(memory, disk->data + offset, size);
    }
    return 0;
}

static bool touches_failing(const struct disk *disk, uint64_t offset,
                            uint64_t size)
{
    for (unsigned i = 0; i < FAIL_MAX; i++) {
        uint64_t sector = disk->failing[i];

        if (sector != NEVER && sector >= offset / MACHINE_SECTOR &&
            sector < (offset + size) / MACHINE_SECTOR) {
            return true;
        }
    }
    return false;
}

static int perform(struct machine_block_request *request)
{
    struct disk *disk = &all.disks[request->disk];
    bool write = request->op == MACHINE_BLOCK_WRITE;
    uint64_t offset = request->offset_bytes;

    if (request->op == MACHINE_BLOCK_FLUSH) {
        return disk->fd >= 0 ? fdatasync(disk->fd) : 0;
    }
    for (unsigned i = 0; i < request->extent_count; i++) {
        const struct machine_extent *extent = &request->extents[i];
        void *memory = host_memory_at(extent->phys, extent->size_bytes);
        bool bad;

        pthread_mutex_lock(&all.lock);
        bad = touches_failing(disk, offset, extent->size_bytes);
        pthread_mutex_unlock(&all.lock);
        if (bad || memory == NULL ||
            move(disk, write, memory, extent->size_bytes, offset) != 0) {
            return -1;
        }
        offset += extent->size_bytes;
    }
    return 0;
}

/* --- threads -------------------------------------------------------------- */

/* NULL if nothing may be done now. */
static struct machine_block_request *take(void)
{
    all.newest = !all.newest;
    for (unsigned n = 0; n < all.queue_count; n++) {
        unsigned i = all.newest ? all.queue_count - 1 - n : n;
        struct machine_block_request *request = all.queue[i];

        if (!all.disks[request->disk].held) {
            memmove(&all.queue[i], &all.queue[i + 1],
                    (all.queue_count - 1 - i) * sizeof all.queue[0]);
            all.queue_count--;
            return request;
        }
    }
    return NULL;
}

static void *run(void *unused)
{
    struct machine_block_request *request = NULL;

    (void)unused;
    pthread_mutex_lock(&all.lock);
    for (;;) {
        while (!all.stop && (request = take()) == NULL) {
            pthread_cond_wait(&all.changed, &all.lock);
        }
        if (all.stop) {
            break;
        }
        pthread_mutex_unlock(&all.lock);
        int status = perform(request);
        unsigned disk = request->disk;
        host_machine_lock();
        request->done(request, status);
        host_machine_unlock();
        pthread_mutex_lock(&all.lock);
        all.disks[disk].under_way--;
    }
    pthread_mutex_unlock(&all.lock);
    return NULL;
}

static void count(const struct machine_block_request *request)
{
    struct disk *disk = &all.disks[request->disk];

    if (++disk->under_way > all.counts.most_under_way) {
        all.counts.most_under_way = disk->under_way;
    }
    all.counts.reads += request->op == MACHINE_BLOCK_READ;
    all.counts.writes += request->op == MACHINE_BLOCK_WRITE;
    all.counts.flushes += request->op == MACHINE_BLOCK_FLUSH;
}

void host_disk_submit(void *context, struct machine_block_request *request)
{
    bool room;

    (void)context;
    pthread_mutex_lock(&all.lock);
    room = all.queue_count < QUEUE_MAX;
    if (room) {
        count(request);
        all.queue[all.queue_count++] = request;
        pthread_cond_broadcast(&all.changed);
    }
    pthread_mutex_unlock(&all.lock);
    if (!room) {
        request->done(request, -1);
    }
}

/* One that a thread has begun is not to be called back. */
bool host_disk_abandon(void *context, struct machine_block_request *request)
{
    bool found = false;

    (void)context;
    pthread_mutex_lock(&all.lock);
    for (unsigned i = 0; !found && i < all.queue_count; i++) {
        if (all.queue[i] != request) {
            continue;
        }
        found = true;
        all.queue_count--;
        all.disks[request->disk].under_way--;
        memmove(&all.queue[i], &all.queue[i + 1],
                (all.queue_count - i) * sizeof all.queue[0]);
    }
    pthread_mutex_unlock(&all.lock);
    return found;
}

/* --- start and stop ------------------------------------------------------- */

static bool open_disk(struct disk *disk, const struct host_disk *config)
{
    *disk = (struct disk){.fd = -1, .sector_count = config->sector_count};
    for (unsigned i = 0; i < FAIL_MAX; i++) {
        disk->failing[i] = NEVER;
    }
    if (config->path == NULL) {
        disk->data = calloc(config->sector_count, MACHINE_SECTOR);
        return disk->data != NULL;
    }
    disk->fd =
        open(config->path, (config->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    return disk->fd >= 0;
}

static void close_disks(void)
{
    while (all.disk_count > 0) {
        struct disk *disk = &all.disks[--all.disk_count];

        free(disk->data);
        if (disk->fd >= 0) {
            close(disk->fd);
        }
    }
}

bool host_disks_start(const struct host_config *config)
{
    for (unsigned c = 0; c < config->controller_count; c++) {
        for (unsigned i = 0; i < config->controllers[c].disk_count; i++) {
            if (!open_disk(&all.disks[all.disk_count],
                           &config->controllers[c].disks[i])) {
                close_disks();
                return false;
            }
            all.disk_count++;
        }
    }
    all.stop = false;
    all.queue_count = 0;
    all.counts = (struct host_counts){0};
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_create(&all.threads[i], NULL, run, NULL);
    }
    return true;
}

void host_disks_stop(void)
{
    pthread_mutex_lock(&all.lock);
    all.stop = true;
    pthread_cond_broadcast(&all.changed);
    pthread_mutex_unlock(&all.lock);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(all.threads[i], NULL);
    }
    close_disks();
}

/* --- trouble -------------------------------------------------------------- */

void host_disk_fail(unsigned disk, uint64_t sector, bool fail)
{
    uint64_t from = fail ? NEVER : sector;

    pthread_mutex_lock(&all.lock);
    for (unsigned i = 0; i < FAIL_MAX; i++) {
        if (all.disks[disk].failing[i] == from) {
            all.disks[disk].failing[i] = fail ? sector : NEVER;
            break;
        }
    }
    pthread_mutex_unlock(&all.lock);
}

void host_disk_hold(unsigned disk, bool hold)
{
    pthread_mutex_lock(&all.lock);
    all.disks[disk].held = hold;
    pthread_cond_broadcast(&all.changed);
    pthread_mutex_unlock(&all.lock);
}

const unsigned char *host_disk_sector(unsigned disk, uint64_t sector)
{
    return all.disks[disk].data + sector * MACHINE_SECTOR;
}

struct host_counts host_counts(void)
{
    struct host_counts counts;

    host_machine_lock();
    counts = host_world.counts;
    host_machine_unlock();
    pthread_mutex_lock(&all.lock);
    counts.reads = all.counts.reads;
    counts.writes = all.counts.writes;
    counts.flushes = all.counts.flushes;
    counts.most_under_way = all.counts.most_under_way;
    pthread_mutex_unlock(&all.lock);
    counts.dma_blocks = host_memory_blocks();
    return counts;
}
