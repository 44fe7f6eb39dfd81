/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/files.c: disks as files: the calls. */

#include "drivers/rump/private.h"

#include <limits.h>
#include <string.h>

#define SEEK_FROM_START   0
#define SEEK_FROM_CURRENT 1
#define SEEK_FROM_END     2

struct file {
    struct block_disk *disk; /* NULL: free */
    int flags;
    off_t offset;
};

/* Held while read, write and lseek use the offset, so that each takes its own
 * part of the file; the table has a lock of its own. */
static struct {
    struct hyp_lock *lock;
    struct hyp_lock *offset_locks[RUMP_FILES_MAX];
    struct file files[RUMP_FILES_MAX];
} table;

static _Thread_local int error_number;

int *rump_errno_location(void)
{
    return &error_number;
}

int rump_fail(int number)
{
    error_number = number;
    return -1;
}

int rump_error_number(enum driver_error err)
{
    static const int numbers[] = {
        [DRIVER_OK] = 0,
        [DRIVER_EIO] = RUMP_EIO,
        [DRIVER_ENXIO] = RUMP_ENXIO,
        [DRIVER_ENOMEM] = RUMP_ENOMEM,
        [DRIVER_EBUSY] = RUMP_EBUSY,
        [DRIVER_EINVAL] = RUMP_EINVAL,
        [DRIVER_EROFS] = RUMP_EROFS,
        [DRIVER_ETIMEDOUT] = RUMP_ETIMEDOUT,
    };

    return numbers[err];
}

enum driver_error rump_files_init(void)
{
    table.lock = hyp_lock_create();
    for (unsigned fd = 0; fd < RUMP_FILES_MAX; fd++) {
        table.offset_locks[fd] = hyp_lock_create();
        if (table.offset_locks[fd] == NULL) {
            return DRIVER_ENOMEM;
        }
    }
    return table.lock != NULL ? DRIVER_OK : DRIVER_ENOMEM;
}

void rump_files_end(void)
{
    for (unsigned fd = 0; fd < RUMP_FILES_MAX; fd++) {
        if (table.offset_locks[fd] != NULL) {
            hyp_lock_destroy(table.offset_locks[fd]);
        }
        table.offset_locks[fd] = NULL;
        table.files[fd].disk = NULL;
    }
    if (table.lock != NULL) {
        hyp_lock_destroy(table.lock);
    }
    table.lock = NULL;
}

/* --- names ---------------------------------------------------------------- */

/* The rest of TEXT behind PREFIX, NULL if it begins otherwise. */
static const char *behind(const char *text, const char *prefix)
{
    while (*prefix != '\0') {
        if (*text++ != *prefix++) {
            return NULL;
        }
    }
    return text;
}

/* /dev/, r or not, wd or ld, a number, d or not; d is the whole disk. */
static int parse_name(const char *path, enum block_kind *kind_out,
                      unsigned *unit_out)
{
    const char *at = behind(path, "/dev/");
    bool raw = at != NULL && *at == 'r';
    unsigned unit = 0, digits = 0;

    if (at == NULL) {
        return RUMP_ENOENT;
    }
    at += raw;
    *kind_out = *at == 'w' ? BLOCK_WD : BLOCK_LD;
    at = behind(at, *at == 'w' ? "wd" : "ld");
    for (; at != NULL && *at >= '0' && *at <= '9' && digits < 4; digits++) {
        unit = unit * 10 + (unsigned)(*at++ - '0');
    }
    if (digits == 0) {
        return RUMP_ENOENT;
    }
    if (*at == 'd') {
        at++;
    } else if (raw) {
        return RUMP_ENOENT; /* raw names are written in full */
    }
    *unit_out = unit;
    return *at == '\0' ? 0 : RUMP_ENOENT;
}

/* --- open and close ------------------------------------------------------- */

static int new_file(struct block_disk *disk, int flags)
{
    int fd = rump_fail(RUMP_EMFILE);

    hyp_lock_acquire(table.lock);
    for (unsigned i = 0; i < RUMP_FILES_MAX; i++) {
        if (table.files[i].disk == NULL) {
            table.files[i] = (struct file){disk, flags, 0};
            fd = (int)i;
            break;
        }
    }
    hyp_lock_release(table.lock);
    return fd;
}

