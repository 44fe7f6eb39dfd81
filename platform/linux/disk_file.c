/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks that are files or block devices, read and written by a few threads.
 * What Linux has in its cache is read at once.
 *
 * A disk whose changes are to be thrown away writes them to a file without a
 * name, and remembers by sector which of the two has the data. */
#define _GNU_SOURCE
#include "platform/linux/disk.h"
#include "platform/linux/machine.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXTENTS_MAX  1024 /* IOV_MAX */
#define WORKER_COUNT 4
#define LARGE_READ   (256u << 10)

struct file_disk {
    int fd;
    int changes;      /* the file of changes, -1 for none */
    uint8_t *changed; /* a bit for each sector that it has */
    pthread_t workers[WORKER_COUNT];
    unsigned worker_count;
    pthread_mutex_t changes_lock;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    bool stopping;
    struct disk_queue waiting;
};

/* --- the changes that are thrown away --------------------------------------- */

static bool is_changed(const struct file_disk *file, uint64_t sector)
{
    return file->changed[sector / 8] >> sector % 8 & 1;
}

/* How many sectors from SECTOR on, at most COUNT, are in the same file. */
static uint64_t same_place(const struct file_disk *file, uint64_t sector,
                           uint64_t count)
{
    uint64_t run = 1;

    while (run < count &&
           is_changed(file, sector + run) == is_changed(file, sector))
        run++;
    return run;
}

