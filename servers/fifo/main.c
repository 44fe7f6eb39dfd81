/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/fifo/main.c: the translator of a named pipe.
 *
 * Who opens it for reading waits for somebody who writes, and the other way
 * round; with the last writer the readers' end comes, and who writes when
 * nobody reads gets EPIPE.
 */

#include <hurd/libhurd.h>
#include <string.h>
#include <trivfs/fs_S.h>
#include <trivfs/io_S.h>
#include <trivfs/trivfs.h>

#define ROOM    65536
#define ATOM    4096 /* writes up to this are not mixed with others */
#define IDLE_MS 120000

int trivfs_fstype = HFS_MISC;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char data[ROOM];
    size_t first, size;               /* what is in it; it goes round */
    unsigned readers, writers;        /* opens */
    unsigned read_opens, write_opens; /* that ever were */
} fifo = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER};

static struct port_class *control_class, *protid_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_mode = (st->st_mode & ~HS_IFMT) | HS_IFIFO;
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

/* --- opening ---------------------------------------------------------------- */

static void count_open(int modes, int by)
{
    if (modes & HO_READ)
        fifo.readers += by;
    if (modes & HO_WRITE)
        fifo.writers += by;
    if (by > 0) {
        fifo.read_opens += (modes & HO_READ) != 0;
        fifo.write_opens += (modes & HO_WRITE) != 0;
    }
    if (!fifo.readers && !fifo.writers)
        fifo.size = 0;
    pthread_cond_broadcast(&fifo.changed);
}

/* Until *COUNT is not 0, or somebody came meanwhile and went again. */
static error_t wait_for(const unsigned *count, const unsigned *opens)
{
    unsigned before = *opens;

    while (!*count && *opens == before)
        if (pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock))
            return HURD_EINTR;
    return 0;
}

static error_t note_open(struct trivfs_peropen *po)
{
    int modes = po->openmodes;
    boolean_t nonblock = (modes & HO_NONBLOCK) != 0;
    error_t err = 0;

    pthread_mutex_lock(&fifo.lock);
    count_open(modes, 1);
    switch (modes & (HO_READ | HO_WRITE)) {
    case HO_READ:
        if (!nonblock)
            err = wait_for(&fifo.writers, &fifo.write_opens);
        break;
    case HO_WRITE:
        if (!fifo.readers && nonblock)
            err = HURD_ENXIO;
        else
            err = wait_for(&fifo.readers, &fifo.read_opens);
        break;
    }
    if (err)
        count_open(modes, -1);
    pthread_mutex_unlock(&fifo.lock);
    return err;
}

static void note_close(struct trivfs_peropen *po)
{
    pthread_mutex_lock(&fifo.lock);
    count_open(po->openmodes, -1);
    pthread_mutex_unlock(&fifo.lock);
}

error_t (*trivfs_peropen_create_hook)(struct trivfs_peropen *) = note_open;
void (*trivfs_peropen_destroy_hook)(struct trivfs_peropen *) = note_close;

/* --- reading and writing ---------------------------------------------------- */

static void take(char *to, size_t size)
{
    size_t straight = ROOM - fifo.first < size ? ROOM - fifo.first : size;

    memcpy(to, fifo.data + fifo.first, straight);
    memcpy(to + straight, fifo.data, size - straight);
    fifo.first = (fifo.first + size) % ROOM;
    fifo.size -= size;
    pthread_cond_broadcast(&fifo.changed);
}

static void put(const char *from, size_t size)
{
    size_t at = (fifo.first + fifo.size) % ROOM;
    size_t straight = ROOM - at < size ? ROOM - at : size;

    memcpy(fifo.data + at, from, straight);
    memcpy(fifo.data, from + straight, size - straight);
    fifo.size += size;
    pthread_cond_broadcast(&fifo.changed);
}

