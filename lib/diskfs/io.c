/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/io.c: the io_ calls. */

#include <diskfs/io_S.h>
#include <diskfs/private.h>

/* One read moves no more: a reader asks again. */
#define READ_MAX 0x400000ul
/* What the kernel rather copies than moves: it comes from a thread's own room,
 * whose pages are there. */
#define ROOM_SIZE 0x10000ul

static pthread_key_t room_key;
static pthread_once_t room_once = PTHREAD_ONCE_INIT;

static void make_room_key(void)
{
    pthread_key_create(&room_key, free);
}

static char *thread_room(void)
{
    pthread_once(&room_once, make_room_key);
    char *room = pthread_getspecific(room_key);
    if (!room) {
        room = aligned_alloc(vm_page_size, ROOM_SIZE);
        if (room && pthread_setspecific(room_key, room)) {
            free(room);
            room = NULL;
        }
    }
    return room;
}

/* Room for SIZE bytes of an answer that has *LENGTH at *DATA; *OWN is memory
 * that goes with the answer, or 0. */
static error_t answer_room(data_t *data, mach_msg_type_number_t length,
                           vm_size_t size, vm_address_t *own)
{
    char *room = NULL;

    *own = 0;
    if (size <= length)
        return 0;
    if (size <= ROOM_SIZE)
        room = thread_room();
    if (room) {
        *data = room;
        return 0;
    }
    error_t err = vm_allocate(mach_task_self(), own, size, TRUE);
    if (!err)
        *data = (data_t)*own;
    return err;
}

static error_t io_target(protid_t cred, int mode)
{
    if (HS_ISDIR(cred->po->np->st.st_mode))
        return HURD_EISDIR;
    return cred->po->openstat & mode ? 0 : HURD_EBADF;
}

/* A link's contents are what it points to. */
static error_t read_link(struct node *np, int64_t offset, char *data,
                         size_t size, size_t *amount)
{
    char target[4096];
    size_t length = sizeof target;
    error_t err = diskfs_format->read_link(np, target, &length);

    *amount = 0;
    if (err || offset >= (int64_t)length)
        return err;
    *amount = length - offset < size ? length - offset : size;
    memcpy(data, target + offset, *amount);
    return 0;
}

/* Who reads or writes where an open stands is alone with it in between, while the
 * lock may be let go: two readers get different parts. */
static pthread_cond_t move_ended = PTHREAD_COND_INITIALIZER;

static void move_begin(struct peropen *po)
{
    while (po->moving)
        pthread_cond_wait(&move_ended, &diskfs_lock);
    po->moving = TRUE;
}

static void move_end(struct peropen *po)
{
    po->moving = FALSE;
    pthread_cond_broadcast(&move_ended);
}

kern_return_t diskfs_S_io_read(protid_t cred, data_t *data,
                               mach_msg_type_number_t *length,
                               boolean_t *dealloc, loff_t offset,
                               vm_size_t size)
{
    size_t amount = 0;
    vm_address_t room = 0;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct node *np = cred->po->np;
    boolean_t link = HS_ISLNK(np->st.st_mode);
    if (offset == -1)
        move_begin(cred->po);
    err = link ? 0 : io_target(cred, HO_READ);
    int64_t at = offset == -1 ? cred->po->filepointer : offset;
    if (size > READ_MAX)
        size = READ_MAX;
    if (at < np->st.st_size && (int64_t)size > np->st.st_size - at)
        size = np->st.st_size - at;
    if (at >= np->st.st_size)
        size = 0;
    if (!err)
        err = answer_room(data, *length, size, &room);
    if (!err)
        err = link ? read_link(np, at, *data, size, &amount)
                   : diskfs_read(np, at, *data, size, &amount);
    if (!err && offset == -1)
        cred->po->filepointer = at + amount;
    if (offset == -1)
        move_end(cred->po);
    diskfs_end(err);
    if (room && (err || MACH_PAGE_ROUND(amount) < MACH_PAGE_ROUND(size))) {
        vm_address_t keep = err ? 0 : MACH_PAGE_ROUND(amount);
        vm_deallocate(mach_task_self(), room + keep,
                      MACH_PAGE_ROUND(size) - keep);
    }
    *length = amount;
    *dealloc = room != 0;
    return err;
}