static int open_name(const char *path, int flags)
{
    struct block_disk *disk;
    enum block_kind kind;
    unsigned unit;
    int err = parse_name(path, &kind, &unit);

    if (err != 0) {
        return rump_fail(err);
    }
    disk = rump_disk(kind, unit);
    if (disk == NULL) {
        return rump_fail(RUMP_ENXIO);
    }
    if (flags < RUMP_O_RDONLY || flags > RUMP_O_RDWR) {
        return rump_fail(RUMP_EINVAL);
    }
    if (flags != RUMP_O_RDONLY && disk->read_only) {
        return rump_fail(RUMP_EROFS);
    }
    return new_file(disk, flags);
}

int rump_sys_open(const char *path, int flags, ...)
{
    int fd;

    if (!rump_enter()) {
        return rump_fail(RUMP_ENXIO);
    }
    fd = open_name(path, flags);
    rump_leave();
    return fd;
}

/* What FD is open to; false, with rump_errno set, if it is not.  If true,
 * rump_leave is the caller's duty. */
static bool enter_file(int fd, struct file *file_out)
{
    if (!rump_enter()) {
        rump_fail(RUMP_ENXIO);
        return false;
    }
    if (fd >= 0 && (unsigned)fd < RUMP_FILES_MAX) {
        hyp_lock_acquire(table.lock);
        *file_out = table.files[fd];
        hyp_lock_release(table.lock);
        if (file_out->disk != NULL) {
            return true;
        }
    }
    rump_leave();
    rump_fail(RUMP_EBADF);
    return false;
}

int rump_sys_close(int fd)
{
    struct file file;

    if (!enter_file(fd, &file)) {
        return -1;
    }
    hyp_lock_acquire(table.lock);
    table.files[fd].disk = NULL;
    hyp_lock_release(table.lock);
    rump_leave();
    return 0;
}

/* --- data ----------------------------------------------------------------- */

/* Checks and cuts off what is behind the end; false with rump_errno set. */
static bool check_range(const struct file *file, enum block_op op, size_t *size,
                        off_t offset)
{
    const struct block_disk *disk = file->disk;
    int forbidden = op == BLOCK_READ ? RUMP_O_WRONLY : RUMP_O_RDONLY;
    uint64_t left;

    if (file->flags == forbidden) {
        rump_fail(RUMP_EBADF);
        return false;
    }
    if (offset < 0 || (uint64_t)offset % disk->sector_bytes != 0 ||
        *size % disk->sector_bytes != 0 || *size > SSIZE_MAX ||
        (uint64_t)offset / disk->sector_bytes > disk->sector_count) {
        rump_fail(RUMP_EINVAL);
        return false;
    }
    left = disk->sector_count - (uint64_t)offset / disk->sector_bytes;
    if (*size / disk->sector_bytes > left) {
        *size = left * disk->sector_bytes;
    }
    return true;
}

bool rump_file_enter(int fd, enum block_op op, size_t size, off_t offset,
                     struct block_disk **disk_out)
{
    struct file file;
    size_t possible = size;

    if (!enter_file(fd, &file)) {
        return false;
    }
    *disk_out = file.disk;
    if (check_range(&file, op, &possible, offset)) {
        if (size != 0 && possible == size) {
            return true;
        }
        rump_fail(RUMP_EINVAL);
    }
    rump_leave();
    return false;
}

static ssize_t move(const struct file *file, enum block_op op, void *data,
                    size_t size, off_t offset)
{
    enum driver_error err;

    if (!check_range(file, op, &size, offset)) {
        return -1;
    }
    if (size == 0) {
        return 0;
    }
    err = rump_transfer(file->disk, op, data,
                        (uint64_t)offset / file->disk->sector_bytes, size);
    if (err != DRIVER_OK) {
        return rump_fail(rump_error_number(err));
    }
    return (ssize_t)size;
}

