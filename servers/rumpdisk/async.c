/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/rumpdisk/async.c: transfers that are answered by the driver's own
 * thread when they are done: no other one has to be woken for it.
 */

#include <device/device_reply.h>
#include <drivers/mach/mach.h>
#include <drivers/rump.h>
#include <mach/mach.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "rumpdisk/disk.h"

/* How often transfers that last are looked after, and half of what they may
 * last. */
#define CHECK_S 15

struct job {
    struct rump_bio bio;
    struct disk *disk; /* a reference */
    mach_port_t reply; /* owned, of the kind REPLY_TYPE */
    mach_msg_type_name_t reply_type;
};

/* Who looks after transfers sleeps for ever while there are none. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    boolean_t looking;
} check = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, FALSE};

/* --- answers ---------------------------------------------------------------- */

static mach_msg_id_t answer_id(const struct job *job)
{
    enum { DEVICE_WRITE_REPLY = 2902, DEVICE_READ_REPLY = 2904 };

    return job->bio.write ? DEVICE_WRITE_REPLY : DEVICE_READ_REPLY;
}

static kern_return_t answer_error(const struct job *job, error_t err)
{
    mig_reply_header_t answer = {
        .Head = {.msgh_bits = MACH_MSGH_BITS(job->reply_type, 0),
                 .msgh_size = sizeof answer,
                 .msgh_remote_port = job->reply,
                 .msgh_id = answer_id(job)},
        .RetCodeType = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                        .msgt_size = 32,
                        .msgt_number = 1,
                        .msgt_inline = TRUE},
        .RetCode = err,
    };

    return mach_msg(&answer.Head, MACH_SEND_MSG, sizeof answer, 0,
                    MACH_PORT_NULL, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);
}

/* What was sent may begin in the middle of a page; the next is another's. */
static void drop_data(const struct job *job)
{
    vm_deallocate(mach_task_self(), (vm_address_t)job->bio.data, job->bio.size);
}

static void answer(const struct job *job, error_t err)
{
    kern_return_t sent;

    if (!err && !job->bio.write) {
        sent = ds_device_read_reply(job->reply, job->reply_type, 0,
                                    job->bio.data, job->bio.size);
        if (!sent)
            return;
        drop_data(job);
    } else {
        drop_data(job);
        sent = err ? answer_error(job, err)
                   : ds_device_write_reply(job->reply, job->reply_type, 0,
                                           (int)job->bio.size);
    }
    if (sent) /* who asked is gone */
        mach_port_drop(job->reply);
}

static void job_done(struct rump_bio *bio, int error)
{
    struct job *job = (struct job *)bio;
    error_t err = disk_error_of(error);

    if (err == D_READ_ONLY)
        job->disk->read_only = TRUE;
    if (!bio->write)
        hyp_mach_dma_forget(bio->data);
    answer(job, err);
    ports_port_deref(job->disk);
    free(job);
}

/* --- those that last -------------------------------------------------------- */

static void *look_after(void *unused)
{
    for (;;) {
        pthread_mutex_lock(&check.lock);
        check.looking = FALSE;
        while (!check.looking)
            pthread_cond_wait(&check.wanted, &check.lock);
        pthread_mutex_unlock(&check.lock);
        do
            sleep(CHECK_S);
        while (rump_bio_check());
    }
    return unused;
}

static void have_checked(void)
{
    if (__atomic_load_n(&check.looking, __ATOMIC_RELAXED))
        return;
    pthread_mutex_lock(&check.lock);
    check.looking = TRUE;
    pthread_cond_signal(&check.wanted);
    pthread_mutex_unlock(&check.lock);
}

error_t disk_async_init(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, look_after, NULL))
        return HURD_EAGAIN;
    pthread_detach(thread);
    return 0;
}

/* --- the start -------------------------------------------------------------- */

error_t disk_start(struct disk *disk, boolean_t write, recnum_t record,
                   void *data, uint64_t size, mach_port_t reply,
                   mach_msg_type_name_t reply_type)
{
    struct job *job = malloc(sizeof *job);

    if (!job)
        return D_WOULD_BLOCK;
    *job = (struct job){
        .bio = {.fd = disk->fd,
                .write = write,
                .data = data,
                .size = size,
                .offset = (off_t)((uint64_t)record * disk->record_size),
                .done = job_done},
        .disk = disk,
        .reply = reply,
        .reply_type = reply_type,
    };
    ports_port_ref(disk);
    if (rump_bio(&job->bio)) {
        ports_port_deref(disk);
        free(job);
        return D_WOULD_BLOCK;
    }
    have_checked();
    return 0;
}
