/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump.h: the disks as files, in the calls of a rump kernel.
 *
 * rump_init finds the controllers and starts a driver for each; the disks are
 * then /dev/rwd0d, /dev/rwd1d, ... (AHCI) and /dev/rld0d, ... (virtio), each
 * also by its block name (/dev/wd0d) and by the short one (/dev/wd0).  There is
 * no disklabel: the name is the whole disk.
 *
 * Calls return -1 and leave an error (RUMP_E...) for rump_errno, of this
 * thread, as the C library would.  Offsets and sizes are multiples of a sector.
 * What reaches over the end of the disk is cut short; at the end there is
 * nothing to read (0), behind it an error.  Any number of threads may have
 * reads and writes under way, each waits for its own alone.  Data that lies in
 * memory of hyp_dma_alloc's is not copied.
 */
#ifndef DRIVERS_RUMP_H
#define DRIVERS_RUMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RUMP_O_RDONLY 0
#define RUMP_O_WRONLY 1
#define RUMP_O_RDWR   2

/* NetBSD's numbers, which are the Hurd's too. */
#define RUMP_ENOENT    2
#define RUMP_EIO       5
#define RUMP_ENXIO     6
#define RUMP_EBADF     9
#define RUMP_ENOMEM    12
#define RUMP_EBUSY     16
#define RUMP_EINVAL    22
#define RUMP_EMFILE    24
#define RUMP_ENOTTY    25
#define RUMP_EROFS     30
#define RUMP_ETIMEDOUT 60

/* rump_sys_ioctl's requests (NetBSD's <sys/dkio.h>, <sys/disklabel.h>); the
 * argument is what the name says. */
#define RUMP_DIOCGMEDIASIZE  0x40086484ul /* uint64_t: bytes */
#define RUMP_DIOCGSECTORSIZE 0x40046485ul /* unsigned: bytes */
#define RUMP_DIOCCACHESYNC   0x80046476ul /* int: force */
/* Not NetBSD's: what the disk calls itself. */
#define RUMP_SERIAL_SIZE 21u
#define RUMP_GET_SERIAL  0x401564f0ul /* char [RUMP_SERIAL_SIZE] */

/* Finding no disk is no error. */
int rump_init(void);
int rump_sys_open(const char *path, int flags, ...);
int rump_sys_close(int fd);
ssize_t rump_sys_read(int fd, void *data, size_t size);
ssize_t rump_sys_write(int fd, const void *data, size_t size);
ssize_t rump_sys_pread(int fd, void *data, size_t size, off_t offset);
ssize_t rump_sys_pwrite(int fd, const void *data, size_t size, off_t offset);
off_t rump_sys_lseek(int fd, off_t offset, int whence);
int rump_sys_ioctl(int fd, unsigned long request, void *argument);
/* --- transfers that nobody waits for; not NetBSD's ------------------------- */

#define RUMP_EAGAIN 35

/* The library's, with DATA, from rump_bio to DONE. */
struct rump_bio {
    int fd;
    int write; /* or a read */
    void *data;
    size_t size; /* at most up to the disk's end */
    off_t offset;
    /* ERROR is 0 or RUMP_E...; all of SIZE was moved if it is 0.  Called once,
     * from a thread of a driver's or from within rump_bio; must not wait. */
    void (*done)(struct rump_bio *bio, int error);
    void *cookie; /* the caller's */
};
/* -1 if nothing was begun: DONE will not be called.  RUMP_EAGAIN: the data are
 * not where a device reaches them at once; the calls that wait can do it. */
int rump_bio(struct rump_bio *bio);
/* Looks after transfers that have been under way since the last time already:
 * to be called every 15 seconds or so while there are some.  Returns whether
 * there were any since. */
int rump_bio_check(void);

/* Returns when what was written before is on the medium. */
int rump_sys_fsync(int fd);
void rump_sys_sync(void);
/* Flushes, waits for who is still at it, and stops every controller; nothing
 * works afterwards but rump_init. */
int rump_sys_reboot(int flags, char *bootstr);
int *rump_errno_location(void);
#define rump_errno (*rump_errno_location())

#endif
