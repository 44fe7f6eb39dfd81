/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/fifo/main.c: the translator of named pipes.
 *
 * All who open the node share one pipe.  Opening for reading waits for a
 * writer and the other way round, unless O_NONBLOCK was given; opening for
 * both waits for nobody.  What nobody read when the last one closed is lost.
 */

#include <hurd/libhurd.h>
#include <string.h>
#include <trivfs/fs_S.h>
#include <trivfs/io_S.h>
#include <trivfs/trivfs.h>

#define FIFO_SIZE   65536
#define ATOMIC_SIZE 4096 /* PIPE_BUF: written in one piece */
#define IDLE_MS     60000

int trivfs_fstype = HFS_MISC;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char data[FIFO_SIZE]; /* a ring: COUNT bytes from HEAD on */
    size_t head, count;
    unsigned readers, writers;           /* that have it open */
    unsigned readers_ever, writers_ever; /* so that none is missed */
} fifo = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER};

static struct port_class *control_class, *protid_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_mode = (st->st_mode & ~HS_IFMT) | HS_IFIFO;
    st->st_size = 0;
    st->st_blocks = 0;
    st->st_blksize = ATOMIC_SIZE;
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

/* --- opening and closing -------------------------------------------------- */

static void leave(int modes)
{
    if (modes & HO_READ)
        fifo.readers--;
    if (modes & HO_WRITE)
        fifo.writers--;
    if (!fifo.readers && !fifo.writers)
        fifo.count = 0;
    pthread_cond_broadcast(&fifo.changed);
}

/* Waits until there is somebody at the other end, or was since. */
static error_t wait_for_other(int modes)
{
    unsigned *now = modes & HO_READ ? &fifo.writers : &fifo.readers;
    unsigned *ever = modes & HO_READ ? &fifo.writers_ever : &fifo.readers_ever;
    unsigned before = *ever;

    if (modes & HO_NONBLOCK)
        return *now || modes & HO_READ ? 0 : HURD_ENXIO;
    while (!*now && *ever == before)
        if (pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock))
            return HURD_EINTR;
    return 0;
}

static error_t open_fifo(struct trivfs_peropen *po)
{
    int modes = po->openmodes, access = modes & HO_RDWR;
    error_t err = 0;

    pthread_mutex_lock(&fifo.lock);
    if (modes & HO_READ) {
        fifo.readers++;
        fifo.readers_ever++;
    }
    if (modes & HO_WRITE) {
        fifo.writers++;
        fifo.writers_ever++;
    }
    pthread_cond_broadcast(&fifo.changed);
    if (access == HO_READ || access == HO_WRITE)
        err = wait_for_other(modes);
    if (err)
        leave(modes);
    pthread_mutex_unlock(&fifo.lock);
    return err;
}
error_t (*trivfs_peropen_create_hook)(struct trivfs_peropen *) = open_fifo;

static void close_fifo(struct trivfs_peropen *po)
{
    pthread_mutex_lock(&fifo.lock);
    leave(po->openmodes);
    pthread_mutex_unlock(&fifo.lock);
}
void (*trivfs_peropen_destroy_hook)(struct trivfs_peropen *) = close_fifo;

/* --- reading and writing -------------------------------------------------- */

static void take(char *to, size_t size)
{
    size_t first = FIFO_SIZE - fifo.head;

    if (first > size)
        first = size;
    memcpy(to, fifo.data + fifo.head, first);
    memcpy(to + first, fifo.data, size - first);
    fifo.head = (fifo.head + size) % FIFO_SIZE;
    fifo.count -= size;
}

static void put(const char *from, size_t size)
{
    size_t tail = (fifo.head + fifo.count) % FIFO_SIZE;
    size_t first = FIFO_SIZE - tail;

    if (first > size)
        first = size;
    memcpy(fifo.data + tail, from, first);
    memcpy(fifo.data, from + first, size - first);
    fifo.count += size;
}

static error_t wait_for_data(int modes)
{
    while (!fifo.count && fifo.writers) {
        if (modes & HO_NONBLOCK)
            return HURD_EAGAIN;
        if (pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock))
            return HURD_EINTR;
    }
    return 0;
}

