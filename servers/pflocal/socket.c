/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/socket.c: what only sockets do. */

#include <pflocal/pflocal.h>
#include <pflocal/socket_S.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(object)                                                          \
    do {                                                                       \
        if (!(object))                                                         \
            return HURD_EOPNOTSUPP;                                            \
    } while (0)

/* The right that an argument came with; MIG only gave us what it stands for, and
 * drops it itself if the request fails. */
static void drop_argument(struct port_info *pi)
{
    if (pi)
        mach_port_drop(pi->port_right);
}

kern_return_t S_socket_create(trivfs_protid_t pf, int type, int protocol,
                              mach_port_t *port,
                              mach_msg_type_name_t *port_type)
{
    struct sock *sock;

    CHECK(pf);
    if (protocol != 0)
        return HURD_EPROTONOSUPPORT;
    if (type != HSOCK_STREAM && type != HSOCK_DGRAM && type != HSOCK_SEQPACKET)
        return HURD_ESOCKTNOSUPPORT;
    sock = sock_make(type);
    return sock ? sock_give(sock, pf->pi.payer, port, port_type) : HURD_ENOMEM;
}

/* --- connections ---------------------------------------------------------------- */

kern_return_t S_socket_connect2(sock_user_t user1, sock_user_t user2)
{
    error_t err;

    CHECK(user1);
    CHECK(user2);
    pthread_mutex_lock(&pf_lock);
    err = user1->sock == user2->sock
              ? HURD_EINVAL
              : sock_connect_pair(user1->sock, user2->sock);
    pthread_mutex_unlock(&pf_lock);
    if (!err)
        drop_argument(&user2->pi);
    return err;
}

kern_return_t S_socket_listen(sock_user_t user, int limit)
{
    error_t err = 0;

    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock;
    if (sock->type == HSOCK_DGRAM)
        err = HURD_EOPNOTSUPP;
    else if (sock->out)
        err = HURD_EISCONN;
    if (!err) {
        sock->listening = TRUE;
        sock->backlog = limit < 1             ? 1
                        : limit > BACKLOG_MAX ? BACKLOG_MAX
                                              : limit;
    }
    pthread_mutex_unlock(&pf_lock);
    return err;
}

static struct addr *ref(struct addr *addr)
{
    if (addr)
        ports_port_ref(addr);
    return addr;
}

/* Puts the server's end of a new connection into LISTENER's queue. */
static error_t connect_stream(struct sock *sock, struct sock *listener)
{
    struct sock *end, **at;
    error_t err = 0;

    if (sock->type != listener->type)
        return HURD_EPROTOTYPE;
    listener->refs++;
    while (!err && listener->listening &&
           listener->waiting_count >= listener->backlog) {
        if (sock->modes & HO_NONBLOCK)
            err = HURD_EAGAIN;
        else if (pthread_hurd_cond_wait_np(&listener->accepted, &pf_lock))
            err = HURD_EINTR;
    }
    if (!err && !listener->listening)
        err = HURD_ECONNREFUSED;
    end = err ? NULL : sock_make(listener->type);
    if (!err && !end)
        err = HURD_ENOMEM;
    if (!err && (err = sock_connect_pair(sock, end)))
        sock_drop(end);
    if (!err) {
        end->peer_addr = ref(sock->addr);
        sock->peer_addr = ref(listener->addr);
        for (at = &listener->waiting; *at; at = &(*at)->next)
            ;
        *at = end;
        listener->waiting_count++;
        pthread_cond_broadcast(&listener->accepted);
        pthread_cond_broadcast(&any_change);
    }
    sock_drop(listener);
    return err;
}

static error_t connect_dgram(struct sock *sock, struct sock *peer)
{
    if (peer->type != HSOCK_DGRAM)
        return HURD_EPROTOTYPE;
    pipe_drop(sock->out);
    sock->out = peer->in;
    peer->in->refs++;
    if (sock->peer_addr)
        ports_port_deref(sock->peer_addr);
    sock->peer_addr = ref(peer->addr);
    return 0;
}

kern_return_t S_socket_connect(sock_user_t user, addr_object_t addr)
{
    error_t err;

    CHECK(user);
    CHECK(addr);
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock, *peer = addr->sock;
    if (!peer)
        err = HURD_ECONNREFUSED;
    else if (sock->type == HSOCK_DGRAM)
        err = connect_dgram(sock, peer);
    else if (sock->listening)
        err = HURD_EOPNOTSUPP;
    else if (sock->out)
        err = HURD_EISCONN;
    else if (!peer->listening)
        err = HURD_ECONNREFUSED;
    else
        err = connect_stream(sock, peer);
    pthread_mutex_unlock(&pf_lock);
    if (!err)
        drop_argument(&addr->pi);
    return err;
}

/* An address that names SOCK; made if it has none. */
static error_t name_of(struct addr **slot, struct sock *sock)
{
    error_t err = 0;

    if (!*slot) {
        err = addr_make(slot);
        if (!err)
            (*slot)->sock = sock;
    }
    return err;
}

