/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/pipe.c: queues of packets. */

#include <pflocal/pflocal.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 4096

struct pipe *pipe_make(boolean_t keeps_packets)
{
    struct pipe *pipe = calloc(1, sizeof *pipe);

    if (pipe) {
        pipe->refs = 1;
        pipe->keeps_packets = keeps_packets;
        pthread_cond_init(&pipe->changed, NULL);
    }
    return pipe;
}

void pipe_wake(struct pipe *pipe)
{
    pthread_cond_broadcast(&pipe->changed);
    pthread_cond_broadcast(&any_change);
}

static void packet_free(struct packet *packet)
{
    for (unsigned i = 0; i < packet->port_count; i++)
        mach_port_drop(packet->ports[i]);
    free(packet->ports);
    free(packet->control);
    free(packet->data);
    if (packet->source)
        ports_port_deref(packet->source);
    free(packet);
}

static void take_first(struct pipe *pipe)
{
    struct packet *packet = pipe->first;

    pipe->first = packet->next;
    if (!pipe->first)
        pipe->last = NULL;
    pipe->bytes -= packet->size - packet->start;
    packet_free(packet);
}

void pipe_drop(struct pipe *pipe)
{
    if (!pipe || --pipe->refs > 0)
        return;
    while (pipe->first)
        take_first(pipe);
    free(pipe);
}

boolean_t pipe_readable(const struct pipe *pipe)
{
    return pipe->first || pipe->no_writer;
}

boolean_t pipe_writable(const struct pipe *pipe)
{
    return pipe->no_reader || pipe->bytes + PIPE_ATOM <= PIPE_SIZE;
}

/* --- writing -------------------------------------------------------------------- */

/* A new packet at the end, with the extras. */
static struct packet *append(struct pipe *pipe, size_t size,
                             struct extras *extras)
{
    struct packet *packet = calloc(1, sizeof *packet);

    if (!packet)
        return NULL;
    packet->room = size > ROOM_MIN || pipe->keeps_packets ? size : ROOM_MIN;
    packet->data = malloc(packet->room + 1);
    if (!packet->data) {
        free(packet);
        return NULL;
    }
    packet->ports = extras->ports;
    packet->port_count = extras->port_count;
    packet->control = extras->control;
    packet->control_size = extras->control_size;
    packet->source = extras->source;
    *extras = (struct extras){0};
    if (pipe->last)
        pipe->last->next = packet;
    else
        pipe->first = packet;
    pipe->last = packet;
    return packet;
}

static error_t put(struct pipe *pipe, const char *data, size_t size,
                   struct extras *extras)
{
    struct packet *last = pipe->last;
    boolean_t plain = !extras->port_count && !extras->control_size;

    if (!last || pipe->keeps_packets || !plain ||
        last->room - last->size < size)
        last = append(pipe, size, extras);
    if (!last)
        return HURD_ENOBUFS;
    memcpy(last->data + last->size, data, size);
    last->size += size;
    pipe->bytes += size;
    pipe_wake(pipe);
    return 0;
}

/* How much may go in now: small writes go whole or not at all. */
static size_t room_for(const struct pipe *pipe, size_t size)
{
    size_t room = pipe->bytes < PIPE_SIZE ? PIPE_SIZE - pipe->bytes : 0;

    if (room >= size)
        return size;
    return size <= PIPE_ATOM || pipe->keeps_packets ? 0 : room;
}

error_t pipe_write(struct pipe *pipe, const char *data, size_t size,
                   struct extras *extras, boolean_t nonblock, size_t *written)
{
    error_t err = 0;

    *written = 0;
    if (pipe->keeps_packets && size > PIPE_SIZE)
        return HURD_EMSGSIZE;
    pipe->refs++;
    do {
        size_t room;
        while (!pipe->no_reader && !(room = room_for(pipe, size - *written)) &&
               size > *written && !err) {
            if (nonblock)
                err = HURD_EAGAIN;
            else if (pthread_hurd_cond_wait_np(&pipe->changed, &pf_lock))
                err = HURD_EINTR;
        }
        if (!err && pipe->no_reader)
            err = HURD_EPIPE;
        if (!err) {
            room = room_for(pipe, size - *written);
            err = put(pipe, data + *written, room, extras);
            if (!err)
                *written += room;
        }
    } while (!err && *written < size);
    pipe_drop(pipe);
    /* What got in got in. */
    return *written > 0 ? 0 : err;
}

/* --- reading -------------------------------------------------------------------- */

static void take_extras(struct packet *packet, struct extras *extras)
{
    extras->ports = packet->ports;
    extras->port_count = packet->port_count;
    extras->control = packet->control;
    extras->control_size = packet->control_size;
    extras->source = packet->source;
    packet->ports = NULL;
    packet->control = NULL;
    packet->source = NULL;
    packet->port_count = packet->control_size = 0;
}

/* Copies what is there without waiting. */
static void take(struct pipe *pipe, char *data, size_t *size,
                 struct extras *extras, int flags, int *out_flags)
{
    size_t got = 0;

    for (struct packet *packet = pipe->first; packet;) {
        struct packet *next = packet->next;
        size_t n = packet->size - packet->start;
        /* What comes with ports starts a read of its own. */
        if (got > 0 && (packet->port_count || packet->control_size))
            break;
        if (n > *size - got) {
            n = *size - got;
            if (pipe->keeps_packets)
                *out_flags |= HMSG_TRUNC;
        }
        memcpy(data + got, packet->data + packet->start, n);
        got += n;
        if (!(flags & HMSG_PEEK)) {
            take_extras(packet, extras);
            packet->start += n;
            pipe->bytes -= n;
            if (packet->start == packet->size || pipe->keeps_packets)
                take_first(pipe);
        }
        if (pipe->keeps_packets || got == *size || extras->port_count)
            break;
        packet = next;
    }
    *size = got;
    if (!(flags & HMSG_PEEK))
        pipe_wake(pipe);
}

error_t pipe_read(struct pipe *pipe, char *data, size_t *size,
                  struct extras *extras, boolean_t nonblock, int flags,
                  int *out_flags)
{
    error_t err = 0;

    *extras = (struct extras){0};
    *out_flags = 0;
    pipe->refs++;
    while (!err && !pipe_readable(pipe)) {
        if (nonblock)
            err = HURD_EAGAIN;
        else if (pthread_hurd_cond_wait_np(&pipe->changed, &pf_lock))
            err = HURD_EINTR;
    }
    if (!err)
        take(pipe, data, size, extras, flags, out_flags);
    pipe_drop(pipe);
    return err;
}
