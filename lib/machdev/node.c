/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/node.c: a node (/dev/disk) that opens devices by name: every open
 * of it is a device master. */

#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <machdev/private.h>
#include <trivfs/trivfs.h>

int trivfs_fstype = HFS_DEV;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

static struct port_class *control_class, *protid_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_size = 0;
    st->st_blocks = 0;
}

/* Devices may be in use without an open of the node: it never goes unless it
 * must, and the stage itself not even then. */
error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    if (machdev_is_stage() || !(flags & FSYS_GOAWAY_FORCE))
        return HURD_EBUSY;
    if (machdev_ops->sync)
        machdev_ops->sync();
    for (;;)
        task_terminate(mach_task_self());
}

/* A device's port does not remember whether it was opened for reading alone. */
static enum machdev_rights rights_of(mach_port_t port)
{
    struct trivfs_protid *cred = trivfs_begin_using_protid(port);
    enum machdev_rights rights = MACHDEV_NONE;

    if (!cred)
        return MACHDEV_ALL; /* a control port */
    if (cred->isroot)
        rights = MACHDEV_ALL;
    else if (cred->po->openmodes & HO_WRITE)
        rights = MACHDEV_OWN;
    trivfs_end_using_protid(cred);
    return rights;
}

static error_t make_classes(void)
{
    error_t err;

    if (machdev_node_demuxer)
        return 0;
    err = trivfs_add_control_port_class(&control_class);
    if (!err)
        err = trivfs_add_protid_port_class(&protid_class);
    if (err)
        return err;
    machdev_opens_devices(control_class);
    machdev_opens_devices(protid_class);
    machdev_node_rights = rights_of;
    machdev_node_demuxer = trivfs_demuxer;
    return 0;
}

error_t machdev_node_control(file_t underlying, mach_port_t *control)
{
    struct trivfs_control *cntl;
    error_t err = make_classes();

    if (!err)
        err = trivfs_create_control(underlying, control_class, machdev_bucket,
                                    protid_class, machdev_bucket, &cntl);
    if (err) {
        mach_port_drop(underlying);
        return err;
    }
    *control = ports_get_send_right(cntl);
    ports_port_deref(cntl);
    return 0;
}

error_t machdev_node_translate(mach_port_t bootstrap)
{
    error_t err = make_classes();

    if (!err)
        err = trivfs_startup(bootstrap, 0, control_class, machdev_bucket,
                             protid_class, machdev_bucket, NULL);
    return err;
}