/* Where the end is is known once nobody else changes the file. */
static error_t write_at(struct peropen *po, const_data_t data, size_t length,
                        loff_t offset, size_t *done)
{
    error_t err = diskfs_check_lock(po);

    if (err)
        return err;
    diskfs_begin_change(po->np);
    int64_t at = offset == -1 ? po->filepointer : offset;
    if (offset == -1 && po->openstat & HO_APPEND)
        at = po->np->st.st_size;
    err = diskfs_write(po->np, at, data, length, done);
    if (!err && offset == -1)
        po->filepointer = at + *done;
    diskfs_end_change(po->np);
    return err;
}

static error_t write_open(struct peropen *po, const_data_t data, size_t length,
                          loff_t offset, size_t *done)
{
    if (offset != -1)
        return write_at(po, data, length, offset, done);
    move_begin(po);
    error_t err = write_at(po, data, length, offset, done);
    move_end(po);
    return err;
}

kern_return_t diskfs_S_io_write(protid_t cred, const_data_t data,
                                mach_msg_type_number_t length, loff_t offset,
                                vm_size_t *amount)
{
    size_t done = 0;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct peropen *po = cred->po;
    struct node *np = po->np;
    err = io_target(cred, HO_WRITE);
    if (!err)
        err = write_open(po, data, length, offset, &done);
    if (!err)
        diskfs_drop_setid(np, cred->user, FALSE);
    boolean_t sync = !err && po->openstat & HO_FSYNC;
    *amount = done;
    diskfs_end(err);
    return sync ? diskfs_sync_node(np, po) : err;
}

kern_return_t diskfs_S_io_seek(protid_t cred, loff_t offset, int whence,
                               loff_t *result)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    move_begin(cred->po);
    int64_t base = whence == 1   ? cred->po->filepointer
                   : whence == 2 ? cred->po->np->st.st_size
                                 : 0;
    if (whence < 0 || whence > 2 || base + offset < 0)
        err = HURD_EINVAL;
    else
        *result = cred->po->filepointer = base + offset;
    move_end(cred->po);
    return diskfs_end(err);
}

kern_return_t diskfs_S_io_readable(protid_t cred, vm_size_t *amount)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    int64_t left = cred->po->np->st.st_size - cred->po->filepointer;
    *amount = left > 0 ? left : 0;
    return diskfs_end(io_target(cred, HO_READ));
}

static error_t set_modes(protid_t cred, int clear, int set)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    cred->po->openstat =
        (cred->po->openstat & ~(clear & HO_SETTABLE)) | (set & HO_SETTABLE);
    return diskfs_end(0);
}

kern_return_t diskfs_S_io_set_all_openmodes(protid_t cred, int bits)
{
    return set_modes(cred, ~0, bits);
}

kern_return_t diskfs_S_io_set_some_openmodes(protid_t cred, int bits)
{
    return set_modes(cred, 0, bits);
}

kern_return_t diskfs_S_io_clear_some_openmodes(protid_t cred, int bits)
{
    return set_modes(cred, bits, 0);
}

kern_return_t diskfs_S_io_get_openmodes(protid_t cred, int *bits)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    *bits = cred->po->openstat;
    return diskfs_end(0);
}

/* A file is always ready. */
kern_return_t diskfs_S_io_select(protid_t cred, int *type)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    *type &= ~4; /* nothing urgent comes from one */
    return 0;
}

kern_return_t diskfs_S_io_select_timeout(protid_t cred, timespec_t timeout,
                                         int *type)
{
    return diskfs_S_io_select(cred, type);
}

