/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks: files or block devices, read and written by one worker thread in the
 * order of the requests.  What Linux has in its cache is read at once. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTOR      512
#define EXTENTS_MAX 1024 /* IOV_MAX */

struct disk {
    int fd;
    uint64_t size;
    bool read_only;
    uint8_t *overlay; /* private map, if changes are to be thrown away */
    unsigned pending; /* requests with the worker */
};

struct request {
    struct request *next;
    struct disk *disk;
    enum platform_disk_op op;
    uint64_t offset;
    void *cookie;
    int status;
    unsigned extent_count;
    struct iovec extents[];
};

struct queue {
    struct request *first, **last;
};

static struct {
    struct disk *disks;
    unsigned count;
    struct queue done; /* this thread's */
    int wake;          /* eventfd: the worker has finished something */
    bool started, stopping;
    pthread_t worker;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    struct queue waiting, finished;
} state;

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_add(struct queue *queue, struct request *request)
{
    request->next = NULL;
    *queue->last = request;
    queue->last = &request->next;
}

static struct request *queue_take(struct queue *queue)
{
    struct request *request = queue->first;

    if (request && !(queue->first = request->next))
        queue->last = &queue->first;
    return request;
}

/* --- doing it ------------------------------------------------------------- */

/* Drops DONE bytes from the front of a request. */
static void advance(struct request *request, size_t done)
{
    request->offset += done;
    while (request->extent_count > 0 && done >= request->extents[0].iov_len) {
        done -= request->extents[0].iov_len;
        request->extent_count--;
        memmove(request->extents, request->extents + 1,
                request->extent_count * sizeof(struct iovec));
    }
    if (request->extent_count > 0) {
        request->extents[0].iov_base =
            (uint8_t *)request->extents[0].iov_base + done;
        request->extents[0].iov_len -= done;
    }
}

static int transfer_overlay(struct request *request)
{
    uint8_t *at = request->disk->overlay + request->offset;

    for (unsigned i = 0; i < request->extent_count; i++) {
        struct iovec *extent = &request->extents[i];
        if (request->op == PLATFORM_DISK_READ)
            memcpy(extent->iov_base, at, extent->iov_len);
        else
            memcpy(at, extent->iov_base, extent->iov_len);
        at += extent->iov_len;
    }
    return 0;
}

static int transfer(struct request *request)
{
    struct disk *disk = request->disk;
    ssize_t done;

    if (request->op == PLATFORM_DISK_FLUSH)
        return disk->overlay || fdatasync(disk->fd) == 0 ? 0 : -errno;
    if (disk->overlay)
        return transfer_overlay(request);
    while (request->extent_count > 0) {
        int count = (int)request->extent_count;
        if (count > EXTENTS_MAX)
            count = EXTENTS_MAX;
        if (request->op == PLATFORM_DISK_READ)
            done = preadv(disk->fd, request->extents, count,
                          (off_t)request->offset);
        else
            done = pwritev(disk->fd, request->extents, count,
                           (off_t)request->offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        advance(request, (size_t)done);
    }
    return 0;
}

static void *worker_main(void *unused)
{
    uint64_t one = 1;
    struct request *request;

    pthread_mutex_lock(&state.lock);
    for (;;) {
        while (!(request = queue_take(&state.waiting)) && !state.stopping)
            pthread_cond_wait(&state.more, &state.lock);
        if (!request)
            break;
        pthread_mutex_unlock(&state.lock);
        request->status = transfer(request);
        pthread_mutex_lock(&state.lock);
        queue_add(&state.finished, request);
        if (write(state.wake, &one, sizeof(one)) != sizeof(one))
            abort();
    }
    pthread_mutex_unlock(&state.lock);
    return NULL;
}

/* Tries to read from Linux's cache; true if that was all. */
static bool read_cached(struct request *request)
{
    ssize_t done;

    if (request->op != PLATFORM_DISK_READ || request->disk->overlay ||
        request->disk->pending > 0 || request->extent_count > EXTENTS_MAX)
        return false;
    done =
        preadv2(request->disk->fd, request->extents, (int)request->extent_count,
                (off_t)request->offset, RWF_NOWAIT);
    if (done > 0)
        advance(request, (size_t)done);
    return request->extent_count == 0;
}

/* --- requests ------------------------------------------------------------- */

static int check_request(const struct disk *disk, const struct request *request)
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
    struct request *request =
        malloc(sizeof(*request) + extent_count * sizeof(struct iovec));

    if (!request)
        platform_panic("no memory for a disk request");
    *request =
        (struct request){NULL, disk, op, offset_bytes, cookie, 0, extent_count};
    for (unsigned i = 0; i < extent_count; i++)
        request->extents[i] = (struct iovec){machine.base + extents[i].phys,
                                             extents[i].size_bytes};
    request->status = check_request(disk, request);
    if (request->status != 0 || read_cached(request)) {
        queue_add(&state.done, request);
        return;
    }
    disk->pending++;
    pthread_mutex_lock(&state.lock);
    queue_add(&state.waiting, request);
    pthread_cond_signal(&state.more);
    pthread_mutex_unlock(&state.lock);
}