kern_return_t S_socket_accept(sock_user_t user, mach_port_t *port,
                              mach_msg_type_name_t *port_type,
                              mach_port_t *peer,
                              mach_msg_type_name_t *peer_type)
{
    struct sock *end = NULL;
    error_t err = 0;

    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock;
    if (!sock->listening)
        err = HURD_EINVAL;
    while (!err && !sock->waiting) {
        if (sock->modes & HO_NONBLOCK)
            err = HURD_EAGAIN;
        else if (pthread_hurd_cond_wait_np(&sock->accepted, &pf_lock))
            err = HURD_EINTR;
    }
    if (!err) {
        end = sock->waiting;
        sock->waiting = end->next;
        sock->waiting_count--;
        pthread_cond_broadcast(&sock->accepted);
        end->addr = NULL;
        err = name_of(&end->peer_addr, NULL);
        if (err)
            sock_drop(end);
    }
    if (!err) {
        *peer = ports_get_right(end->peer_addr);
        *peer_type = MACH_MSG_TYPE_MAKE_SEND;
    }
    pthread_mutex_unlock(&pf_lock);
    return err ? err : sock_give(end, user->pi.payer, port, port_type);
}

kern_return_t S_socket_shutdown(sock_user_t user, int direction)
{
    CHECK(user);
    if (direction < 0 || direction > 2)
        return HURD_EINVAL;
    pthread_mutex_lock(&pf_lock);
    sock_shut(user->sock, direction != 1, direction != 0);
    /* Half of a pair is what is called a pipe. */
    if (direction != 2 && !user->sock->addr)
        user->sock->mode_bits = HS_IFIFO | 0600;
    pthread_mutex_unlock(&pf_lock);
    return 0;
}

/* --- addresses ------------------------------------------------------------------ */

kern_return_t S_socket_fabricate_address(mach_port_t server, int type,
                                         mach_port_t *port,
                                         mach_msg_type_name_t *port_type)
{
    struct addr *addr;
    error_t err;

    if (type != HAF_LOCAL)
        return HURD_EAFNOSUPPORT;
    err = addr_make(&addr);
    if (err)
        return err;
    *port = ports_get_right(addr);
    *port_type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(addr);
    return 0;
}

kern_return_t S_socket_whatis_address(addr_object_t addr, int *type,
                                      data_t *data,
                                      mach_msg_type_number_t *size)
{
    static const char unnamed[] = {3, HAF_LOCAL, 0};

    CHECK(addr);
    *type = HAF_LOCAL;
    memcpy(*data, unnamed, sizeof unnamed);
    *size = sizeof unnamed;
    return 0;
}

kern_return_t S_socket_bind(sock_user_t user, addr_object_t addr)
{
    error_t err = 0;

    CHECK(user);
    CHECK(addr);
    pthread_mutex_lock(&pf_lock);
    if (user->sock->addr)
        err = HURD_EINVAL;
    else if (addr->sock)
        err = HURD_EADDRINUSE;
    if (!err) {
        addr->sock = user->sock;
        user->sock->addr = ref(addr);
    }
    pthread_mutex_unlock(&pf_lock);
    if (!err)
        drop_argument(&addr->pi);
    return err;
}

kern_return_t S_socket_name(sock_user_t user, mach_port_t *port,
                            mach_msg_type_name_t *type)
{
    error_t err;

    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    err = name_of(&user->sock->addr, user->sock);
    if (!err)
        *port = ports_get_right(user->sock->addr);
    pthread_mutex_unlock(&pf_lock);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return err;
}

kern_return_t S_socket_peername(sock_user_t user, mach_port_t *port,
                                mach_msg_type_name_t *type)
{
    error_t err;

    CHECK(user);
    pthread_mutex_lock(&pf_lock);
    err =
        user->sock->out ? name_of(&user->sock->peer_addr, NULL) : HURD_ENOTCONN;
    if (!err)
        *port = ports_get_right(user->sock->peer_addr);
    pthread_mutex_unlock(&pf_lock);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return err;
}

/* --- options -------------------------------------------------------------------- */

kern_return_t S_socket_getopt(sock_user_t user, int level, int option,
                              data_t *data, mach_msg_type_number_t *size)
{
    int value;

    CHECK(user);
    if (level != HSOL_SOCKET)
        return HURD_ENOPROTOOPT;
    switch (option) {
    case HSO_TYPE:
        value = user->sock->type;
        break;
    case HSO_ERROR:
        value = 0;
        break;
    case HSO_SNDBUF:
    case HSO_RCVBUF:
        value = PIPE_SIZE;
        break;
    default:
        return HURD_ENOPROTOOPT;
    }
    memcpy(*data, &value, sizeof value);
    *size = sizeof value;
    return 0;
}

/* --- messages ------------------------------------------------------------------- */

