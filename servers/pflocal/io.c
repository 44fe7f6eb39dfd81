/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/io.c: the io_ calls on sockets. */

#include <errno.h>
#include <hurd/libhurd.h>
#include <iohelp/iohelp.h>
#include <pflocal/io_S.h>
#include <pflocal/pflocal.h>
#include <stdlib.h>
#include <string.h>


/* Every call gets its reply port (REPLY_PORTS). */
#define ON sock_user_t user, mach_port_t reply, mach_msg_type_name_t reply_type

kern_return_t sock_S_io_read(ON, data_t *data, mach_msg_type_number_t *length,
                             loff_t offset, vm_size_t amount)
{
    size_t done = 0;
    vm_address_t room = 0;
    error_t err = 0;

    if (!user)
        return HURD_EOPNOTSUPP;
    if (offset != -1)
        return HURD_ESPIPE;
    if (amount > PIPE_SIZE)
        amount = PIPE_SIZE;
    if (amount > *length) {
        err = vm_allocate(mach_task_self(), &room, amount, TRUE);
        if (err)
            return err;
        *data = (data_t)room;
    }
    pthread_mutex_lock(&pflocal_lock);
    if (user->socket->in)
        err = pipe_read(user->socket->in, *data, amount,
                        (user->openmodes & HO_NONBLOCK) != 0, FALSE, &done);
    pthread_mutex_unlock(&pflocal_lock);
    if (room && (err || MACH_PAGE_ROUND(done) < MACH_PAGE_ROUND(amount))) {
        vm_size_t keep = err ? 0 : MACH_PAGE_ROUND(done);
        vm_deallocate(mach_task_self(), room + keep,
                      MACH_PAGE_ROUND(amount) - keep);
    }
    *length = done;
    return err;
}

kern_return_t sock_S_io_write(ON, const_data_t data,
                              mach_msg_type_number_t length, loff_t offset,
                              vm_size_t *amount)
{
    size_t done = 0;

    if (!user)
        return HURD_EOPNOTSUPP;
    if (offset != -1)
        return HURD_ESPIPE;
    pthread_mutex_lock(&pflocal_lock);
    error_t err = user->socket->out
                      ? pipe_write(user->socket->out, data, length,
                                   (user->openmodes & HO_NONBLOCK) != 0, &done)
                      : HURD_EPIPE;
    pthread_mutex_unlock(&pflocal_lock);
    *amount = done;
    return err;
}

kern_return_t sock_S_io_seek(ON, loff_t offset, int whence, loff_t *result)
{
    return user ? HURD_ESPIPE : HURD_EOPNOTSUPP;
}

kern_return_t sock_S_io_readable(ON, vm_size_t *amount)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pflocal_lock);
    *amount = user->socket->in ? user->socket->in->count : 0;
    pthread_mutex_unlock(&pflocal_lock);
    return 0;
}

/* --- modes -------------------------------------------------------------------- */

static error_t modes(sock_user_t user, int clear, int set)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pflocal_lock);
    user->openmodes = (user->openmodes & ~(clear & HO_SETTABLE)) |
                      (set & HO_SETTABLE);
    pthread_mutex_unlock(&pflocal_lock);
    return 0;
}

kern_return_t sock_S_io_set_all_openmodes(ON, int bits)
{
    return modes(user, ~0, bits);
}

kern_return_t sock_S_io_set_some_openmodes(ON, int bits)
{
    return modes(user, 0, bits);
}

kern_return_t sock_S_io_clear_some_openmodes(ON, int bits)
{
    return modes(user, bits, 0);
}

kern_return_t sock_S_io_get_openmodes(ON, int *bits)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pflocal_lock);
    *bits = user->openmodes & ~HO_ACCMODE;
    if (user->socket->in)
        *bits |= HO_READ;
    if (user->socket->out)
        *bits |= HO_WRITE;
    pthread_mutex_unlock(&pflocal_lock);
    return 0;
}

/* --- waiting for either ---------------------------------------------------------- */

static int ready(const struct socket *socket, int wanted)
{
    int result = 0;

    if (wanted & SELECT_READ &&
        (!socket->in || socket->in->count || !socket->in->writers))
        result |= SELECT_READ;
    if (wanted & SELECT_WRITE &&
        (!socket->out || !socket->out->readers ||
         PIPE_SIZE - socket->out->count >= PIPE_ATOMIC))
        result |= SELECT_WRITE;
    return result;
}

/* What is waited for is one pipe's condition: the one asked about, or with
 * both directions the one to read, looked at anew now and then. */
static error_t select_wait(struct socket *socket, int wanted,
                           const struct timespec *deadline)
{
    struct pipe *pipe = wanted & SELECT_READ ? socket->in : socket->out;
    boolean_t both = wanted & SELECT_READ && wanted & SELECT_WRITE;
    struct timespec soon;

    if (!both)
        return deadline ? pthread_hurd_cond_timedwait_np(
                              &pipe->changed, &pflocal_lock, deadline)
                        : pthread_hurd_cond_wait_np(&pipe->changed,
                                                    &pflocal_lock);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 10000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    boolean_t last = deadline && (deadline->tv_sec < soon.tv_sec ||
                                  (deadline->tv_sec == soon.tv_sec &&
                                   deadline->tv_nsec < soon.tv_nsec));
    int how = pthread_hurd_cond_timedwait_np(&pipe->changed, &pflocal_lock,
                                             last ? deadline : &soon);
    return how == ETIMEDOUT && !last ? 0 : how;
}

