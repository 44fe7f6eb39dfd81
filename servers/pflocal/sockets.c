/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/sockets.c: the socket_ calls.
 *
 * Named sockets (bind, listen, accept, connect) are not offered.
 */

#include <pflocal/pflocal.h>
#include <pflocal/socket_S.h>
#include <stdlib.h>
#include <string.h>

#define SOCK_STREAM_WIRE 1
#define MSG_PEEK_WIRE     2
#define MSG_DONTWAIT_WIRE 0x80

kern_return_t pf_S_socket_create(trivfs_protid_t cred, int type, int protocol,
                                 mach_port_t *port,
                                 mach_msg_type_name_t *port_type)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (protocol)
        return HURD_EPROTONOSUPPORT;
    if (type != SOCK_STREAM_WIRE)
        return HURD_ESOCKTNOSUPPORT;
    pthread_mutex_lock(&pflocal_lock);
    struct socket *socket = socket_make();
    error_t err = HURD_ENOMEM;
    if (socket) {
        socket->uid = cred->user->uids->num ? cred->user->uids->ids[0] : ~0u;
        socket->gid = cred->user->gids->num ? cred->user->gids->ids[0] : ~0u;
        err = sock_user_create(socket, HO_READ | HO_WRITE, port);
    }
    pthread_mutex_unlock(&pflocal_lock);
    *port_type = MACH_MSG_TYPE_MAKE_SEND;
    return err;
}

kern_return_t pf_S_socket_connect2(sock_user_t a, sock_user_t b)
{
    if (!a || !b)
        return HURD_EOPNOTSUPP;
    if (a->socket == b->socket)
        return HURD_EINVAL;
    pthread_mutex_lock(&pflocal_lock);
    error_t err = socket_join(a->socket, b->socket);
    pthread_mutex_unlock(&pflocal_lock);
    return err;
}

/* How: 0 no more reading, 1 no more writing, 2 neither. */
kern_return_t pf_S_socket_shutdown(sock_user_t user, int how)
{
    if (!user)
        return HURD_EOPNOTSUPP;
    if (how < 0 || how > 2)
        return HURD_EINVAL;
    pthread_mutex_lock(&pflocal_lock);
    error_t err =
        user->socket->in || user->socket->out ? 0 : HURD_ENOTCONN;
    socket_shut(user->socket, how != 1, how != 0);
    pthread_mutex_unlock(&pflocal_lock);
    return err;
}

kern_return_t pf_S_socket_send(sock_user_t user, mach_port_t addr, int flags,
                               const_data_t data,
                               mach_msg_type_number_t length,
                               const_portarray_t ports,
                               mach_msg_type_number_t port_count,
                               const_data_t control,
                               mach_msg_type_number_t control_length,
                               vm_size_t *amount)
{
    size_t done = 0;

    if (!user || port_count || control_length)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&pflocal_lock);
    error_t err =
        user->socket->out
            ? pipe_write(user->socket->out, data, length,
                         flags & MSG_DONTWAIT_WIRE ||
                             user->openmodes & HO_NONBLOCK,
                         &done)
            : HURD_EPIPE;
    pthread_mutex_unlock(&pflocal_lock);
    *amount = done;
    if (!err)
        mach_port_drop(addr);
    return err;
}

kern_return_t pf_S_socket_recv(
    sock_user_t user, mach_port_t *addr, mach_msg_type_name_t *addr_type,
    int flags, data_t *data, mach_msg_type_number_t *length, portarray_t *ports,
    mach_msg_type_name_t *ports_type, mach_msg_type_number_t *port_count,
    data_t *control, mach_msg_type_number_t *control_length, int *outflags,
    vm_size_t amount)
{
    size_t done = 0;

    if (!user)
        return HURD_EOPNOTSUPP;
    if (amount > *length)
        amount = *length; /* a stream may give less */
    pthread_mutex_lock(&pflocal_lock);
    error_t err = user->socket->in
                      ? pipe_read(user->socket->in, *data, amount,
                                  flags & MSG_DONTWAIT_WIRE ||
                                      user->openmodes & HO_NONBLOCK,
                                  flags & MSG_PEEK_WIRE, &done)
                      : 0;
    pthread_mutex_unlock(&pflocal_lock);
    *length = done;
    *port_count = *control_length = 0;
    *addr = MACH_PORT_NULL;
    *addr_type = *ports_type = MACH_MSG_TYPE_COPY_SEND;
    *outflags = 0;
    return err;
}
