/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/io.c: sockets as open files. */

#include <hurd/libhurd.h>
#include <iohelp/iohelp.h>
#include <pflocal/io_S.h>
#include <pflocal/pflocal.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(user)                                                            \
    do {                                                                       \
        if (!(user))                                                           \
            return HURD_EOPNOTSUPP;                                            \
    } while (0)

static boolean_t nonblocking(const struct sock *sock)
{
    return (sock->modes & HO_NONBLOCK) != 0;
}

kern_return_t S_io_read(sock_user_t user, data_t *data,
                        mach_msg_type_number_t *count, loff_t offset,
                        vm_size_t amount)
{
    struct extras extras;
    size_t size = amount > PIPE_SIZE ? PIPE_SIZE : amount;
    data_t buf = *data;
    vm_address_t room = 0;
    int flags;
    error_t err = 0;

    CHECK(user);
    if (offset != -1)
        return HURD_ESPIPE;
    if (size > *count)
        err = vm_allocate(mach_task_self(), &room, size, TRUE);
    if (err)
        return err;
    if (room)
        buf = (data_t)room;
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock;
    vm_size_t allocated = MACH_PAGE_ROUND(size);
    if (sock->type != HSOCK_DGRAM && !sock->out && !sock->shut_in)
        err = HURD_ENOTCONN;
    else
        err = pipe_read(sock->in, buf, &size, &extras, nonblocking(sock), 0,
                        &flags);
    pthread_mutex_unlock(&pf_lock);
    if (err) {
        if (room)
            vm_deallocate(mach_task_self(), room, allocated);
        return err;
    }
    /* A plain read has no place for anything but bytes. */
    for (unsigned i = 0; i < extras.port_count; i++)
        mach_port_drop(extras.ports[i]);
    free(extras.ports);
    free(extras.control);
    if (extras.source)
        ports_port_deref(extras.source);
    vm_size_t used = MACH_PAGE_ROUND(size);
    if (room && size <= *count) {
        /* It fits into the answer after all. */
        memcpy(*data, buf, size);
        vm_deallocate(mach_task_self(), room, allocated);
    } else if (room) {
        if (used < allocated)
            vm_deallocate(mach_task_self(), room + used, allocated - used);
        *data = buf;
    }
    *count = size;
    return 0;
}

kern_return_t S_io_write(sock_user_t user, const_data_t data,
                         mach_msg_type_number_t count, loff_t offset,
                         vm_size_t *amount)
{
    struct extras extras = {0};
    size_t written = 0;
    error_t err;

    CHECK(user);
    if (offset != -1)
        return HURD_ESPIPE;
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock;
    if (sock->shut_out)
        err = HURD_EPIPE;
    else if (!sock->out)
        err = HURD_ENOTCONN;
    else if (count == 0 && !sock->out->keeps_packets)
        err = 0;
    else
        err = pipe_write(sock->out, data, count, &extras, nonblocking(sock),
                         &written);
    pthread_mutex_unlock(&pf_lock);
    *amount = written;
    return err;
}

kern_return_t S_io_seek(sock_user_t user, loff_t offset, int whence,
                        loff_t *new_offset)
{
    CHECK(user);
    return HURD_ESPIPE;
}

kern_return_t S_io_readable(sock_user_t user, vm_size_t *amount)
{
    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    struct pipe *pipe = user->sock->in;
    *amount = pipe->keeps_packets ? (pipe->first ? pipe->first->size : 0)
                                  : pipe->bytes;
    pthread_mutex_unlock(&pf_lock);
    return 0;
}

static error_t set_modes(sock_user_t user, int clear, int set)
{
    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    user->sock->modes &= ~(clear & HO_SETTABLE);
    user->sock->modes |= set & HO_SETTABLE;
    pthread_mutex_unlock(&pf_lock);
    return 0;
}

kern_return_t S_io_set_all_openmodes(sock_user_t user, int bits)
{
    return set_modes(user, ~0, bits);
}

kern_return_t S_io_set_some_openmodes(sock_user_t user, int bits)
{
    return set_modes(user, 0, bits);
}

kern_return_t S_io_clear_some_openmodes(sock_user_t user, int bits)
{
    return set_modes(user, bits, 0);
}

kern_return_t S_io_get_openmodes(sock_user_t user, int *bits)
{
    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock;
    *bits = sock->modes | (sock->shut_in ? 0 : HO_READ) |
            (sock->shut_out ? 0 : HO_WRITE);
    pthread_mutex_unlock(&pf_lock);
    return 0;
}

/* What a pipe's two ends and connected sockets see of their peers' end. */
static int ended(const struct sock *sock)
{
    boolean_t unread = sock->out && sock->out->no_reader;

    if (sock->type == HSOCK_DGRAM || sock->listening || !sock->out)
        return 0;
    if (HS_ISFIFO(sock->mode_bits))
        return sock->shut_out ? (sock->in->no_writer ? SELECT_HUNG_UP : 0)
                              : (unread ? SELECT_BROKEN : 0);
    return unread && sock->in->no_writer ? SELECT_HUNG_UP : 0;
}

