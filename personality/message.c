/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/message.c: data through connected sockets. */
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/rpc.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include "hurd/errors.h"
#include "hurd/socket.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define HURD_SOL_SOCKET 0xffff
#define MESSAGE_MAX     0x100000ul

static const struct {
    int linux_flag, hurd_flag;
} flags[] = {{MSG_OOB, 1},        {MSG_PEEK, 2},        {MSG_DONTROUTE, 4},
             {MSG_EOR, 8},        {MSG_TRUNC, 0x10},    {MSG_CTRUNC, 0x20},
             {MSG_WAITALL, 0x40}, {MSG_DONTWAIT, 0x80}, {MSG_NOSIGNAL, 0x400}};

/* Options of SOL_SOCKET that both know; these are of type int. */
static const struct {
    int linux_option, hurd_option;
} options[] = {{SO_REUSEADDR, 4},
               {SO_SNDBUF, 0x1001},
               {SO_RCVBUF, 0x1002},
               {SO_ERROR, 0x1007},
               {SO_TYPE, 0x1008}};

static int flags_to_hurd(int linux_flags)
{
    int result = 0;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (linux_flags & flags[i].linux_flag)
            result |= flags[i].hurd_flag;
    }
    return result;
}

static int flags_to_linux(int hurd_flags)
{
    int result = 0;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (hurd_flags & flags[i].hurd_flag)
            result |= flags[i].linux_flag;
    }
    return result;
}

/* What a file that is no socket says. */
static long socket_error(kern_return_t kr)
{
    return kr == MIG_BAD_ID || kr == HURD_EOPNOTSUPP ? -ENOTSOCK
                                                     : linux_error(kr);
}

/* --- sending ------------------------------------------------------------- */

static long message_send(int fd, const char *data, uint64_t size, int how)
{
    struct file *file = fd_get(fd);
    vm_size_t amount = 0;

    if (!file)
        return -EBADF;
    if (size > MESSAGE_MAX)
        size = MESSAGE_MAX;
    kern_return_t kr = INTERRUPTIBLE(
        socket_send(file->port, MACH_PORT_NULL, flags_to_hurd(how), data,
                    (mach_msg_type_number_t)size, NULL, MACH_MSG_TYPE_COPY_SEND,
                    0, NULL, 0, &amount));
    file_put(file);
    if (kr == HURD_EPIPE && !(how & MSG_NOSIGNAL))
        signal_self(SIGPIPE);
    return kr ? socket_error(kr) : (long)amount;
}

long sys_sendto(struct frame *frame)
{
    /* Addresses of local sockets are not to be had by name. */
    if (ARG5(frame))
        return -EISCONN;
    return message_send((int)ARG1(frame), (const char *)ARG2(frame),
                        ARG3(frame), (int)ARG4(frame));
}

static uint64_t vector_total(const struct msghdr *message)
{
    uint64_t size = 0;

    for (size_t i = 0; i < message->msg_iovlen; i++)
        size += message->msg_iov[i].iov_len;
    return size;
}

long sys_sendmsg(struct frame *frame)
{
    const struct msghdr *message = (const struct msghdr *)ARG2(frame);
    uint64_t size = vector_total(message);

    if (message->msg_name || message->msg_controllen)
        return -EOPNOTSUPP;
    if (size > MESSAGE_MAX)
        return -EMSGSIZE;
    char *data = pages_allocate(size + 1), *to = data;
    if (!data)
        return -ENOMEM;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        memcpy(to, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
        to += message->msg_iov[i].iov_len;
    }
    long result = message_send((int)ARG1(frame), data, size, (int)ARG3(frame));
    pages_free(data, size + 1);
    return result;
}

/* --- receiving ----------------------------------------------------------- */

/* What came, in DATA: pages to free if that is not what it was.  Rights that
 * came along are dropped: nothing here can hold them. */
static long message_receive(int fd, char **data, uint64_t *size, int how,
                            int *out_flags)
{
    struct file *file = fd_get(fd);
    mach_port_t address = MACH_PORT_NULL, room[8], *ports = room;
    mach_msg_type_number_t count = (mach_msg_type_number_t)*size;
    mach_msg_type_number_t port_count = 8, control_size = 256;
    char control_room[256], *control = control_room;

    if (!file)
        return -EBADF;
    kern_return_t kr = INTERRUPTIBLE(socket_recv(
        file->port, &address, flags_to_hurd(how), data, &count, &ports,
        &port_count, &control, &control_size, out_flags, *size));
    file_put(file);
    if (kr)
        return socket_error(kr);
    port_deallocate(address);
    for (unsigned i = 0; i < port_count; i++)
        port_deallocate(ports[i]);
    if (ports != room)
        pages_free(ports, port_count * sizeof *ports);
    if (control != control_room)
        pages_free(control, control_size);
    *size = count;
    *out_flags = flags_to_linux(*out_flags) | (port_count ? MSG_CTRUNC : 0);
    return 0;
}