static void report(struct request *request)
{
    void *cookie = request->cookie;
    int status = request->status;

    free(request);
    kernel_disk_done(cookie, status);
}

bool disk_report(void)
{
    struct queue done = state.done;
    struct request *request, *next;

    if (!done.first)
        return false;
    queue_init(&state.done);
    for (request = done.first; request; request = next) {
        next = request->next;
        report(request);
    }
    return true;
}

void disk_completed(void)
{
    struct request *request, *next;
    uint64_t count;

    if (read(state.wake, &count, sizeof(count)) != sizeof(count))
        return;
    pthread_mutex_lock(&state.lock);
    request = state.finished.first;
    queue_init(&state.finished);
    pthread_mutex_unlock(&state.lock);
    for (; request; request = next) {
        next = request->next;
        request->disk->pending--;
        report(request);
    }
}

/* --- opening and closing -------------------------------------------------- */

static int open_disk(struct disk *disk, const struct linux_disk *options)
{
    bool writes = !options->read_only && !options->discard;
    struct flock lock = {.l_type = writes ? F_WRLCK : F_RDLCK,
                         .l_whence = SEEK_SET};
    off_t size;

    disk->fd = open(options->path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (disk->fd < 0)
        return machine_fail("%s: %s", options->path, strerror(errno));
    if (fcntl(disk->fd, F_OFD_SETLK, &lock) != 0)
        return machine_fail("%s: in use by another machine", options->path);
    size = lseek(disk->fd, 0, SEEK_END);
    if (size < SECTOR)
        return machine_fail("%s: not a disk: it has no sectors", options->path);
    disk->size = (uint64_t)size / SECTOR * SECTOR;
    disk->read_only = options->read_only;
    if (!options->discard)
        return 0;
    disk->overlay = mmap(NULL, disk->size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_NORESERVE, disk->fd, 0);
    if (disk->overlay != MAP_FAILED)
        return 0;
    disk->overlay = NULL;
    return machine_fail("%s: %s", options->path, strerror(errno));
}

int disk_open_all(void)
{
    const struct linux_options *options = machine.options;

    memset(&state, 0, sizeof(state));
    queue_init(&state.done);
    queue_init(&state.waiting);
    queue_init(&state.finished);
    pthread_mutex_init(&state.lock, NULL);
    pthread_cond_init(&state.more, NULL);
    state.wake = -1;
    if (options->disk_count == 0)
        return 0;
    state.disks = calloc(options->disk_count, sizeof(*state.disks));
    if (!state.disks)
        return machine_fail("no memory");
    for (unsigned i = 0; i < options->disk_count; i++) {
        state.disks[i].fd = -1;
        state.count++;
        if (open_disk(&state.disks[i], &options->disks[i]) != 0)
            return -1;
    }
    state.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (state.wake < 0 || machine_watch(state.wake, SOURCE_DISKS, EPOLLIN) != 0)
        return machine_fail("eventfd: %s", strerror(errno));
    /* Signals are the loop's: one that the worker could take would end us. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&state.worker, NULL, worker_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0)
        return machine_fail("cannot make a thread");
    state.started = true;
    return 0;
}

/* Waits until everything that was submitted is done. */
void disk_close_all(void)
{
    struct request *request;

    if (state.started) {
        pthread_mutex_lock(&state.lock);
        state.stopping = true;
        pthread_cond_signal(&state.more);
        pthread_mutex_unlock(&state.lock);
        pthread_join(state.worker, NULL);
    }
    while ((request = queue_take(&state.finished)) != NULL ||
           (request = queue_take(&state.done)) != NULL)
        free(request);
    for (unsigned i = 0; i < state.count; i++) {
        if (state.disks[i].overlay)
            munmap(state.disks[i].overlay, state.disks[i].size);
        if (state.disks[i].fd >= 0)
            close(state.disks[i].fd);
    }
    free(state.disks);
    if (state.wake >= 0)
        close(state.wake);
}

unsigned platform_disk_count(void)
{
    return state.count;
}

uint64_t platform_disk_size(unsigned disk)
{
    return state.disks[disk].size;
}

bool platform_disk_read_only(unsigned disk)
{
    return state.disks[disk].read_only;
}
