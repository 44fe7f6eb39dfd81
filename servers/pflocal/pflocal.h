/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/pflocal.h: sockets of the local family: pipes and pairs.
 *
 * A pipe is one direction: a ring of bytes between those who write it and those
 * who read it.  A socket has one to read and one to write, either of which may
 * be missing.  One lock guards everything; condition variables belong to pipes.
 */

#ifndef PFLOCAL_PFLOCAL_H
#define PFLOCAL_PFLOCAL_H

#include <hurd/hurd_types.h>
#include <ports/ports.h>
#include <pthread.h>

#define PIPE_SIZE   65536u
#define PIPE_ATOMIC 4096u /* what a write does not mix with others' */

struct pipe {
    unsigned readers, writers; /* sockets; freed with the last */
    unsigned head, count;
    pthread_cond_t changed;
    char data[PIPE_SIZE];
};

struct socket {
    unsigned refs; /* users */
    struct pipe *in, *out;
    struct timespec made;
    uint64_t serial; /* stands for an inode number */
    mach_port_t id;  /* receive right, made when asked for; or null */
    uid_t uid;
    gid_t gid;
};

/* A right to a socket: what a descriptor is. */
struct sock_user {
    struct port_info pi;
    struct socket *socket; /* a reference */
    int openmodes;         /* HO_NONBLOCK and the like */
};
typedef struct sock_user *sock_user_t;

extern pthread_mutex_t pflocal_lock;
extern struct port_bucket *pflocal_bucket;
extern struct port_class *sock_user_class;

sock_user_t sock_user_begin(mach_port_t port);
sock_user_t sock_user_begin_payload(uint64_t payload);
void sock_user_end(sock_user_t user);

/* A new right to SOCKET, whose reference is consumed.  The answer of a call:
 * *PORT is to be made a send right. */
error_t sock_user_create(struct socket *socket, int openmodes,
                         mach_port_t *port);
/* With the lock held. */
struct socket *socket_make(void);
error_t socket_join(struct socket *a, struct socket *b);
void socket_release(struct socket *socket);
void socket_shut(struct socket *socket, boolean_t in, boolean_t out);

/* Take and put with the lock held; they wait, but not if NONBLOCK.  EINTR if
 * the call is interrupted; EPIPE if nobody reads. */
error_t pipe_read(struct pipe *pipe, char *data, size_t size, boolean_t nonblock,
                  boolean_t peek, size_t *amount);
error_t pipe_write(struct pipe *pipe, const char *data, size_t size,
                   boolean_t nonblock, size_t *amount);

#endif
