/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/private.h: the parts of the rump calls to each other.
 *
 * kernel.c finds controllers and ends them, files.c has the calls, transfer.c
 * moves the data for those who wait, by way of bounce.c where it must, and bio.c
 * for those who don't.
 */
#ifndef DRIVERS_RUMP_PRIVATE_H
#define DRIVERS_RUMP_PRIVATE_H

#include "drivers/block.h"
#include "drivers/rump.h"

#define RUMP_UNITS_MAX       32u /* of each kind */
#define RUMP_CONTROLLERS_MAX 32u
#define RUMP_FILES_MAX       128u

/* --- kernel.c ------------------------------------------------------------- */

/* Between these two the disks stay; false if there are none because rump_init
 * was not called or rump_sys_reboot was. */
bool rump_enter(void);
void rump_leave(void);
/* NULL if there is no such disk. */
struct block_disk *rump_disk(enum block_kind kind, unsigned unit);

/* --- transfer.c ----------------------------------------------------------- */

/* After twice this without an answer a request is given up; for tests. */
extern unsigned rump_overdue_ms;

enum driver_error rump_transfer_init(void);
/* Nothing may be under way. */
void rump_transfer_end(void);
/* Moves SIZE bytes of whole sectors within the disk and waits for it. */
enum driver_error rump_transfer(struct block_disk *disk, enum block_op op,
                                void *data, uint64_t sector, size_t size);

/* --- bio.c ---------------------------------------------------------------- */

enum driver_error rump_bio_init(void);
/* Nothing may be under way. */
void rump_bio_end(void);

/* --- bounce.c ------------------------------------------------------------- */

struct rump_bounce {
    struct rump_bounce *next;
    struct bounce_class *class;
    void *data;
    uint64_t phys;
    size_t size_bytes;
};

enum driver_error rump_bounce_init(void);
void rump_bounce_end(void);
/* A buffer for SIZE bytes or, if it is smaller, for the beginning of them.
 * NULL if there is none, and none will be freed or WAIT is false. */
struct rump_bounce *rump_bounce_take(size_t size, bool wait);
void rump_bounce_give(struct rump_bounce *bounce);

/* --- files.c -------------------------------------------------------------- */

/* What FD is open to, if SIZE bytes at OFFSET can be moved in the way OP says.
 * False with rump_errno set; if true, rump_leave is the caller's duty. */
bool rump_file_enter(int fd, enum block_op op, size_t size, off_t offset,
                     struct block_disk **disk_out);
enum driver_error rump_files_init(void);
void rump_files_end(void);
int rump_error_number(enum driver_error err);
/* Leaves ERR for rump_errno; -1. */
int rump_fail(int error_number);

#endif
