/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/null/main.c: the translator of /dev/null, and, called as `zero' or
 * with --zero, of /dev/zero. */

#include <hurd/libhurd.h>
#include <string.h>
#include <trivfs/fs_S.h>
#include <trivfs/io_S.h>
#include <trivfs/trivfs.h>

#define IDLE_MS 120000

int trivfs_fstype = HFS_DEV;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

static int is_zero;
static struct port_class *control_class, *protid_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_mode = (st->st_mode & ~HS_IFMT) | HS_IFCHR;
    st->st_rdev = is_zero ? 5 : 3;
    st->st_size = 0;
    st->st_blocks = 0;
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    if (!(flags & FSYS_GOAWAY_FORCE) && ports_count_class(protid_class) > 0) {
        ports_enable_class(protid_class);
        return HURD_EBUSY;
    }
    for (;;)
        task_terminate(mach_task_self());
}

kern_return_t trivfs_S_io_read(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, data_t *data,
                               mach_msg_type_number_t *data_len, loff_t offset,
                               vm_size_t amount)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_READ))
        return HURD_EBADF;
    if (!is_zero)
        amount = 0;
    if (amount > *data_len) {
        vm_address_t room = 0;
        error_t err = vm_allocate(mach_task_self(), &room, amount, TRUE);
        if (err)
            return err;
        *data = (data_t)room;
    } else {
        memset(*data, 0, amount);
    }
    *data_len = amount;
    return 0;
}

kern_return_t trivfs_S_io_write(trivfs_protid_t cred, mach_port_t reply,
                                mach_msg_type_name_t reply_type,
                                const_data_t data,
                                mach_msg_type_number_t data_len, loff_t offset,
                                vm_size_t *amount)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_WRITE))
        return HURD_EBADF;
    *amount = data_len;
    return 0;
}

kern_return_t trivfs_S_io_seek(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, loff_t offset,
                               int whence, loff_t *new_offset)
{
    *new_offset = 0;
    return cred ? 0 : HURD_EOPNOTSUPP;
}

kern_return_t trivfs_S_io_readable(trivfs_protid_t cred, mach_port_t reply,
                                   mach_msg_type_name_t reply_type,
                                   vm_size_t *amount)
{
    *amount = is_zero ? 4096 : 0;
    return cred ? 0 : HURD_EOPNOTSUPP;
}

int main(int argc, char **argv)
{
    mach_port_t bootstrap = MACH_PORT_NULL;
    struct trivfs_control *cntl;
    const char *name = strrchr(argv[0], '/');
    error_t err;

    is_zero = strcmp(name ? name + 1 : argv[0], "zero") == 0 ||
              (argc > 1 && strcmp(argv[1], "--zero") == 0);
    bootstrap = hurd_bootstrap_port();
    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");

    trivfs_add_control_port_class(&control_class);
    trivfs_add_protid_port_class(&protid_class);
    err = trivfs_startup(bootstrap, 0, control_class, NULL, protid_class, NULL,
                         &cntl);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "starting");
    ports_manage_port_operations_multithread(cntl->pi.bucket, trivfs_demuxer,
                                             IDLE_MS, 0, NULL);
    return 0;
}
