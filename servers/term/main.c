/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/main.c: the terminal translator: start-up and service.
 *
 *     term NAME device DEVICE
 */

#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <stdlib.h>
#include <string.h>
#include <term/term.h>
#include <term/term_S.h>
#include <term/tioctl_S.h>

int trivfs_fstype = HFS_TERM;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

struct term term = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .input = PTHREAD_COND_INITIALIZER,
    .output = PTHREAD_COND_INITIALIZER,
    .space = PTHREAD_COND_INITIALIZER,
};
struct port_bucket *term_bucket;
struct port_class *protid_class, *ctty_class;
static struct port_class *control_class;

static error_t check_open(struct trivfs_control *cntl, struct iouser *user,
                          int flags)
{
    if (term.exclusive && !idvec_contains(user->uids, 0))
        return HURD_EBUSY;
    return 0;
}
error_t (*trivfs_check_open_hook)(struct trivfs_control *, struct iouser *,
                                  int) = check_open;

/* A duplicate has an opener record of its own. */
static error_t protid_create(struct trivfs_protid *cred)
{
    struct opener *copy;

    if (!cred->hook)
        return 0;
    copy = malloc(sizeof *copy);
    if (copy)
        *copy = *(struct opener *)cred->hook;
    cred->hook = copy;
    return copy ? 0 : HURD_ENOMEM;
}
error_t (*trivfs_protid_create_hook)(struct trivfs_protid *) = protid_create;

static void protid_destroy(struct trivfs_protid *cred)
{
    free(cred->hook);
}
void (*trivfs_protid_destroy_hook)(struct trivfs_protid *) = protid_destroy;

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    int users = ports_count_class(protid_class);

    if (users > 0 && !(flags & FSYS_GOAWAY_FORCE)) {
        ports_enable_class(protid_class);
        return HURD_EBUSY;
    }
    for (;;)
        task_terminate(mach_task_self());
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;

    if ((routine = tioctl_server_routine(in)) ||
        (routine = term_server_routine(in))) {
        routine(in, out);
        return TRUE;
    }
    return trivfs_demuxer(in, out);
}

int main(int argc, char **argv)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    error_t err;

    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");
    if (argc != 4 || strcmp(argv[2], "device") != 0)
        mach_die(0, "usage: term NAME device DEVICE");
    mig_strncpy(term.name, argv[1], sizeof term.name);
    term_bucket = ports_create_bucket();
    ctty_class = ports_create_class(NULL, NULL);
    trivfs_add_control_port_class(&control_class);
    trivfs_add_protid_port_class(&protid_class);
    err = ports_create_port(ctty_class, term_bucket, sizeof *term.ctty,
                            &term.ctty);
    if (!err)
        err = device_start(argv[3]);
    if (err)
        mach_die(err, "%s", argv[3]);
    err = trivfs_startup(bootstrap, 0, control_class, term_bucket, protid_class,
                         term_bucket, &term.control);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "starting");
    for (;;)
        ports_manage_port_operations_multithread(term_bucket, demuxer, 120000,
                                                 0, NULL);
}
