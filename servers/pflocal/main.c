/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/main.c: the translator of /servers/socket/1. */

#include <hurd/libhurd.h>
#include <pflocal/io_S.h>
#include <pflocal/pflocal.h>
#include <pflocal/socket_S.h>
#include <stdlib.h>
#include <trivfs/trivfs.h>

int trivfs_fstype = HFS_SOCKET;
int trivfs_fsid;
int trivfs_support_read, trivfs_support_write, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

struct port_bucket *pflocal_bucket;
struct port_class *sock_user_class;
static struct port_class *control_class, *protid_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    if (!(flags & FSYS_GOAWAY_FORCE) && ports_count_class(sock_user_class)) {
        ports_enable_class(sock_user_class);
        return HURD_EBUSY;
    }
    exit(0);
}

/* --- rights to sockets --------------------------------------------------------- */

static void sock_user_clean(void *object)
{
    sock_user_t user = object;

    pthread_mutex_lock(&pflocal_lock);
    if (user->socket)
        socket_release(user->socket);
    pthread_mutex_unlock(&pflocal_lock);
}

error_t sock_user_create(struct socket *socket, int openmodes,
                         mach_port_t *port)
{
    sock_user_t user;
    error_t err = ports_create_port(sock_user_class, pflocal_bucket,
                                    sizeof *user, &user);

    if (err) {
        socket_release(socket);
        return err;
    }
    user->socket = socket;
    user->openmodes = openmodes;
    *port = ports_get_right(user);
    ports_port_deref(user);
    return 0;
}

sock_user_t sock_user_begin(mach_port_t port)
{
    return ports_lookup_port(pflocal_bucket, port, sock_user_class);
}

sock_user_t sock_user_begin_payload(uint64_t payload)
{
    return ports_lookup_payload(pflocal_bucket, payload, sock_user_class);
}

void sock_user_end(sock_user_t user)
{
    if (user)
        ports_port_deref(user);
}

/* --- service --------------------------------------------------------------------- */

static boolean_t is_socket(const mach_msg_header_t *in)
{
    boolean_t payload = MACH_MSGH_BITS_LOCAL(in->msgh_bits) ==
                        MACH_MSG_TYPE_PROTECTED_PAYLOAD;
    sock_user_t user = payload
                           ? sock_user_begin_payload(in->msgh_protected_payload)
                           : sock_user_begin(in->msgh_local_port);

    sock_user_end(user);
    return user != NULL;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = socket_server_routine(in);

    /* The node and the sockets answer the same io calls, each its own way. */
    if (!routine && is_socket(in))
        routine = sock_io_server_routine(in);
    if (!routine)
        return trivfs_demuxer(in, out);
    routine(in, out);
    return TRUE;
}

int main(int argc, char **argv)
{
    struct trivfs_control *control;
    mach_port_t bootstrap = hurd_bootstrap_port();

    if (!bootstrap)
        mach_die(0, "must be started as a translator");
    pflocal_bucket = ports_create_bucket();
    sock_user_class = ports_create_class(sock_user_clean, NULL);
    trivfs_add_control_port_class(&control_class);
    trivfs_add_protid_port_class(&protid_class);
    error_t err = trivfs_startup(bootstrap, 0, control_class, pflocal_bucket,
                                 protid_class, pflocal_bucket, &control);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "fsys_startup");
    ports_manage_port_operations_multithread(pflocal_bucket, demuxer, 30000, 0,
                                             NULL);
    return 0;
}