kern_return_t diskfs_S_io_stat(protid_t cred, io_statbuf_t *st)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct node *np = cred->po->np;
    *st = np->st;
    st->st_fstype = diskfs_format->fstype;
    if (np->passive)
        st->st_mode |= HS_IPTRANS;
    if (fshelp_translated(&np->transbox))
        st->st_mode |= HS_IATRANS;
    if (np->ino == diskfs_format->root)
        st->st_mode |= HS_IROOT;
    return diskfs_end(0);
}

/* --- rights ----------------------------------------------------------------- */

kern_return_t diskfs_S_io_duplicate(protid_t cred, mach_port_t *port,
                                    mach_msg_type_name_t *type)
{
    struct iouser *user;
    struct protid *copy;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    err = iohelp_dup_iouser(&user, cred->user);
    if (err)
        return diskfs_end(err);
    cred->po->refs++;
    err = diskfs_make_protid(cred->po, user, &copy);
    if (!err) {
        *port = ports_get_right(copy);
        *type = MACH_MSG_TYPE_MAKE_SEND;
        ports_port_deref(copy);
    }
    return diskfs_end(err);
}

kern_return_t diskfs_S_io_restrict_auth(protid_t cred, mach_port_t *port,
                                        mach_msg_type_name_t *type,
                                        const_idarray_t uids,
                                        mach_msg_type_number_t nuids,
                                        const_idarray_t gids,
                                        mach_msg_type_number_t ngids)
{
    struct iouser *user;
    struct protid *copy;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    err = iohelp_restrict_iouser(&user, cred->user, uids, nuids, gids, ngids);
    if (err)
        return diskfs_end(err);
    cred->po->refs++;
    err = diskfs_make_protid(cred->po, user, &copy);
    if (!err) {
        *port = ports_get_right(copy);
        *type = MACH_MSG_TYPE_MAKE_SEND;
        ports_port_deref(copy);
    }
    return diskfs_end(err);
}

/* The new object exists before its user is known, and without the lock while
 * auth is asked: nobody else has it yet.  The client waits at auth whatever comes of
 * it here: who may have no more gets a port that is dead. */
kern_return_t diskfs_S_io_reauthenticate(protid_t cred, mach_port_t rendezvous)
{
    struct protid *copy;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    err = ports_create_port_noinstall(diskfs_protid_class, diskfs_port_bucket,
                                      sizeof *copy, &copy);
    if (err)
        return diskfs_end(err);
    error_t refused = ports_charge(copy, cred->pi.payer);
    copy->po = cred->po;
    copy->po->refs++;
    diskfs_end(0);
    mach_port_t right = ports_get_send_right(copy);
    if (iohelp_reauth(&copy->user, diskfs_auth, rendezvous, right, TRUE))
        iohelp_create_empty_iouser(&copy->user);
    mach_port_drop(rendezvous);
    if (!refused)
        refused = ports_charge(copy, iohelp_payer(copy->user));
    if (!refused)
        ports_install_port(copy);
    else
        ports_destroy_right(copy);
    mach_port_drop(right);
    ports_port_deref(copy);
    return 0; /* RENDEZVOUS is used up */
}

kern_return_t diskfs_S_io_server_version(protid_t cred, string_t name,
                                         int *major, int *minor, int *edit)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    mig_strncpy(name, diskfs_format->name, sizeof(string_t));
    *major = 0;
    *minor = 9;
    *edit = 0;
    return 0;
}

/* The numbers are POSIX's names on the Hurd (bits/confname.h). */
kern_return_t diskfs_S_io_pathconf(protid_t cred, int name, int *value)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    switch (name) {
    case 0: /* LINK_MAX */
        *value = 32000;
        return 0;
    case 3: /* NAME_MAX */
        *value = 255;
        return 0;
    case 6: /* CHOWN_RESTRICTED */
    case 7: /* NO_TRUNC */
        *value = 1;
        return 0;
    default:
        *value = -1;
        return 0;
    }
}