kern_return_t trivfs_S_io_read(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, data_t *data,
                               mach_msg_type_number_t *data_len, loff_t offset,
                               vm_size_t amount)
{
    vm_address_t room = 0;
    error_t err = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_READ))
        return HURD_EBADF;
    pthread_mutex_lock(&fifo.lock);
    while (!err && amount && !fifo.size && fifo.writers) {
        if (cred->po->openmodes & HO_NONBLOCK)
            err = HURD_EAGAIN;
        else if (pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock))
            err = HURD_EINTR;
    }
    if (amount > fifo.size)
        amount = fifo.size;
    if (!err && amount > *data_len)
        err = vm_allocate(mach_task_self(), &room, amount, TRUE);
    if (!err) {
        if (room)
            *data = (data_t)room;
        take(*data, amount);
        *data_len = amount;
    }
    pthread_mutex_unlock(&fifo.lock);
    return err;
}

/* How much may go in now: small writes go whole or not at all. */
static size_t room_for(size_t size)
{
    size_t room = ROOM - fifo.size;

    return size <= room ? size : size <= ATOM ? 0 : room;
}

kern_return_t trivfs_S_io_write(trivfs_protid_t cred, mach_port_t reply,
                                mach_msg_type_name_t reply_type,
                                const_data_t data,
                                mach_msg_type_number_t data_len, loff_t offset,
                                vm_size_t *amount)
{
    error_t err = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_WRITE))
        return HURD_EBADF;
    *amount = 0;
    pthread_mutex_lock(&fifo.lock);
    while (!err && *amount < data_len) {
        size_t room = room_for(data_len - *amount);
        if (!fifo.readers) {
            err = HURD_EPIPE;
        } else if (room) {
            put(data + *amount, room);
            *amount += room;
        } else if (cred->po->openmodes & HO_NONBLOCK) {
            err = HURD_EAGAIN;
        } else if (pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock)) {
            err = HURD_EINTR;
        }
    }
    pthread_mutex_unlock(&fifo.lock);
    return *amount ? 0 : err;
}

kern_return_t trivfs_S_io_seek(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, loff_t offset,
                               int whence, loff_t *new_offset)
{
    return cred ? HURD_ESPIPE : HURD_EOPNOTSUPP;
}

kern_return_t trivfs_S_io_readable(trivfs_protid_t cred, mach_port_t reply,
                                   mach_msg_type_name_t reply_type,
                                   vm_size_t *amount)
{
    pthread_mutex_lock(&fifo.lock);
    *amount = fifo.size;
    pthread_mutex_unlock(&fifo.lock);
    return cred ? 0 : HURD_EOPNOTSUPP;
}

/* --- waiting ----------------------------------------------------------------- */

static int ready(int modes, int wanted)
{
    int result = 0;

    if (wanted & SELECT_READ &&
        (!(modes & HO_READ) || fifo.size || !fifo.writers))
        result |= SELECT_READ;
    if (wanted & SELECT_WRITE &&
        (!(modes & HO_WRITE) || room_for(ATOM) || !fifo.readers))
        result |= SELECT_WRITE;
    return result;
}

static error_t select_until(trivfs_protid_t cred, mach_port_t reply,
                            const struct timespec *deadline, int *type)
{
    int wanted = *type, how = 0;
    error_t err = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&fifo.lock);
    *type = ready(cred->po->openmodes, wanted);
    if (*type == 0)
        ports_interrupt_self_on_port_death(cred, reply);
    while (*type == 0 && how == 0) {
        how = deadline ? pthread_hurd_cond_timedwait_np(&fifo.changed,
                                                        &fifo.lock, deadline)
                       : pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock);
        *type = ready(cred->po->openmodes, wanted);
    }
    if (*type == 0 && how < 0)
        err = HURD_EINTR;
    pthread_mutex_unlock(&fifo.lock);
    return err;
}

kern_return_t trivfs_S_io_select(trivfs_protid_t cred, mach_port_t reply,
                                 mach_msg_type_name_t reply_type, int *type)
{
    return select_until(cred, reply, NULL, type);
}

kern_return_t trivfs_S_io_select_timeout(trivfs_protid_t cred,
                                         mach_port_t reply,
                                         mach_msg_type_name_t reply_type,
                                         struct timespec timeout, int *type)
{
    return select_until(cred, reply, &timeout, type);
}

int main(int argc, char **argv)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    struct trivfs_control *cntl;
    error_t err;

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
