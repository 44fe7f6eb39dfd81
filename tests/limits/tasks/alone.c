/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alone SERVER COUNT SECONDS [plain]: has SERVER come to so many rendezvous to which
 * this task never comes itself, waits so long, and ends.  By turns the rendezvous
 * port is this task's, one of the server's own, and one whose receive right is in
 * the queue of a port whose receive right is in the queue of the first; with
 * `plain' always this task's.
 *
 * `user' and `server' are no servers but the two sides at auth; of these it says how
 * many were refused, how many waited in vain, and how long the first of them did. */

#include <hurd/auth_request.h>
#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *server;
static mach_port_t target, answers;
static boolean_t plain;
static const mach_msg_type_name_t once = MACH_MSG_TYPE_MAKE_SEND_ONCE;

static mach_port_t new_port(void)
{
    mach_port_t port = mach_reply_port();

    mach_port_insert_right(mach_task_self(), port, port,
                           MACH_MSG_TYPE_MAKE_SEND);
    return port;
}

/* Puts RIGHT, a receive right, into the queue of TO. */
static void put_away(mach_port_t right, mach_port_t to)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        uint64_t port;
    } msg = {
        .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) |
                              MACH_MSGH_BITS_COMPLEX,
                 .msgh_size = sizeof msg,
                 .msgh_remote_port = to},
        .type = {.msgt_name = MACH_MSG_TYPE_MOVE_RECEIVE,
                 .msgt_size = 64,
                 .msgt_number = 1,
                 .msgt_inline = TRUE},
        .port = right,
    };

    mach_msg(&msg.head, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof msg, 0,
             MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static mach_port_t choose_rendezvous(long i)
{
    mach_port_t one = new_port(), other;

    if (!plain && i % 3 == 1)
        return target;
    if (!plain && i % 3 == 2) {
        other = new_port();
        put_away(other, one);
        put_away(one, other);
    }
    return one;
}

static error_t find_target(void)
{
    mach_port_t node;
    error_t err;

    if (!strcmp(server, "proc")) {
        target = getproc();
    } else if (!strcmp(server, "user") || !strcmp(server, "server")) {
        target = getauth();
    } else if (!strcmp(server, "pflocal")) {
        err = hurd_lookup("/servers/socket/1", 0, 0, &node);
        return err ? err : socket_create(node, 1, 0, &target);
    } else {
        return hurd_lookup(strcmp(server, "term") ? "/etc/passwd"
                                                  : "/dev/console",
                           0, 0, &target);
    }
    return 0;
}

static error_t call(mach_port_t rendezvous)
{
    if (!strcmp(server, "proc"))
        return proc_reauthenticate(target, rendezvous, MACH_MSG_TYPE_COPY_SEND);
    if (!strcmp(server, "user"))
        return auth_user_authenticate_request(target, answers, once, rendezvous,
                                              MACH_MSG_TYPE_COPY_SEND);
    if (!strcmp(server, "server"))
        return auth_server_authenticate_request(
            target, answers, once, rendezvous, MACH_MSG_TYPE_COPY_SEND, target,
            MACH_MSG_TYPE_COPY_SEND);
    return io_reauthenticate(target, rendezvous, MACH_MSG_TYPE_COPY_SEND);
}

static long seconds(void)
{
    time_value_t now;

    host_get_time(mach_host_self(), &now);
    return now.seconds;
}

/* Counts auth's answers until END. */
static void hear_answers(long end)
{
    struct {
        mig_reply_header_t reply;
        char room[4096];
    } msg;
    long start = seconds(), refused = 0, late = 0, first = 0, left;

    while ((left = end - seconds()) > 0) {
        if (mach_msg(&msg.reply.Head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                     sizeof msg, answers, (unsigned)left * 1000,
                     MACH_PORT_NULL))
            continue;
        refused += msg.reply.RetCode == HURD_EAGAIN;
        if (msg.reply.RetCode == HURD_ETIMEDOUT && late++ == 0)
            first = seconds() - start;
        mach_msg_destroy(&msg.reply.Head);
    }
    printf("alone: %s: %ld refused, %ld late, first after %ld s\n", server,
           refused, late, first);
}

int main(int argc, char **argv)
{
    long made = 0;
    error_t err;

    if (argc < 4)
        return 2;
    server = argv[1];
    plain = argc > 4;
    answers = mach_reply_port();
    mach_port_set_qlimit(mach_task_self(), answers, 1000);
    if ((err = find_target())) {
        printf("alone: %s\n", mach_error_string(err));
        return 1;
    }
    /* So that others like this one are there, too, before all is taken. */
    thread_switch(MACH_PORT_NULL, 2, 3000);
    for (long i = 0; i < atol(argv[2]); i++)
        made += !call(choose_rendezvous(i));
    printf("alone: %ld calls to %s\n", made, server);
    fflush(stdout);
    if (!strcmp(server, "user") || !strcmp(server, "server"))
        hear_answers(seconds() + atol(argv[3]));
    else
        thread_switch(MACH_PORT_NULL, 2, (unsigned)atoi(argv[3]) * 1000);
    return 0;
}
