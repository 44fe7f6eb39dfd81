/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/sock.c: sockets and addresses come and go. */

#include <pflocal/pflocal.h>
#include <stdlib.h>

sock_user_t begin_using_sock(mach_port_t port)
{
    return ports_lookup_port(pf_bucket, port, sock_user_class);
}

sock_user_t begin_using_sock_payload(uint64_t payload)
{
    return begin_using_sock(ports_payload_get_name(payload));
}

void end_using_sock(sock_user_t user)
{
    if (user)
        ports_port_deref(user);
}

addr_object_t begin_using_addr(mach_port_t port)
{
    return ports_lookup_port(pf_bucket, port, addr_class);
}

addr_object_t begin_using_addr_payload(uint64_t payload)
{
    return begin_using_addr(ports_payload_get_name(payload));
}

void end_using_addr(addr_object_t addr)
{
    if (addr)
        ports_port_deref(addr);
}

struct sock *sock_make(int type)
{
    static uint64_t last_id;
    struct sock *sock = calloc(1, sizeof *sock);

    if (!sock)
        return NULL;
    sock->in = pipe_make(type != HSOCK_STREAM);
    if (!sock->in) {
        free(sock);
        return NULL;
    }
    sock->refs = 1;
    sock->type = type;
    sock->mode_bits = HS_IFSOCK | 0666;
    sock->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    pthread_cond_init(&sock->accepted, NULL);
    return sock;
}

void sock_shut(struct sock *sock, boolean_t in, boolean_t out)
{
    if (in && !sock->shut_in) {
        sock->shut_in = TRUE;
        sock->in->no_reader = TRUE;
        sock->in->no_writer = TRUE; /* own reads end */
        pipe_wake(sock->in);
    }
    if (out && !sock->shut_out) {
        sock->shut_out = TRUE;
        if (sock->out && sock->type != HSOCK_DGRAM) {
            sock->out->no_writer = TRUE;
            pipe_wake(sock->out);
        }
    }
}

void sock_drop(struct sock *sock)
{
    struct sock *waiting;

    if (--sock->refs > 0)
        return;
    sock_shut(sock, TRUE, TRUE);
    pipe_drop(sock->in);
    pipe_drop(sock->out);
    while ((waiting = sock->waiting)) {
        sock->waiting = waiting->next;
        sock_drop(waiting);
    }
    if (sock->addr) {
        sock->addr->sock = NULL;
        ports_port_deref(sock->addr);
    }
    if (sock->peer_addr)
        ports_port_deref(sock->peer_addr);
    free(sock);
}

/* Each writes where the other reads. */
error_t sock_connect_pair(struct sock *a, struct sock *b)
{
    if (a->type != b->type)
        return HURD_EPROTOTYPE;
    if (a->out || b->out)
        return HURD_EISCONN;
    a->out = b->in;
    b->in->refs++;
    b->out = a->in;
    a->in->refs++;
    return 0;
}

error_t sock_make_user(struct sock *sock, uid_t payer,
                       struct sock_user **result)
{
    struct sock_user *user;
    error_t err =
        ports_create_port(sock_user_class, pf_bucket, sizeof *user, &user);

    if (!err && (err = ports_charge(user, payer)))
        ports_port_deref(user);
    if (err) {
        pthread_mutex_lock(&pf_lock);
        sock_drop(sock);
        pthread_mutex_unlock(&pf_lock);
        return err;
    }
    user->sock = sock;
    *result = user;
    return 0;
}

error_t sock_give(struct sock *sock, uid_t payer, mach_port_t *port,
                  mach_msg_type_name_t *type)
{
    struct sock_user *user;
    error_t err = sock_make_user(sock, payer, &user);

    if (err)
        return err;
    *port = ports_get_right(user);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(user);
    return 0;
}

void sock_user_clean(void *object)
{
    struct sock_user *user = object;

    pthread_mutex_lock(&pf_lock);
    if (user->sock)
        sock_drop(user->sock);
    pthread_mutex_unlock(&pf_lock);
}

error_t addr_make(struct addr **addr)
{
    return ports_create_port(addr_class, pf_bucket, sizeof **addr, addr);
}

void addr_clean(void *object)
{
}
