/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pflocal/pflocal.h>
#include <stdlib.h>
#include <string.h>

pthread_mutex_t pflocal_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t serials;

static struct pipe *pipe_make(void)
{
    struct pipe *pipe = calloc(1, sizeof *pipe);

    if (pipe)
        pthread_cond_init(&pipe->changed, NULL);
    return pipe;
}

static void pipe_drop(struct pipe *pipe)
{
    pthread_cond_broadcast(&pipe->changed);
    if (pipe->readers || pipe->writers)
        return;
    pthread_cond_destroy(&pipe->changed);
    free(pipe);
}

static size_t pipe_get(struct pipe *pipe, char *data, size_t size,
                       boolean_t peek)
{
    size_t n = size < pipe->count ? size : pipe->count;
    size_t first = PIPE_SIZE - pipe->head < n ? PIPE_SIZE - pipe->head : n;

    memcpy(data, pipe->data + pipe->head, first);
    memcpy(data + first, pipe->data, n - first);
    if (!peek) {
        pipe->head = (pipe->head + n) % PIPE_SIZE;
        pipe->count -= n;
    }
    return n;
}

static void pipe_put(struct pipe *pipe, const char *data, size_t size)
{
    unsigned tail = (pipe->head + pipe->count) % PIPE_SIZE;
    size_t first = PIPE_SIZE - tail < size ? PIPE_SIZE - tail : size;

    memcpy(pipe->data + tail, data, first);
    memcpy(pipe->data, data + first, size - first);
    pipe->count += size;
}

error_t pipe_read(struct pipe *pipe, char *data, size_t size, boolean_t nonblock,
                  boolean_t peek, size_t *amount)
{
    *amount = 0;
    while (!pipe->count && pipe->writers && size) {
        if (nonblock)
            return HURD_EAGAIN;
        if (pthread_hurd_cond_wait_np(&pipe->changed, &pflocal_lock))
            return HURD_EINTR;
    }
    *amount = pipe_get(pipe, data, size, peek);
    if (*amount && !peek)
        pthread_cond_broadcast(&pipe->changed);
    return 0;
}

error_t pipe_write(struct pipe *pipe, const char *data, size_t size,
                   boolean_t nonblock, size_t *amount)
{
    *amount = 0;
    while (*amount < size) {
        size_t left = size - *amount, room = PIPE_SIZE - pipe->count;
        if (!pipe->readers)
            return *amount ? 0 : HURD_EPIPE;
        /* A small write goes in as a whole or waits. */
        if (room && (size > PIPE_ATOMIC || room >= left)) {
            size_t n = left < room ? left : room;
            pipe_put(pipe, data + *amount, n);
            *amount += n;
            pthread_cond_broadcast(&pipe->changed);
            continue;
        }
        if (nonblock)
            return *amount ? 0 : HURD_EAGAIN;
        if (pthread_hurd_cond_wait_np(&pipe->changed, &pflocal_lock))
            return *amount ? 0 : HURD_EINTR;
    }
    return 0;
}

/* --- sockets ---------------------------------------------------------------- */

struct socket *socket_make(void)
{
    struct socket *socket = calloc(1, sizeof *socket);

    if (!socket)
        return NULL;
    socket->refs = 1;
    socket->serial = ++serials;
    clock_gettime(CLOCK_REALTIME, &socket->made);
    return socket;
}

error_t socket_join(struct socket *a, struct socket *b)
{
    if (a->in || a->out || b->in || b->out)
        return HURD_EISCONN;
    a->in = b->out = pipe_make();
    a->out = b->in = pipe_make();
    if (!a->in || !a->out) {
        free(a->in);
        free(a->out);
        a->in = a->out = b->in = b->out = NULL;
        return HURD_ENOMEM;
    }
    a->in->readers = a->in->writers = 1;
    a->out->readers = a->out->writers = 1;
    return 0;
}

void socket_shut(struct socket *socket, boolean_t in, boolean_t out)
{
    struct pipe *pipe = socket->in;

    if (in && pipe) {
        socket->in = NULL;
        pipe->readers--;
        pipe_drop(pipe);
    }
    pipe = socket->out;
    if (out && pipe) {
        socket->out = NULL;
        pipe->writers--;
        pipe_drop(pipe);
    }
}

void socket_release(struct socket *socket)
{
    if (--socket->refs)
        return;
    socket_shut(socket, TRUE, TRUE);
    mach_port_destroy_receive(socket->id);
    free(socket);
}
