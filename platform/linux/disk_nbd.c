/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks that an NBD server exports, through libnbd: one thread a disk, with any
 * number of commands in flight.  A connection that is lost is lost: the disk is
 * then gone, as one that was pulled out. */
#define _GNU_SOURCE
#include "platform/linux/disk.h"
#include "platform/linux/machine.h"
#include <errno.h>
#include <libnbd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define IN_FLIGHT_MAX 64
#define ROUND_MS      100 /* how often a thread that is to stop looks */

struct nbd_disk {
    struct nbd_handle *handle; /* its thread's, once that runs */
    int wake;                  /* eventfd */
    pthread_t thread;
    bool started, can_flush;
    uint64_t give_up_at;  /* the thread's: once it is to stop */
    pthread_mutex_t lock; /* of what follows */
    bool stopping;
    struct disk_queue waiting;
};

/* --- commands ------------------------------------------------------------- */

/* A part of a request is done. */
static int part_done(void *argument, int *error)
{
    struct disk_request *request = argument;

    if (*error != 0)
        request->status = -*error;
    if (--request->parts == 0)
        disk_request_done(request, request->status);
    return 1; /* the command may be forgotten */
}

static int start_part(struct nbd_disk *nbd, struct disk_request *request,
                      const struct iovec *extent, uint64_t offset)
{
    nbd_completion_callback callback = {.callback = part_done,
                                        .user_data = request};
    int64_t command;

    if (request->op == PLATFORM_DISK_FLUSH)
        command = nbd_aio_flush(nbd->handle, callback, 0);
    else if (request->op == PLATFORM_DISK_READ)
        command = nbd_aio_pread(nbd->handle, extent->iov_base, extent->iov_len,
                                offset, callback, 0);
    else
        command = nbd_aio_pwrite(nbd->handle, extent->iov_base, extent->iov_len,
                                 offset, callback, 0);
    return command < 0 ? -EIO : 0;
}

static void start_request(struct nbd_disk *nbd, struct disk_request *request)
{
    uint64_t offset = request->offset;
    unsigned count =
        request->op == PLATFORM_DISK_FLUSH ? 1 : request->extent_count;

    request->parts = 1; /* ours, so that it does not end while we begin */
    for (unsigned i = 0; i < count && request->status == 0; i++) {
        int error;

        request->parts++;
        error = start_part(nbd, request, &request->extents[i], offset);
        if (error != 0) {
            request->parts--;
            request->status = error;
        } else if (request->op != PLATFORM_DISK_FLUSH) {
            offset += request->extents[i].iov_len;
        }
    }
    if (--request->parts == 0)
        disk_request_done(request, request->status);
}

static bool is_dead(struct nbd_disk *nbd)
{
    return nbd_aio_is_dead(nbd->handle) == 1 ||
           nbd_aio_is_closed(nbd->handle) == 1;
}

static struct disk_request *take_waiting(struct nbd_disk *nbd)
{
    struct disk_request *request;

    pthread_mutex_lock(&nbd->lock);
    request = disk_queue_take(&nbd->waiting);
    pthread_mutex_unlock(&nbd->lock);
    return request;
}

static bool is_stopping(struct nbd_disk *nbd)
{
    bool stopping;

    pthread_mutex_lock(&nbd->lock);
    stopping = nbd->stopping;
    pthread_mutex_unlock(&nbd->lock);
    return stopping;
}

/* Takes what waits; false if the disk is to be closed and nothing is left, or
 * nothing came of it for a while. */
static bool take_requests(struct disk *disk)
{
    struct nbd_disk *nbd = disk->state;
    bool dead = is_dead(nbd);
    struct disk_request *request;

    while ((dead || nbd_aio_in_flight(nbd->handle) < IN_FLIGHT_MAX) &&
           (request = take_waiting(nbd)) != NULL) {
        if (dead)
            disk_request_done(request, -ENXIO);
        else
            start_request(nbd, request);
    }
    if (!is_stopping(nbd))
        return true;
    if (nbd->give_up_at == 0)
        nbd->give_up_at = platform_time_monotonic() + PATIENCE_NS;
    return !dead && nbd_aio_in_flight(nbd->handle) > 0 &&
           platform_time_monotonic() < nbd->give_up_at;
}

/* --- the thread ------------------------------------------------------------- */

