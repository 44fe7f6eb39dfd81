/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/map.c: what a file is mapped by, and what it is known by.
 *
 * The pager's own port is the kernel's: who has it can speak to the pager as only
 * the kernel should.  Clients get windows, which are of no use but to be mapped,
 * for what their open allows.
 */

#include <diskfs/io_S.h>
#include <diskfs/private.h>

mach_port_t diskfs_fsid_port;
mach_port_t diskfs_underlying;

/* A port that stands for the node and that nobody serves. */
kern_return_t diskfs_S_io_identity(protid_t cred, mach_port_t *id,
                                   mach_msg_type_name_t *id_type,
                                   mach_port_t *fsid,
                                   mach_msg_type_name_t *fsid_type,
                                   ino64_t *fileno)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct node *np = cred->po->np;
    if (np->identity == MACH_PORT_NULL)
        np->identity = mach_port_make_token();
    *id = np->identity;
    *fsid = diskfs_fsid_port;
    *id_type = *fsid_type = MACH_MSG_TYPE_MAKE_SEND;
    *fileno = np->ino;
    return diskfs_end(*id ? 0 : HURD_ENOMEM);
}

static error_t memory_object_of(struct peropen *po, boolean_t writable,
                                mach_port_t *port)
{
    if (!diskfs_format->map)
        return diskfs_get_memory_object(po->np, port);
    error_t err = writable ? diskfs_check_lock(po) : 0;
    return err ? err : diskfs_format->map(po->np, writable, port);
}

/* Consumes OBJECT. */
static error_t make_window(mach_port_t object, boolean_t writable,
                           mach_port_t *window)
{
    vm_prot_t prot = VM_PROT_READ | VM_PROT_EXECUTE;
    vm_offset_t zero = 0;
    vm_size_t whole = ~0ul >> 1;

    if (diskfs_format->map) { /* it has made one already */
        *window = object;
        return 0;
    }
    if (writable)
        prot |= VM_PROT_WRITE;
    error_t err = memory_object_create_proxy(mach_task_self(), prot, &object,
                                             MACH_MSG_TYPE_COPY_SEND, 1, &zero,
                                             1, &zero, 1, &whole, 1, window);
    mach_port_drop(object);
    return err;
}

/* What can be stored to can be read, so that only who may read gets anything. */
static error_t map_check(const struct peropen *po)
{
    if (!HS_ISREG(po->np->st.st_mode))
        return HURD_EOPNOTSUPP;
    if (!(po->openstat & (HO_ACCMODE | HO_EXEC)))
        return HURD_EBADF;
    return po->openstat & HO_READ ? 0 : HURD_EACCES;
}

kern_return_t diskfs_S_io_map(protid_t cred, mach_port_t *read,
                              mach_msg_type_name_t *read_type,
                              mach_port_t *write,
                              mach_msg_type_name_t *write_type)
{
    mach_port_t object = MACH_PORT_NULL;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    *read = *write = MACH_PORT_NULL;
    *read_type = *write_type = MACH_MSG_TYPE_MOVE_SEND;
    struct peropen *po = cred->po;
    boolean_t writable = (po->openstat & HO_WRITE) != 0;
    err = map_check(po);
    if (!err)
        err = memory_object_of(po, writable, &object);
    /* What is stored later is not seen: so this is when they go. */
    if (!err && writable)
        diskfs_drop_setid(po->np, cred->user, FALSE);
    diskfs_end(err);
    if (!err)
        err = make_window(object, writable, read);
    if (!err && writable) {
        *write = *read;
        mach_port_ref_send(*read, 1);
    }
    return err;
}