static int read_all(int fd, uint8_t *to, uint64_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t done = pread(fd, to, size, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        to += done;
        size -= (uint64_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}

static int write_all(int fd, const uint8_t *from, uint64_t size,
                     uint64_t offset)
{
    while (size > 0) {
        ssize_t done = pwrite(fd, from, size, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        from += done;
        size -= (uint64_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}

static int read_changed(struct file_disk *file, uint8_t *to, uint64_t size,
                        uint64_t offset)
{
    int status = 0;

    for (uint64_t run; size > 0 && status == 0; size -= run) {
        uint64_t sector = offset / DISK_SECTOR;

        run = same_place(file, sector, size / DISK_SECTOR) * DISK_SECTOR;
        status = read_all(is_changed(file, sector) ? file->changes : file->fd,
                          to, run, offset);
        to += run;
        offset += run;
    }
    return status;
}

static int write_changed(struct file_disk *file, const uint8_t *from,
                         uint64_t size, uint64_t offset)
{
    int status = write_all(file->changes, from, size, offset);

    for (uint64_t at = offset; status == 0 && at < offset + size;
         at += DISK_SECTOR)
        file->changed[at / DISK_SECTOR / 8] |=
            (uint8_t)(1u << at / DISK_SECTOR % 8);
    return status;
}

static int transfer_changed(struct file_disk *file,
                            const struct disk_request *request)
{
    uint64_t offset = request->offset;
    int status = 0;

    pthread_mutex_lock(&file->changes_lock);
    for (unsigned i = 0; i < request->extent_count && status == 0; i++) {
        const struct iovec *extent = &request->extents[i];

        if (request->op == PLATFORM_DISK_READ)
            status =
                read_changed(file, extent->iov_base, extent->iov_len, offset);
        else
            status =
                write_changed(file, extent->iov_base, extent->iov_len, offset);
        offset += extent->iov_len;
    }
    pthread_mutex_unlock(&file->changes_lock);
    return status;
}

/* --- doing it ------------------------------------------------------------- */

/* Drops DONE bytes from the front of a request. */
static void advance(struct disk_request *request, size_t done)
{
    unsigned gone = 0;

    request->offset += done;
    while (gone < request->extent_count &&
           done >= request->extents[gone].iov_len)
        done -= request->extents[gone++].iov_len;
    request->extent_count -= gone;
    memmove(request->extents, request->extents + gone,
            request->extent_count * sizeof(struct iovec));
    if (request->extent_count > 0) {
        request->extents[0].iov_base =
            (uint8_t *)request->extents[0].iov_base + done;
        request->extents[0].iov_len -= done;
    }
}

/* Whether the file became shorter than the disk.  A write behind its end would
 * bring back all that was cut off as zeroes, as if they had been the data. */
static bool is_cut_off(const struct disk *disk)
{
    const struct file_disk *file = disk->state;
    struct stat st;

    return fstat(file->fd, &st) != 0 ||
           (S_ISREG(st.st_mode) && (uint64_t)st.st_size < disk->size);
}

static int transfer(struct file_disk *file, struct disk_request *request)
{
    ssize_t done;

    if (request->op == PLATFORM_DISK_FLUSH)
        return file->changed || fdatasync(file->fd) == 0 ? 0 : -errno;
    if (file->changed)
        return transfer_changed(file, request);
    if (request->op == PLATFORM_DISK_WRITE && is_cut_off(request->disk))
        return -EIO;
    while (request->extent_count > 0) {
        int count = (int)request->extent_count;
        if (count > EXTENTS_MAX)
            count = EXTENTS_MAX;
        if (request->op == PLATFORM_DISK_READ)
            done = preadv(file->fd, request->extents, count,
                          (off_t)request->offset);
        else
            done = pwritev(file->fd, request->extents, count,
                           (off_t)request->offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        advance(request, (size_t)done);
    }
    return 0;
}

static void *worker_main(void *argument)
{
    struct file_disk *file = argument;
    struct disk_request *request;

    pthread_mutex_lock(&file->lock);
    for (;;) {
        while (!(request = disk_queue_take(&file->waiting)) && !file->stopping)
            pthread_cond_wait(&file->more, &file->lock);
        if (!request)
            break;
        pthread_mutex_unlock(&file->lock);
        disk_request_done(request, transfer(file, request));
        pthread_mutex_lock(&file->lock);
    }
    pthread_mutex_unlock(&file->lock);
    return NULL;
}

static bool is_large(const struct disk_request *request)
{
    size_t size = 0;

    for (unsigned i = 0; i < request->extent_count && size < LARGE_READ; i++)
        size += request->extents[i].iov_len;
    return size >= LARGE_READ;
}

/* Tries to read from Linux's cache; true if that was all.  To copy much is better
 * done on another processor, while this one goes on with other requests. */
static bool file_try(struct disk *disk, struct disk_request *request)
{
    struct file_disk *file = disk->state;
    ssize_t done;

    if (request->op != PLATFORM_DISK_READ || file->changed ||
        request->extent_count > EXTENTS_MAX || is_large(request))
        return false;
    done = preadv2(file->fd, request->extents, (int)request->extent_count,
                   (off_t)request->offset, RWF_NOWAIT);
    if (done > 0)
        advance(request, (size_t)done);
    return request->extent_count == 0;
}

static void file_submit(struct disk *disk, struct disk_request *request)
{
    struct file_disk *file = disk->state;

    pthread_mutex_lock(&file->lock);
    disk_queue_add(&file->waiting, request);
    pthread_cond_signal(&file->more);
    pthread_mutex_unlock(&file->lock);
}

/* --- opening and closing -------------------------------------------------- */

static void file_close(struct disk *disk)
{
    struct file_disk *file = disk->state;

    pthread_mutex_lock(&file->lock);
    file->stopping = true;
    pthread_cond_broadcast(&file->more);
    pthread_mutex_unlock(&file->lock);
    for (unsigned i = 0; i < file->worker_count; i++)
        pthread_join(file->workers[i], NULL);
    if (file->changes >= 0)
        close(file->changes);
    if (file->fd >= 0)
        close(file->fd);
    free(file->changed);
    free(file);
}

static int open_changes(struct disk *disk, const char *path)
{
    struct file_disk *file = disk->state;

    file->changed = calloc(disk->size / DISK_SECTOR / 8 + 1, 1);
    file->changes = memfd_create("changes", MFD_CLOEXEC);
    if (!file->changed || file->changes < 0 ||
        ftruncate(file->changes, (off_t)disk->size) != 0)
        return machine_fail("%s: %s", path, strerror(errno));
    return 0;
}

static int open_path(struct disk *disk, const struct linux_disk *options)
{
    struct file_disk *file = disk->state;
    bool writes = !options->read_only && !options->discard;
    struct flock lock = {.l_type = writes ? F_WRLCK : F_RDLCK,
                         .l_whence = SEEK_SET};
    off_t size;

    file->fd = open(options->path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (file->fd < 0)
        return machine_fail("%s: %s", options->path, strerror(errno));
    if (fcntl(file->fd, F_OFD_SETLK, &lock) != 0)
        return machine_fail("%s: in use by another machine", options->path);
    size = lseek(file->fd, 0, SEEK_END);
    if (size < 0)
        return machine_fail("%s: %s", options->path, strerror(errno));
    disk->size = (uint64_t)size / DISK_SECTOR * DISK_SECTOR;
    return options->discard ? open_changes(disk, options->path) : 0;
}

static int file_open(struct disk *disk, const struct linux_disk *options)
{
    struct file_disk *file = calloc(1, sizeof(*file));

    if (!file)
        return machine_fail("no memory");
    disk->state = file;
    file->fd = file->changes = -1;
    disk_queue_init(&file->waiting);
    pthread_mutex_init(&file->lock, NULL);
    pthread_mutex_init(&file->changes_lock, NULL);
    pthread_cond_init(&file->more, NULL);
    if (open_path(disk, options) != 0)
        goto failed;
    while (file->worker_count < WORKER_COUNT) {
        if (disk_start_thread(worker_main, file,
                              &file->workers[file->worker_count]) != 0)
            goto failed;
        file->worker_count++;
    }
    return 0;
failed:
    file_close(disk);
    return -1;
}

const struct disk_backing disk_file = {file_open, file_try, file_submit,
                                       file_close};