kern_return_t trivfs_S_io_read(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, data_t *data,
                               mach_msg_type_number_t *size, loff_t offset,
                               vm_size_t amount)
{
    error_t err;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (offset != -1)
        return HURD_ESPIPE;
    if (!(cred->po->openmodes & HO_READ))
        return HURD_EBADF;
    /* As much as a reply holds inline: more is fetched by the next call. */
    if (amount > *size)
        amount = *size;
    pthread_mutex_lock(&fifo.lock);
    err = amount ? wait_for_data(cred->po->openmodes) : 0;
    if (!err) {
        *size = amount < fifo.count ? amount : fifo.count;
        take(*data, *size);
        pthread_cond_broadcast(&fifo.changed);
    }
    pthread_mutex_unlock(&fifo.lock);
    return err;
}

/* How much may be written now: all of a small piece, or something. */
static size_t room_for(size_t size)
{
    size_t room = FIFO_SIZE - fifo.count;

    if (size <= ATOMIC_SIZE)
        return room >= size ? size : 0;
    return room < size ? room : size;
}

static error_t write_all(int modes, const char *data, size_t size,
                         size_t *written)
{
    while (*written < size) {
        size_t n;
        if (!fifo.readers)
            return HURD_EPIPE;
        while (!(n = room_for(size - *written)) && fifo.readers) {
            if (modes & HO_NONBLOCK)
                return HURD_EAGAIN;
            if (pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock))
                return HURD_EINTR;
        }
        put(data + *written, n);
        *written += n;
        pthread_cond_broadcast(&fifo.changed);
    }
    return 0;
}

kern_return_t trivfs_S_io_write(trivfs_protid_t cred, mach_port_t reply,
                                mach_msg_type_name_t reply_type,
                                const_data_t data, mach_msg_type_number_t size,
                                loff_t offset, vm_size_t *amount)
{
    size_t written = 0;
    error_t err;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (offset != -1)
        return HURD_ESPIPE;
    if (!(cred->po->openmodes & HO_WRITE))
        return HURD_EBADF;
    pthread_mutex_lock(&fifo.lock);
    err = write_all(cred->po->openmodes, data, size, &written);
    pthread_mutex_unlock(&fifo.lock);
    *amount = written;
    return written ? 0 : err;
}

kern_return_t trivfs_S_io_readable(trivfs_protid_t cred, mach_port_t reply,
                                   mach_msg_type_name_t reply_type,
                                   vm_size_t *amount)
{
    *amount = fifo.count;
    return cred ? 0 : HURD_EOPNOTSUPP;
}

kern_return_t trivfs_S_io_seek(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, loff_t offset,
                               int whence, loff_t *new_offset)
{
    return cred ? HURD_ESPIPE : HURD_EOPNOTSUPP;
}

/* --- waiting -------------------------------------------------------------- */

/* A reader has not lost whom it has not had. */
static int ended(const struct trivfs_peropen *po)
{
    int result = 0;

    if (po->openmodes & HO_READ && !fifo.writers && fifo.writers_ever)
        result |= SELECT_HUNG_UP;
    if (po->openmodes & HO_WRITE && !fifo.readers)
        result |= SELECT_BROKEN;
    return result;
}

static int ready(const struct trivfs_peropen *po, int wanted)
{
    int result = wanted & SELECT_TELL_END ? ended(po) : 0;

    if (wanted & SELECT_TELL_END && (!fifo.count || !(po->openmodes & HO_READ)))
        wanted &= ~SELECT_READ;
    if (wanted & SELECT_READ && (fifo.count || !fifo.writers))
        result |= SELECT_READ;
    if (wanted & SELECT_WRITE &&
        (FIFO_SIZE - fifo.count >= ATOMIC_SIZE || !fifo.readers))
        result |= SELECT_WRITE;
    return result;
}

static error_t select_until(trivfs_protid_t cred, mach_port_t reply,
                            const struct timespec *deadline, int *type)
{
    int wanted = *type, how = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&fifo.lock);
    *type = ready(cred->po, wanted);
    if (!*type) {
        ports_interrupt_self_on_port_death(cred, reply);
        while (!(*type = ready(cred->po, wanted)) && !how)
            how = deadline
                      ? pthread_hurd_cond_timedwait_np(&fifo.changed,
                                                       &fifo.lock, deadline)
                      : pthread_hurd_cond_wait_np(&fifo.changed, &fifo.lock);
    }
    pthread_mutex_unlock(&fifo.lock);
    return !*type && how < 0 ? HURD_EINTR : 0;
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