static void *copy(const void *data, size_t size)
{
    void *new = size ? malloc(size) : NULL;

    if (new)
        memcpy(new, data, size);
    return new;
}

/* Where a message goes: to ADDR if given, else to the peer. */
static error_t find_target(struct sock *sock, struct addr *addr,
                           struct pipe **pipe)
{
    if (sock->shut_out)
        return HURD_EPIPE;
    if (addr) {
        if (sock->type != HSOCK_DGRAM)
            return sock->out ? HURD_EISCONN : HURD_EOPNOTSUPP;
        if (!addr->sock)
            return HURD_ECONNREFUSED;
        if (addr->sock->type != HSOCK_DGRAM)
            return HURD_EPROTOTYPE;
        *pipe = addr->sock->in;
        return 0;
    }
    *pipe = sock->out;
    return sock->out                   ? 0
           : sock->type == HSOCK_DGRAM ? HURD_EDESTADDRREQ
                                       : HURD_ENOTCONN;
}

kern_return_t S_socket_send(sock_user_t user, addr_object_t addr, int flags,
                            const_data_t data, mach_msg_type_number_t size,
                            const_portarray_t ports,
                            mach_msg_type_number_t port_count,
                            const_data_t control,
                            mach_msg_type_number_t control_size,
                            vm_size_t *amount)
{
    struct extras extras = {0};
    struct pipe *pipe;
    size_t written = 0;
    error_t err;

    CHECK(user);
    extras.ports = copy(ports, port_count * sizeof *ports);
    extras.port_count = port_count;
    extras.control = copy(control, control_size);
    extras.control_size = control_size;
    if ((port_count && !extras.ports) || (control_size && !extras.control)) {
        free(extras.ports);
        free(extras.control);
        return HURD_ENOMEM;
    }
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock;
    err = find_target(sock, addr, &pipe);
    if (!err) {
        if (sock->type == HSOCK_DGRAM && !sock->addr)
            name_of(&sock->addr, sock);
        extras.source = sock->type == HSOCK_DGRAM ? ref(sock->addr) : NULL;
        err = pipe_write(pipe, data, size, &extras,
                         sock->modes & HO_NONBLOCK || flags & HMSG_DONTWAIT,
                         &written);
        if (extras.source)
            ports_port_deref(extras.source);
    }
    pthread_mutex_unlock(&pf_lock);
    /* What was not taken over: on an error the rights are the caller's. */
    free(extras.ports);
    free(extras.control);
    *amount = written;
    if (!err && addr)
        drop_argument(&addr->pi);
    return err;
}

static error_t give_bytes(char *from, size_t size, size_t inline_max, char **to,
                          mach_msg_type_number_t *count)
{
    if (size > inline_max) {
        vm_address_t room = 0;
        error_t err = vm_allocate(mach_task_self(), &room, size, TRUE);
        if (err)
            return err;
        *to = (char *)room;
    }
    if (size)
        memcpy(*to, from, size);
    *count = size;
    return 0;
}

kern_return_t S_socket_recv(sock_user_t user, mach_port_t *addr,
                            mach_msg_type_name_t *addr_type, int flags,
                            data_t *data, mach_msg_type_number_t *size,
                            portarray_t *ports,
                            mach_msg_type_name_t *ports_type,
                            mach_msg_type_number_t *port_count, data_t *control,
                            mach_msg_type_number_t *control_size,
                            int *out_flags, vm_size_t amount)
{
    struct extras extras = {0};
    size_t got = amount > PIPE_SIZE ? PIPE_SIZE : amount;
    char *buf;
    error_t err;

    CHECK(user);
    buf = malloc(got + 1);
    if (!buf)
        return HURD_ENOMEM;
    pthread_mutex_lock(&pf_lock);
    struct sock *sock = user->sock;
    if (sock->type != HSOCK_DGRAM && !sock->out && !sock->shut_in)
        err = HURD_ENOTCONN;
    else
        err = pipe_read(sock->in, buf, &got, &extras,
                        sock->modes & HO_NONBLOCK || flags & HMSG_DONTWAIT,
                        flags, out_flags);
    pthread_mutex_unlock(&pf_lock);
    if (!err)
        err = give_bytes(buf, got, *size, data, size);
    free(buf);
    if (err)
        return err;
    err = give_bytes(extras.control, extras.control_size, *control_size,
                     control, control_size);
    if (!err)
        err = give_bytes(
            (char *)extras.ports, extras.port_count * sizeof **ports,
            *port_count * sizeof **ports, (char **)ports, port_count);
    *port_count = extras.port_count;
    *ports_type = MACH_MSG_TYPE_MOVE_SEND;
    *addr = MACH_PORT_NULL;
    *addr_type = MACH_MSG_TYPE_COPY_SEND;
    if (extras.source) {
        *addr = ports_get_right(extras.source);
        *addr_type = MACH_MSG_TYPE_MAKE_SEND;
        ports_port_deref(extras.source);
    }
    free(extras.control);
    free(extras.ports);
    return err;
}