static ssize_t move_at(int fd, enum block_op op, void *data, size_t size,
                       off_t offset)
{
    struct file file;
    ssize_t moved;

    if (!enter_file(fd, &file)) {
        return -1;
    }
    moved = move(&file, op, data, size, offset);
    rump_leave();
    return moved;
}

static void set_offset(int fd, off_t offset)
{
    hyp_lock_acquire(table.lock);
    table.files[fd].offset = offset;
    hyp_lock_release(table.lock);
}

static ssize_t move_on(int fd, enum block_op op, void *data, size_t size)
{
    struct file file;
    ssize_t moved = -1;

    if (!enter_file(fd, &file)) {
        return -1;
    }
    hyp_lock_acquire(table.offset_locks[fd]);
    if (enter_file(fd, &file)) { /* the offset may have changed */
        moved = move(&file, op, data, size, file.offset);
        if (moved > 0) {
            set_offset(fd, file.offset + moved);
        }
        rump_leave();
    }
    hyp_lock_release(table.offset_locks[fd]);
    rump_leave();
    return moved;
}

ssize_t rump_sys_pread(int fd, void *data, size_t size, off_t offset)
{
    return move_at(fd, BLOCK_READ, data, size, offset);
}

ssize_t rump_sys_pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return move_at(fd, BLOCK_WRITE, (void *)data, size, offset);
}

ssize_t rump_sys_read(int fd, void *data, size_t size)
{
    return move_on(fd, BLOCK_READ, data, size);
}

ssize_t rump_sys_write(int fd, const void *data, size_t size)
{
    return move_on(fd, BLOCK_WRITE, (void *)data, size);
}

static off_t seek(int fd, const struct file *file, off_t offset, int whence)
{
    uint64_t size = file->disk->sector_count * file->disk->sector_bytes;
    off_t base = whence == SEEK_FROM_CURRENT ? file->offset
                 : whence == SEEK_FROM_END   ? (off_t)size
                                             : 0;

    if (whence < SEEK_FROM_START || whence > SEEK_FROM_END ||
        __builtin_add_overflow(base, offset, &base) || base < 0) {
        return rump_fail(RUMP_EINVAL);
    }
    set_offset(fd, base);
    return base;
}

off_t rump_sys_lseek(int fd, off_t offset, int whence)
{
    struct file file;
    off_t result = -1;

    if (!enter_file(fd, &file)) {
        return -1;
    }
    hyp_lock_acquire(table.offset_locks[fd]);
    if (enter_file(fd, &file)) {
        result = seek(fd, &file, offset, whence);
        rump_leave();
    }
    hyp_lock_release(table.offset_locks[fd]);
    rump_leave();
    return result;
}

/* --- the rest ------------------------------------------------------------- */

static int flush(struct block_disk *disk)
{
    enum driver_error err = rump_transfer(disk, BLOCK_FLUSH, NULL, 0, 0);

    return err == DRIVER_OK ? 0 : rump_fail(rump_error_number(err));
}

int rump_sys_fsync(int fd)
{
    struct file file;
    int result;

    if (!enter_file(fd, &file)) {
        return -1;
    }
    result = flush(file.disk);
    rump_leave();
    return result;
}

static int control(struct block_disk *disk, unsigned long request,
                   void *argument)
{
    switch (request) {
    case RUMP_DIOCGMEDIASIZE:
        *(uint64_t *)argument = disk->sector_count * disk->sector_bytes;
        return 0;
    case RUMP_DIOCGSECTORSIZE:
        *(unsigned *)argument = disk->sector_bytes;
        return 0;
    case RUMP_DIOCCACHESYNC:
        return flush(disk);
    case RUMP_GET_SERIAL:
        memcpy(argument, disk->serial, RUMP_SERIAL_SIZE);
        return 0;
    default:
        return rump_fail(RUMP_ENOTTY);
    }
}

int rump_sys_ioctl(int fd, unsigned long request, void *argument)
{
    struct file file;
    int result;

    if (!enter_file(fd, &file)) {
        return -1;
    }
    result = control(file.disk, request, argument);
    rump_leave();
    return result;
}
