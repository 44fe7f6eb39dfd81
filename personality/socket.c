/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/socket.c: pipes and socket pairs, which are the local sockets'
 * server's. */
#include "personality/convert.h"
#include "personality/fd.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/io.h"
#include "hurd/socket.h"

#include <fcntl.h>
#include <sys/socket.h>

#define LOCAL_SERVER "/servers/socket/1"
#define HURD_STREAM  1
#define HURD_DGRAM   2

/* Asked for once; a forked child asks again. */
static mach_port_t local_server; /* send right */

void socket_forked(void)
{
    local_server = MACH_PORT_NULL;
}

mach_port_t socket_port(void)
{
    return local_server;
}

/* Looks for the server in place of FORMER, unless another thread has.  FORMER
 * is never dropped, for others may be using its name. */
static kern_return_t local_find(mach_port_t former)
{
    mach_port_t port;
    kern_return_t kr;

    /* The server may have to be started first; a signal does not end that, as
     * making a pipe is no call that waits. */
    do
        kr = lookup(AT_FDCWD, LOCAL_SERVER, 0, 0, &port);
    while (kr == HURD_EINTR);
    if (kr)
        return kr == HURD_ENOENT ? HURD_EAFNOSUPPORT : kr;
    if (!__atomic_compare_exchange_n(&local_server, &former, port, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        port_deallocate(port);
    return 0;
}

static kern_return_t local_create(int type, mach_port_t *socket)
{
    mach_port_t server = local_server;
    kern_return_t kr = server ? 0 : local_find(server);

    if (!kr)
        kr = socket_create(local_server, type, 0, socket);
    if (kr == MACH_SEND_INVALID_DEST || kr == MIG_SERVER_DIED) {
        kr = local_find(server ? server : local_server);
        if (!kr)
            kr = socket_create(local_server, type, 0, socket);
    }
    return kr;
}

/* Two sockets that are each other's peers. */
static kern_return_t pair_make(int type, mach_port_t ends[2])
{
    kern_return_t kr = local_create(type, &ends[0]);

    if (kr)
        return kr;
    kr = local_create(type, &ends[1]);
    if (kr) {
        port_deallocate(ends[0]);
        return kr;
    }
    kr = socket_connect2(ends[0], ends[1]);
    if (kr) {
        port_deallocate(ends[0]);
        port_deallocate(ends[1]);
    }
    return kr;
}

static long pair_install(mach_port_t ends[2], const int flags[2], int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (flags[i] & O_NONBLOCK)
            io_set_some_openmodes(ends[i], status_flags_to_hurd(O_NONBLOCK));
    }
    long first = fd_open(ends[0], flags[0]);
    if (first < 0) {
        port_deallocate(ends[1]);
        return first;
    }
    long second = fd_open(ends[1], flags[1]);
    if (second < 0) {
        fd_close((int)first);
        return second;
    }
    fds[0] = (int)first;
    fds[1] = (int)second;
    return 0;
}

static long pipe_call(int fds[2], int flags)
{
    mach_port_t ends[2];
    int end_flags[2] = {flags | O_RDONLY, flags | O_WRONLY};
    kern_return_t kr;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    kr = pair_make(HURD_STREAM, ends);
    if (kr)
        return linux_error(kr);
    /* One end only reads, the other only writes. */
    socket_shutdown(ends[0], SHUT_WR);
    socket_shutdown(ends[1], SHUT_RD);
    return pair_install(ends, end_flags, fds);
}

long sys_pipe(struct frame *frame)
{
    return pipe_call((int *)ARG1(frame), 0);
}

long sys_pipe2(struct frame *frame)
{
    return pipe_call((int *)ARG1(frame), (int)ARG2(frame));
}

long sys_socketpair(struct frame *frame)
{
    int type = (int)ARG2(frame) & 0xf, bits = (int)ARG2(frame) & ~0xf;
    int flags = O_RDWR | (bits & SOCK_NONBLOCK ? O_NONBLOCK : 0) |
                (bits & SOCK_CLOEXEC ? O_CLOEXEC : 0);
    int end_flags[2] = {flags, flags};
    mach_port_t ends[2];

    if (ARG1(frame) != AF_UNIX)
        return -EAFNOSUPPORT;
    if (bits & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    if (ARG3(frame) && ARG3(frame) != PF_UNIX)
        return -EPROTONOSUPPORT;
    kern_return_t kr = pair_make(type, ends);
    return kr ? linux_error(kr)
              : pair_install(ends, end_flags, (int *)ARG4(frame));
}

long sys_shutdown(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    kern_return_t kr = ARG2(frame) > SHUT_RDWR
                           ? HURD_EINVAL
                           : socket_shutdown(file->port, (int)ARG2(frame));
    file_put(file);
    return kr == MIG_BAD_ID || kr == HURD_EOPNOTSUPP ? -ENOTSOCK
                                                     : linux_error(kr);
}