static error_t select_until(sock_user_t user, mach_port_t reply,
                            const struct timespec *deadline, int *type)
{
    int wanted = *type, how = 0;
    error_t err = 0;

    if (!user)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pflocal_lock);
    *type = ready(user->socket, wanted);
    if (!*type && wanted & (SELECT_READ | SELECT_WRITE)) {
        ports_interrupt_self_on_port_death(user, reply);
        while (!(*type = ready(user->socket, wanted)) && !how)
            how = select_wait(user->socket, wanted, deadline);
        if (!*type && how && how != ETIMEDOUT)
            err = HURD_EINTR;
    }
    pthread_mutex_unlock(&pflocal_lock);
    return err;
}

kern_return_t sock_S_io_select(ON, int *type)
{
    return select_until(user, reply, NULL, type);
}

kern_return_t sock_S_io_select_timeout(ON, timespec_t timeout, int *type)
{
    return select_until(user, reply, &timeout, type);
}

/* --- what it is --------------------------------------------------------------------- */

kern_return_t sock_S_io_stat(ON, io_statbuf_t *st)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    memset(st, 0, sizeof *st);
    pthread_mutex_lock(&pflocal_lock);
    const struct socket *socket = user->socket;
    boolean_t one_way = !socket->in != !socket->out;
    st->st_fstype = HFS_SOCKET;
    st->st_fsid = (uint64_t)(uint32_t)mach_task_self();
    st->st_ino = socket->serial;
    st->st_mode = (one_way ? HS_IFIFO : HS_IFSOCK) | 0600;
    st->st_nlink = 0;
    st->st_uid = st->st_author = socket->uid;
    st->st_gid = socket->gid;
    st->st_size = socket->in ? socket->in->count : 0;
    st->st_blksize = PIPE_ATOMIC;
    st->st_atim = st->st_mtim = st->st_ctim = socket->made;
    pthread_mutex_unlock(&pflocal_lock);
    return 0;
}

kern_return_t sock_S_io_identity(ON, mach_port_t *id,
                                 mach_msg_type_name_t *id_type,
                                 mach_port_t *fsid,
                                 mach_msg_type_name_t *fsid_type,
                                 ino64_t *fileno)
{
    static mach_port_t whole;

    if (!user)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pflocal_lock);
    if (!whole)
        whole = mach_reply_port();
    if (!user->socket->id)
        user->socket->id = mach_reply_port();
    *id = user->socket->id;
    *fsid = whole;
    *id_type = *fsid_type = MACH_MSG_TYPE_MAKE_SEND;
    *fileno = user->socket->serial;
    pthread_mutex_unlock(&pflocal_lock);
    return 0;
}

kern_return_t sock_S_io_server_version(ON, string_t name, int *major,
                                       int *minor, int *edit)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    mig_strncpy(name, "pflocal", sizeof(string_t));
    *major = *edit = 0;
    *minor = 9;
    return 0;
}

kern_return_t sock_S_io_pathconf(ON, int name, int *value)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    if (name != 5) /* PIPE_BUF */
        return HURD_EINVAL;
    *value = PIPE_ATOMIC;
    return 0;
}

/* --- rights --------------------------------------------------------------------------- */

static error_t again(sock_user_t user, mach_port_t *port,
                     mach_msg_type_name_t *type)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pflocal_lock);
    user->socket->refs++;
    error_t err = sock_user_create(user->socket, user->openmodes, port);
    pthread_mutex_unlock(&pflocal_lock);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return err;
}

kern_return_t sock_S_io_duplicate(ON, mach_port_t *port,
                                  mach_msg_type_name_t *type)
{
    return again(user, port, type);
}

/* A socket is its holder's: ids do not matter. */
kern_return_t sock_S_io_restrict_auth(ON, mach_port_t *port,
                                      mach_msg_type_name_t *type,
                                      const_idarray_t uids,
                                      mach_msg_type_number_t nuids,
                                      const_idarray_t gids,
                                      mach_msg_type_number_t ngids)
{
    return again(user, port, type);
}

kern_return_t sock_S_io_reauthenticate(ON, mach_port_t rendezvous)
{
    struct iouser *who = NULL;
    mach_port_t port;
    mach_msg_type_name_t type;
    error_t err = again(user, &port, &type);

    if (err)
        return err;
    mach_port_insert_right(mach_task_self(), port, port,
                           MACH_MSG_TYPE_MAKE_SEND);
    mach_port_t auth = getauth();
    err = iohelp_reauth(&who, auth, rendezvous, port, TRUE);
    mach_port_drop(auth);
    if (!err)
        iohelp_free_iouser(who);
    mach_port_drop(port);
    mach_port_drop(rendezvous);
    return 0;
}