static int ready(const struct sock *sock, int wanted)
{
    int result = wanted & SELECT_TELL_END ? ended(sock) : 0;

    /* The end of a pipe is no data, and each end is for one thing. */
    if (wanted & SELECT_TELL_END && HS_ISFIFO(sock->mode_bits)) {
        if (!sock->in->first)
            wanted &= ~SELECT_READ;
        if (sock->shut_out)
            wanted &= ~SELECT_WRITE;
    }

    if (wanted & SELECT_READ) {
        if (sock->listening ? sock->waiting != NULL
                            : pipe_readable(sock->in) ||
                                  (!sock->out && sock->type != HSOCK_DGRAM))
            result |= SELECT_READ;
    }
    if (wanted & SELECT_WRITE &&
        (!sock->out || sock->shut_out || pipe_writable(sock->out)))
        result |= SELECT_WRITE;
    return result;
}

static error_t select_until(sock_user_t user, mach_port_t reply,
                            const struct timespec *deadline, int *type)
{
    int wanted = *type, how = 0;
    error_t err = 0;

    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    *type = ready(user->sock, wanted);
    if (*type == 0) {
        ports_interrupt_self_on_port_death(user, reply);
        while ((*type = ready(user->sock, wanted)) == 0 && how == 0)
            how = deadline ? pthread_hurd_cond_timedwait_np(&any_change,
                                                            &pf_lock, deadline)
                           : pthread_hurd_cond_wait_np(&any_change, &pf_lock);
        if (*type == 0 && how < 0)
            err = HURD_EINTR;
    }
    pthread_mutex_unlock(&pf_lock);
    return err;
}

kern_return_t S_io_select(sock_user_t user, mach_port_t reply,
                          mach_msg_type_name_t reply_type, int *type)
{
    return select_until(user, reply, NULL, type);
}

kern_return_t S_io_select_timeout(sock_user_t user, mach_port_t reply,
                                  mach_msg_type_name_t reply_type,
                                  struct timespec timeout, int *type)
{
    return select_until(user, reply, &timeout, type);
}

kern_return_t S_io_stat(sock_user_t user, io_statbuf_t *st)
{
    CHECK(user);
    memset(st, 0, sizeof *st);
    st->st_fstype = HFS_SOCKET;
    st->st_fsid = 1;
    st->st_ino = user->sock->id;
    st->st_mode = user->sock->mode_bits;
    st->st_nlink = 1;
    st->st_blksize = PIPE_ATOM;
    return 0;
}

kern_return_t S_io_identity(sock_user_t user, mach_port_t *id,
                            mach_msg_type_name_t *id_type, mach_port_t *fsid,
                            mach_msg_type_name_t *fsid_type, ino64_t *fileno)
{
    static mach_port_t server;

    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    if (server == MACH_PORT_NULL)
        server = mach_port_make_token();
    pthread_mutex_unlock(&pf_lock);
    *id = *fsid = server;
    *id_type = *fsid_type = MACH_MSG_TYPE_MAKE_SEND;
    *fileno = user->sock->id;
    return 0;
}

static void hold(struct sock *sock)
{
    pthread_mutex_lock(&pf_lock);
    sock->refs++;
    pthread_mutex_unlock(&pf_lock);
}

kern_return_t S_io_duplicate(sock_user_t user, mach_port_t *port,
                             mach_msg_type_name_t *type)
{
    CHECK(user);
    hold(user->sock);
    return sock_give(user->sock, user->pi.payer, port, type);
}

/* A socket is open to whoever has it, whatever his ids. */
kern_return_t S_io_restrict_auth(sock_user_t user, mach_port_t *port,
                                 mach_msg_type_name_t *type, const uid_t *uids,
                                 mach_msg_type_number_t nuids,
                                 const uid_t *gids,
                                 mach_msg_type_number_t ngids)
{
    return S_io_duplicate(user, port, type);
}

kern_return_t S_io_reauthenticate(sock_user_t user, mach_port_t rend)
{
    struct sock_user *new;
    struct iouser *ids = NULL;
    mach_port_t auth = getauth();
    error_t err;

    CHECK(user);
    hold(user->sock);
    err = sock_make_user(user->sock, user->pi.payer, &new);
    if (err) {
        iohelp_refuse(auth, rend);
        mach_port_drop(auth);
        return err;
    }
    /* The right is held, or a client who does not come would end what NEW is, and
     * its name be another's. */
    mach_port_t port = ports_get_send_right(new);
    ports_port_deref(new);
    iohelp_reauth(&ids, auth, rend, port, TRUE);
    iohelp_free_iouser(ids);
    mach_port_drop(auth);
    mach_port_drop(rend);
    mach_port_drop(port);
    return 0;
}

kern_return_t S_io_server_version(sock_user_t user, string_t name, int *major,
                                  int *minor, int *edit)
{
    CHECK(user);
    mig_strncpy(name, "pflocal", sizeof(string_t));
    *major = *minor = *edit = 0;
    return 0;
}
