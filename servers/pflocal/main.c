/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/main.c: the translator of /servers/socket/1. */

#include <hurd/libhurd.h>
#include <pflocal/io_S.h>
#include <pflocal/pflocal.h>
#include <pflocal/socket_S.h>

#define IDLE_MS 60000

int trivfs_fstype = HFS_SOCKET;
int trivfs_fsid;
int trivfs_support_read, trivfs_support_write, trivfs_support_exec;
int trivfs_allow_open;

pthread_mutex_t pf_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t any_change = PTHREAD_COND_INITIALIZER;
struct port_bucket *pf_bucket;
struct port_class *sock_user_class, *addr_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    if (!(flags & FSYS_GOAWAY_FORCE) && ports_count_class(sock_user_class)) {
        ports_enable_class(sock_user_class);
        return HURD_EBUSY;
    }
    for (;;)
        task_terminate(mach_task_self());
}

/* Is the request one on a socket?  The node has calls of the same numbers. */
static boolean_t is_for_socket(const mach_msg_header_t *in)
{
    sock_user_t user = begin_using_sock(in->msgh_local_port);

    end_using_sock(user);
    return user != NULL;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = socket_server_routine(in);

    if (!routine && is_for_socket(in))
        routine = sock_io_server_routine(in);
    if (!routine)
        return trivfs_demuxer(in, out);
    routine(in, out);
    return TRUE;
}

int main(void)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    struct trivfs_control *cntl;
    error_t err;

    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");
    pf_bucket = ports_create_bucket();
    sock_user_class = ports_create_class(sock_user_clean, NULL);
    addr_class = ports_create_class(addr_clean, NULL);
    if (!pf_bucket || !sock_user_class || !addr_class)
        mach_die(HURD_ENOMEM, "starting");
    err = trivfs_startup(bootstrap, 0, NULL, pf_bucket, NULL, pf_bucket, &cntl);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "starting");
    ports_objects_max = SOCKS_PER_USER;
    for (;;)
        ports_manage_port_operations_multithread(pf_bucket, demuxer, IDLE_MS, 0,
                                                 NULL);
}