static void wait_for_more(struct nbd_disk *nbd, bool dead)
{
    struct pollfd fds[2] = {{.fd = nbd->wake, .events = POLLIN}, {.fd = -1}};
    uint64_t count;

    if (!dead) {
        unsigned direction = nbd_aio_get_direction(nbd->handle);

        fds[1].fd = nbd_aio_get_fd(nbd->handle);
        if (direction & LIBNBD_AIO_DIRECTION_READ)
            fds[1].events |= POLLIN;
        if (direction & LIBNBD_AIO_DIRECTION_WRITE)
            fds[1].events |= POLLOUT;
    }
    /* A server that no longer answers must not keep a machine from ending. */
    if (poll(fds, 2, is_stopping(nbd) ? ROUND_MS : -1) < 0)
        return;
    if (fds[0].revents & POLLIN &&
        read(nbd->wake, &count, sizeof(count)) != sizeof(count))
        abort();
    if (fds[1].revents & (POLLIN | POLLHUP | POLLERR))
        nbd_aio_notify_read(nbd->handle);
    else if (fds[1].revents & POLLOUT)
        nbd_aio_notify_write(nbd->handle);
}

static void *thread_main(void *argument)
{
    struct disk *disk = argument;
    struct nbd_disk *nbd = disk->state;
    bool told = false;

    while (take_requests(disk)) {
        bool dead = is_dead(nbd);

        if (dead && !told)
            disk_lost(disk);
        told = dead;
        wait_for_more(nbd, dead);
    }
    return NULL;
}

static void wake_thread(struct nbd_disk *nbd)
{
    uint64_t one = 1;

    if (write(nbd->wake, &one, sizeof(one)) != sizeof(one))
        abort();
}

static bool nbd_try(struct disk *disk, struct disk_request *request)
{
    struct nbd_disk *nbd = disk->state;

    (void)disk;
    return request->op == PLATFORM_DISK_FLUSH && !nbd->can_flush;
}

static void nbd_submit(struct disk *disk, struct disk_request *request)
{
    struct nbd_disk *nbd = disk->state;

    pthread_mutex_lock(&nbd->lock);
    disk_queue_add(&nbd->waiting, request);
    pthread_mutex_unlock(&nbd->lock);
    wake_thread(nbd);
}

/* --- opening and closing -------------------------------------------------- */

static void nbd_disk_close(struct disk *disk)
{
    struct nbd_disk *nbd = disk->state;

    if (nbd->started) {
        pthread_mutex_lock(&nbd->lock);
        nbd->stopping = true;
        pthread_mutex_unlock(&nbd->lock);
        wake_thread(nbd);
        pthread_join(nbd->thread, NULL);
    }
    /* Said, not waited for: nbd_shutdown would wait for ever for the answer of
     * a server that hangs. */
    if (nbd->handle && nbd_aio_is_ready(nbd->handle) == 1 &&
        nbd_aio_in_flight(nbd->handle) == 0)
        nbd_aio_disconnect(nbd->handle, 0);
    nbd_close(nbd->handle);
    if (nbd->wake >= 0)
        close(nbd->wake);
    free(nbd);
}

static int nbd_connect_disk(struct disk *disk, const struct linux_disk *options)
{
    struct nbd_disk *nbd = disk->state;
    int64_t size;

    nbd->handle = nbd_create();
    if (!nbd->handle || nbd_connect_uri(nbd->handle, options->path) < 0)
        return machine_fail("%s: %s", options->path, nbd_get_error());
    size = nbd_get_size(nbd->handle);
    if (size < 0)
        return machine_fail("%s: %s", options->path, nbd_get_error());
    disk->size = (uint64_t)size / DISK_SECTOR * DISK_SECTOR;
    disk->read_only |= nbd_is_read_only(nbd->handle) == 1;
    nbd->can_flush = nbd_can_flush(nbd->handle) == 1;
    return 0;
}

static int nbd_disk_open(struct disk *disk, const struct linux_disk *options)
{
    struct nbd_disk *nbd;

    if (options->discard)
        return machine_fail(
            "%s: changes to an NBD disk can't be thrown away: use --persist, "
            "or `,ro', or the server's own copy-on-write",
            options->path);
    nbd = calloc(1, sizeof(*nbd));
    if (!nbd)
        return machine_fail("no memory");
    disk->state = nbd;
    disk_queue_init(&nbd->waiting);
    pthread_mutex_init(&nbd->lock, NULL);
    nbd->wake = eventfd(0, EFD_CLOEXEC);
    if (nbd->wake < 0) {
        machine_fail("eventfd: %s", strerror(errno));
        goto failed;
    }
    if (nbd_connect_disk(disk, options) != 0 ||
        disk_start_thread(thread_main, disk, &nbd->thread) != 0)
        goto failed;
    nbd->started = true;
    return 0;
failed:
    nbd_disk_close(disk);
    return -1;
}

const struct disk_backing disk_nbd = {nbd_disk_open, nbd_try, nbd_submit,
                                      nbd_disk_close};
