/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/run.c: from a message to the function that answers it, and the
 * threads that do. */

#include <diskfs/private.h>
#include <hurd/fsys.h>

#include <diskfs/exec_startup_S.h>
#include <diskfs/fs_S.h>
#include <diskfs/fsys_S.h>
#include <diskfs/io_S.h>
#include <diskfs/names_S.h>
#include <diskfs/startup_notify_S.h>
#include <ports/interrupt_S.h>
#include <ports/notify_S.h>

#define SYNC_SECONDS 5

/* Notifications about what is no object's own come to this one. */
static struct port_info *watch;

error_t diskfs_watch_claim(mach_port_t claim)
{
    return ports_request_dead_name_notification(watch, claim, NULL);
}

static boolean_t claim_died(mach_msg_header_t *in)
{
    const mach_dead_name_notification_t *notice = (void *)in;

    if (in->msgh_local_port != watch->port_right ||
        in->msgh_id != MACH_NOTIFY_DEAD_NAME || in->msgh_size < sizeof *notice)
        return FALSE;
    diskfs_claim_died(notice->not_port);
    mach_port_drop(notice->not_port);
    return TRUE;
}

/* A request that fails has used up nothing of its message, so it can be answered
 * again. */
static void answer(mig_routine_t routine, mach_msg_header_t *in,
                   mach_msg_header_t *out)
{
    mig_reply_header_t *reply = (mig_reply_header_t *)out;
    struct diskfs_attempt attempt = {0};
    boolean_t again;

    do {
        diskfs_attempt_begin(&attempt);
        routine(in, out);
        error_t err = reply->RetCode;
        boolean_t missed = err == DISKFS_NOT_HERE;
        if (missed)
            pthread_mutex_lock(&diskfs_lock);
        again = diskfs_attempt_again(&attempt, &err);
        reply->RetCode = err;
        if (missed)
            pthread_mutex_unlock(&diskfs_lock);
    } while (again);
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;

    if (claim_died(in)) {
        ((mig_reply_header_t *)out)->RetCode = MIG_NO_REPLY;
        return TRUE;
    }
    if (!((routine = io_server_routine(in)) ||
          (routine = fs_server_routine(in)) ||
          (routine = names_server_routine(in)) ||
          (routine = fsys_server_routine(in)) ||
          (routine = exec_startup_server_routine(in)) ||
          (routine = startup_notify_server_routine(in)) ||
          (routine = ports_notify_server_routine(in)) ||
          (routine = interrupt_server_routine(in)) ||
          (diskfs_format->server_routine &&
           (routine = diskfs_format->server_routine(in)))))
        return FALSE;
    answer(routine, in, out);
    return TRUE;
}

static void *serve(void *argument)
{
    ports_manage_port_operations_multithread(diskfs_port_bucket, demuxer, 30000,
                                             0, NULL);
    return NULL;
}

static void *sync_now_and_then(void *argument)
{
    error_t before = 0;

    for (;;) {
        struct timespec time = {SYNC_SECONDS, 0};
        diskfs_wait_for_change();
        nanosleep(&time, NULL);
        error_t err = diskfs_sync_all(FALSE);
        if (err && err != before) /* nobody else would hear of it */
            mach_complain(err, "writing back what was changed");
        before = err;
    }
    return NULL;
}

error_t diskfs_tell_parent(mach_port_t bootstrap)
{
    mach_port_t control = diskfs_make_control_port();

    return fsys_startup(bootstrap, HO_READ | HO_WRITE, control,
                        MACH_MSG_TYPE_MOVE_SEND, &diskfs_underlying);
}

/* A file system that another one started. */
static error_t start_as_translator(void)
{
    mach_port_t parent = hurd_bootstrap_port();

    if (!parent)
        return HURD_ENOENT;
    error_t err = diskfs_tell_parent(parent);
    mach_port_drop(parent);
    diskfs_auth = getauth();
    return err;
}

void diskfs_serve(void)
{
    pthread_t thread;

    diskfs_opens_init();
    diskfs_boot_init();
    diskfs_fsid_port = mach_port_make_token();
    if (ports_create_port(ports_create_class(NULL, NULL), diskfs_port_bucket,
                          sizeof *watch, &watch) ||
        pager_start_bucket(&diskfs_pagers) ||
        pthread_create(&thread, NULL, serve, NULL) ||
        pthread_create(&thread, NULL, sync_now_and_then, NULL)) {
        mach_printf("%s: no memory\n", diskfs_format->name);
        exit(1);
    }
}

/* The others serve. */
static _Noreturn void wait_for_ever(void)
{
    mach_msg_header_t none;
    mach_port_t nobody = mach_reply_port();

    for (;;)
        mach_msg(&none, MACH_RCV_MSG, 0, sizeof none, nobody, 0,
                 MACH_PORT_NULL);
}

void diskfs_run(void)
{
    diskfs_serve();
    if (diskfs_boot.boot) {
        diskfs_boot_system();
    } else if (start_as_translator()) {
        mach_printf("%s: must be started as a translator\n",
                    diskfs_format->name);
        exit(1);
    }
    wait_for_ever();
}
