/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's disk requests: checked here, done by a backing, and reported in
 * the loop. */
#define _GNU_SOURCE
#include "platform/linux/disk.h"
#include "platform/linux/machine.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct {
    struct disk *disks;
    unsigned count;
    struct disk_queue done; /* this thread's: done at once */
    int wake;               /* eventfd: a backing has something to tell */
    pthread_mutex_t lock;   /* of what follows */
    struct disk_queue finished;
} state;

void disk_queue_init(struct disk_queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

void disk_queue_add(struct disk_queue *queue, struct disk_request *request)
{
    request->next = NULL;
    *queue->last = request;
    queue->last = &request->next;
}

struct disk_request *disk_queue_take(struct disk_queue *queue)
{
    struct disk_request *request = queue->first;

    if (request && !(queue->first = request->next))
        queue->last = &queue->first;
    return request;
}

/* --- what backings say ---------------------------------------------------- */

static void wake_loop(void)
{
    uint64_t one = 1;

    if (write(state.wake, &one, sizeof(one)) != sizeof(one))
        abort();
}

void disk_request_done(struct disk_request *request, int status)
{
    request->status = status;
    pthread_mutex_lock(&state.lock);
    disk_queue_add(&state.finished, request);
    pthread_mutex_unlock(&state.lock);
    wake_loop();
}

void disk_lost(struct disk *disk)
{
    pthread_mutex_lock(&state.lock);
    disk->lost = true;
    pthread_mutex_unlock(&state.lock);
    wake_loop();
}

int disk_start_thread(void *(*entry)(void *), void *argument, void *thread_out)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    int failed;

    /* Not on the one processor of the loop and the tasks only: it has other
     * things to do than to copy. */
    pthread_attr_init(&attributes);
    pthread_attr_setaffinity_np(&attributes, sizeof(machine.processors),
                                &machine.processors);
    /* Signals are the loop's: one that this thread could take would end us. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    failed = pthread_create(thread_out, &attributes, entry, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed ? machine_fail("cannot make a thread") : 0;
}

/* --- requests ------------------------------------------------------------- */

static int check_request(const struct disk *disk,
                         const struct disk_request *request)
{
    uint64_t end = request->offset;

    for (unsigned i = 0; i < request->extent_count; i++)
        end += request->extents[i].iov_len;
    if (request->op == PLATFORM_DISK_WRITE && disk->read_only)
        return -EROFS;
    return end > disk->size || end < request->offset ? -EINVAL : 0;
}

void platform_disk_submit(unsigned number, enum platform_disk_op op,
                          uint64_t offset_bytes,
                          const struct platform_extent *extents,
                          unsigned extent_count, void *cookie)
{
    struct disk *disk = &state.disks[number];
    struct disk_request *request =
        malloc(sizeof(*request) + extent_count * sizeof(struct iovec));

    if (!request)
        platform_panic("no memory for a disk request");
    *request = (struct disk_request){.disk = disk,
                                     .op = op,
                                     .offset = offset_bytes,
                                     .cookie = cookie,
                                     .extent_count = extent_count};
    for (unsigned i = 0; i < extent_count; i++)
        request->extents[i] = (struct iovec){machine.base + extents[i].phys,
                                             extents[i].size_bytes};
    request->status = check_request(disk, request);
    if (request->status != 0 || disk->backing->try(disk, request)) {
        disk_queue_add(&state.done, request);
        return;
    }
    disk_detachable(request);
    disk->backing->submit(disk, request);
}

static void report_all(struct disk_request *request)
{
    struct disk_request *next;

    for (; request; request = next) {
        void *cookie = request->cookie;
        int status = request->status;
        bool abandoned = request->abandoned;

        next = request->next;
        disk_undetach(request);
        free(request);
        if (!abandoned)
            kernel_disk_done(cookie, status);
    }
}

bool disk_report(void)
{
    struct disk_request *first = state.done.first;

    disk_queue_init(&state.done);
    report_all(first);
    return first != NULL;
}

static void report_lost(void)
{
    for (unsigned i = 0; i < state.count; i++) {
        struct disk *disk = &state.disks[i];
        bool tell;

        pthread_mutex_lock(&state.lock);
        tell = disk->lost && !disk->lost_told;
        disk->lost_told = disk->lost;
        pthread_mutex_unlock(&state.lock);
        if (tell)
            kernel_disk_gone(i);
    }
}

void disk_completed(void)
{
    struct disk_request *first;
    uint64_t count;

    if (read(state.wake, &count, sizeof(count)) != sizeof(count))
        return;
    pthread_mutex_lock(&state.lock);
    first = state.finished.first;
    disk_queue_init(&state.finished);
    pthread_mutex_unlock(&state.lock);
    report_all(first);
    report_lost();
}

/* --- opening and closing -------------------------------------------------- */

bool linux_disk_is_nbd(const char *path)
{
    return strncmp(path, "nbd://", 6) == 0 ||
           strncmp(path, "nbd+unix://", 11) == 0 ||
           strncmp(path, "nbds://", 7) == 0 ||
           strncmp(path, "nbds+unix://", 12) == 0;
}

static int open_disk(struct disk *disk, const struct linux_disk *options)
{
    const struct disk_backing *backing =
        linux_disk_is_nbd(options->path) ? &disk_nbd : &disk_file;

    disk->read_only = options->read_only;
    if (backing->open(disk, options) != 0)
        return -1;
    disk->backing = backing;
    if (disk->size >= DISK_SECTOR)
        return 0;
    return machine_fail("%s: not a disk: it has no sectors", options->path);
}

int disk_open_all(void)
{
    const struct linux_options *options = machine.options;

    memset(&state, 0, sizeof(state));
    disk_queue_init(&state.done);
    disk_queue_init(&state.finished);
    pthread_mutex_init(&state.lock, NULL);
    state.wake = -1;
    if (options->disk_count == 0)
        return 0;
    state.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (state.wake < 0 || machine_watch(state.wake, SOURCE_DISKS, EPOLLIN) != 0)
        return machine_fail("eventfd: %s", strerror(errno));
    state.disks = calloc(options->disk_count, sizeof(*state.disks));
    if (!state.disks)
        return machine_fail("no memory");
    for (unsigned i = 0; i < options->disk_count; i++) {
        state.count++;
        if (open_disk(&state.disks[i], &options->disks[i]) != 0)
            return -1;
    }
    return 0;
}

/* Waits until everything that was submitted is done. */
void disk_close_all(void)
{
    struct disk_request *request;

    for (unsigned i = 0; i < state.count; i++)
        if (state.disks[i].backing)
            state.disks[i].backing->close(&state.disks[i]);
    while ((request = disk_queue_take(&state.finished)) != NULL ||
           (request = disk_queue_take(&state.done)) != NULL) {
        disk_undetach(request);
        free(request);
    }
    free(state.disks);
    if (state.wake >= 0)
        close(state.wake);
}

unsigned platform_disk_count(void)
{
    return state.count;
}

enum platform_disk_bus platform_disk_bus(unsigned disk, unsigned *group_out)
{
    const struct linux_disk *options = &machine.options->disks[disk];

    *group_out = options->group;
    return options->virtio ? PLATFORM_BUS_VIRTIO : PLATFORM_BUS_AHCI;
}

uint64_t platform_disk_size(unsigned disk)
{
    return state.disks[disk].size;
}

bool platform_disk_read_only(unsigned disk)
{
    return state.disks[disk].read_only;
}
