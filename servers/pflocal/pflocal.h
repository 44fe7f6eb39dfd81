/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/pflocal.h: sockets between processes of one system, which
 * pipes are too.
 *
 * A socket reads from one pipe and, when connected, writes into its peer's.
 * A pipe is a queue of packets.  Whoever has a port to a socket holds a struct
 * sock_user; the socket ends with the last of them.  One lock guards all
 * structures; readers and writers sleep on their pipe's condition.
 */

#ifndef SERVERS_PFLOCAL_PFLOCAL_H
#define SERVERS_PFLOCAL_PFLOCAL_H

#include <hurd/fcntl.h>
#include <hurd/hurd_types.h>
#include <ports/ports.h>
#include <trivfs/trivfs.h>

#define PIPE_SIZE   65536 /* bytes that wait for a reader */
#define PIPE_ATOM   4096  /* writes up to this are not mixed with others */
#define BACKLOG_MAX 128

enum { HSOCK_STREAM = 1, HSOCK_DGRAM = 2, HSOCK_SEQPACKET = 5 };
enum { HAF_LOCAL = 1 };
#define HSOL_SOCKET   0xffff
#define HSO_SNDBUF    0x1001
#define HSO_RCVBUF    0x1002
#define HSO_ERROR     0x1007
#define HSO_TYPE      0x1008
#define HMSG_PEEK     0x02
#define HMSG_TRUNC    0x10
#define HMSG_CTRUNC   0x20
#define HMSG_WAITALL  0x40
#define HMSG_DONTWAIT 0x80

struct packet {
    struct packet *next;
    size_t start, size, room; /* data[start ... size - 1] is still to read */
    char *data;               /* malloced */
    mach_port_t *ports;       /* malloced; send rights */
    unsigned port_count;
    char *control; /* malloced */
    size_t control_size;
    struct addr *source; /* a reference, or null */
};

struct pipe {
    int refs;
    struct packet *first, *last;
    size_t bytes;
    boolean_t keeps_packets; /* each read takes one */
    boolean_t no_reader, no_writer;
    pthread_cond_t changed;
};

struct addr {
    struct port_info pi;
    struct sock *sock; /* who is bound here, or null */
};

struct sock {
    int refs; /* users, and the queue of those not accepted yet */
    int type;
    int modes;             /* HO_NONBLOCK and the like */
    int mode_bits;         /* as io_stat shows it */
    struct pipe *in, *out; /* references; out is null until connected */
    boolean_t shut_in, shut_out;
    struct addr *addr, *peer_addr; /* references */
    boolean_t listening;
    unsigned backlog, waiting_count;
    struct sock *waiting, *next; /* those not accepted yet */
    pthread_cond_t accepted;     /* their number changed */
    uint64_t id;
};

/* Each may have a buffer full of data. */
#define SOCKS_PER_USER 1024

struct sock_user {
    struct port_info pi;
    struct sock *sock; /* a reference */
};

typedef struct sock_user *sock_user_t;
typedef struct addr *addr_object_t;

extern pthread_mutex_t pf_lock;
extern pthread_cond_t any_change; /* for those who wait for several things */
extern struct port_bucket *pf_bucket;
extern struct port_class *sock_user_class, *addr_class;

/* --- pipe.c: the lock is held ----------------------------------------------- */

struct pipe *pipe_make(boolean_t keeps_packets);
void pipe_drop(struct pipe *pipe);
void pipe_wake(struct pipe *pipe);
boolean_t pipe_readable(const struct pipe *pipe);
boolean_t pipe_writable(const struct pipe *pipe);

/* What a message is besides its bytes.  On writing, all is taken over if the
 * call succeeds; on reading, the caller owns what he finds. */
struct extras {
    mach_port_t *ports;
    unsigned port_count;
    char *control;
    size_t control_size;
    struct addr *source;
};

/* Writes as one packet, or if PIPE does not keep packets, all bytes, sleeping
 * as needed unless NONBLOCK.  *WRITTEN is what got in.  EPIPE, EAGAIN, EINTR,
 * EMSGSIZE. */
error_t pipe_write(struct pipe *pipe, const char *data, size_t size,
                   struct extras *extras, boolean_t nonblock, size_t *written);
/* Reads at most *SIZE bytes (0 at the end). FLAGS are HMSG_... */
error_t pipe_read(struct pipe *pipe, char *data, size_t *size,
                  struct extras *extras, boolean_t nonblock, int flags,
                  int *out_flags);

/* --- sock.c ------------------------------------------------------------------ */

struct sock *sock_make(int type);
void sock_drop(struct sock *sock); /* the lock is held */
error_t sock_connect_pair(struct sock *a, struct sock *b);
/* A user of SOCK, whose reference is consumed, that counts for PAYER; the caller
 * gets a reference on it.  Or a right to it. */
error_t sock_make_user(struct sock *sock, uid_t payer,
                       struct sock_user **result);
error_t sock_give(struct sock *sock, uid_t payer, mach_port_t *port,
                  mach_msg_type_name_t *type);
void sock_shut(struct sock *sock, boolean_t in, boolean_t out);
error_t addr_make(struct addr **addr);
void sock_user_clean(void *user);
void addr_clean(void *addr);

/* For MIG. */
sock_user_t begin_using_sock(mach_port_t port);
sock_user_t begin_using_sock_payload(uint64_t payload);
void end_using_sock(sock_user_t user);
addr_object_t begin_using_addr(mach_port_t port);
addr_object_t begin_using_addr_payload(uint64_t payload);
void end_using_addr(addr_object_t addr);

#endif