long sys_recvfrom(struct frame *frame)
{
    char *to = (char *)ARG2(frame), *data = to;
    uint64_t size = ARG3(frame) > MESSAGE_MAX ? MESSAGE_MAX : ARG3(frame);
    uint64_t room = size;
    int out_flags = 0;
    long error = message_receive((int)ARG1(frame), &data, &size,
                                 (int)ARG4(frame), &out_flags);

    if (error)
        return error;
    if (data != to) {
        memcpy(to, data, size < room ? size : room);
        pages_free(data, size);
    }
    if (ARG5(frame) && ARG6(frame))
        *(socklen_t *)ARG6(frame) = 0;
    return (long)(size < room ? size : room);
}

static void vector_fill(const struct msghdr *message, const char *data,
                        uint64_t size)
{
    for (size_t i = 0; size && i < message->msg_iovlen; i++) {
        uint64_t n = message->msg_iov[i].iov_len;
        if (n > size)
            n = size;
        memcpy(message->msg_iov[i].iov_base, data, n);
        data += n;
        size -= n;
    }
}

long sys_recvmsg(struct frame *frame)
{
    struct msghdr *message = (struct msghdr *)ARG2(frame);
    uint64_t size = vector_total(message), room = size;
    int out_flags = 0;

    if (size > MESSAGE_MAX)
        room = size = MESSAGE_MAX;
    char *buffer = pages_allocate(room + 1), *data = buffer;
    if (!buffer)
        return -ENOMEM;
    long error = message_receive((int)ARG1(frame), &data, &size,
                                 (int)ARG3(frame), &out_flags);
    if (!error) {
        vector_fill(message, data, size);
        message->msg_namelen = 0;
        message->msg_controllen = 0;
        message->msg_flags = out_flags;
        if (data != buffer)
            pages_free(data, size);
    }
    pages_free(buffer, room + 1);
    return error ? error : (long)size;
}

/* --- options and names --------------------------------------------------- */

static int option_to_hurd(int level, int option)
{
    if (level == SOL_SOCKET) {
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            if (options[i].linux_option == option)
                return options[i].hurd_option;
        }
    }
    return 0;
}

long sys_getsockopt(struct frame *frame)
{
    int option = option_to_hurd((int)ARG2(frame), (int)ARG3(frame));
    socklen_t *length = (socklen_t *)ARG5(frame);
    struct file *file = fd_get((int)ARG1(frame));
    int value = 0;
    char *data = (char *)&value;
    mach_msg_type_number_t count = sizeof value;

    if (!file)
        return -EBADF;
    kern_return_t kr = option ? socket_getopt(file->port, HURD_SOL_SOCKET,
                                              option, &data, &count)
                              : HURD_ENOPROTOOPT;
    file_put(file);
    if (kr)
        return socket_error(kr);
    if (data != (char *)&value) {
        memcpy(&value, data, sizeof value);
        pages_free(data, count);
    }
    /* An error is reported in this system's numbers. */
    if (ARG3(frame) == SO_ERROR && value)
        value = (int)-linux_error(value);
    if (*length > sizeof value)
        *length = sizeof value;
    memcpy((void *)ARG4(frame), &value, *length);
    return 0;
}

long sys_setsockopt(struct frame *frame)
{
    int option = option_to_hurd((int)ARG2(frame), (int)ARG3(frame));
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    kern_return_t kr =
        !option ? HURD_ENOPROTOOPT
        : ARG5(frame) < sizeof(int)
            ? HURD_EINVAL
            : socket_setopt(file->port, HURD_SOL_SOCKET, option,
                            (const char *)ARG4(frame), sizeof(int));
    file_put(file);
    return socket_error(kr);
}

/* Sockets of a pair have no name. */
static long socket_unnamed(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));
    sa_family_t family = AF_UNIX;
    socklen_t *length = (socklen_t *)ARG3(frame);
    mach_port_t address;

    if (!file)
        return -EBADF;
    kern_return_t kr = frame->number == SYS_getpeername
                           ? socket_peername(file->port, &address)
                           : socket_name(file->port, &address);
    file_put(file);
    if (kr)
        return socket_error(kr);
    port_deallocate(address);
    memcpy((void *)ARG2(frame), &family,
           *length < sizeof family ? *length : sizeof family);
    *length = sizeof family;
    return 0;
}

long sys_getsockname(struct frame *frame)
{
    return socket_unnamed(frame);
}

long sys_getpeername(struct frame *frame)
{
    return socket_unnamed(frame);
}

/* Of all families there is the local one, and of that only pairs. */
long sys_socket(struct frame *frame)
{
    return ARG1(frame) == AF_UNIX ? -EPROTONOSUPPORT : -EAFNOSUPPORT;
}
