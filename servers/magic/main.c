/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/magic/main.c: the translator of /dev/tty and its like: a node whose
 * meaning depends on who opens it.
 *
 *     magic NAME
 */

#include <hurd/libhurd.h>
#include <stdlib.h>
#include <string.h>
#include <trivfs/trivfs.h>

int trivfs_fstype = HFS_MISC;
int trivfs_fsid;
int trivfs_support_read, trivfs_support_write, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

static const char *magic_name;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_mode = (st->st_mode & ~HS_IFMT) | HS_IFCHR;
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    exit(0);
}

/* The client finds out itself what NAME is to it. */
static error_t getroot(struct trivfs_control *cntl, mach_port_t reply,
                       mach_msg_type_name_t reply_type, mach_port_t dotdot,
                       const uid_t *uids, unsigned nuids, const gid_t *gids,
                       unsigned ngids, int flags, retry_type *do_retry,
                       char *retry_name, mach_port_t *node,
                       mach_msg_type_name_t *node_type)
{
    if (flags & HO_NOTRANS)
        return HURD_EAGAIN;
    *do_retry = FS_RETRY_MAGICAL;
    mig_strncpy(retry_name, magic_name, 1024);
    *node = MACH_PORT_NULL;
    *node_type = MACH_MSG_TYPE_COPY_SEND;
    mach_port_drop(dotdot);
    return 0;
}
error_t (*trivfs_getroot_hook)(struct trivfs_control *, mach_port_t,
                               mach_msg_type_name_t, mach_port_t, const uid_t *,
                               unsigned, const gid_t *, unsigned, int,
                               retry_type *, char *, mach_port_t *,
                               mach_msg_type_name_t *) = getroot;

int main(int argc, char **argv)
{
    struct port_class *control_class = NULL, *protid_class = NULL;
    struct port_bucket *bucket = ports_create_bucket();
    struct trivfs_control *control;
    mach_port_t bootstrap = hurd_bootstrap_port();

    if (argc != 2)
        mach_die(0, "usage: magic NAME");
    magic_name = argv[1];
    if (!bootstrap)
        mach_die(0, "must be started as a translator");
    trivfs_add_control_port_class(&control_class);
    trivfs_add_protid_port_class(&protid_class);
    error_t err = trivfs_startup(bootstrap, 0, control_class, bucket,
                                 protid_class, bucket, &control);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "fsys_startup");
    ports_manage_port_operations_one_thread(bucket, trivfs_demuxer, 0);
    return 0;
}
