/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sleeper hold FILE: locks FILE for a long time.
 * sleeper LOCKED: sleeps in requests of many kinds, each in a thread of its own, and
 * is killed meanwhile.  LOCKED is a file that somebody else has locked.
 *
 * A peer's end would wake most of them: so it holds both ends of what it has. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mach/mach.h>

#define SOCKET_RECV  26015 /* socket.defs */
#define FIFO         "/tmp/sleeper.fifo"
#define NAMES_TO_TRY 200

static const char *locked;

static int *ends_of(int type)
{
    static int ends[8][2];
    static int used;
    int *pair = ends[__atomic_fetch_add(&used, 1, __ATOMIC_RELAXED)];

    if (type ? socketpair(AF_UNIX, type, 0, pair) : pipe(pair))
        perror("no ends");
    return pair;
}

static void read_stream(void)
{
    char c;

    (void)!read(ends_of(SOCK_STREAM)[0], &c, 1);
}

static void read_datagram(void)
{
    char c;

    (void)!recv(ends_of(SOCK_DGRAM)[0], &c, 1, 0);
}

static void read_pipe(void)
{
    char c;

    (void)!read(ends_of(0)[0], &c, 1);
}

static void write_until_full(void)
{
    static const char much[65536];
    int end = ends_of(0)[1];

    while (write(end, much, sizeof much) > 0)
        ;
}

static void wait_for_input(void)
{
    struct pollfd end = {.fd = ends_of(SOCK_STREAM)[0], .events = POLLIN};

    poll(&end, 1, -1);
}

static void open_fifo(void)
{
    mkfifo(FIFO, 0666);
    open(FIFO, O_RDONLY);
}

static void lock_file(void)
{
    flock(open(locked, O_RDWR), LOCK_EX);
}

static void lock_record(void)
{
    struct flock all = {.l_type = F_WRLCK};

    fcntl(open(locked, O_RDWR), F_SETLKW, &all);
}

static void *do_it(void *what)
{
    ((void (*)(void))what)();
    printf("sleeper: a request came back\n");
    fflush(stdout);
    return NULL;
}

/* A request to whom nobody wants the answer; all but a socket refuse it. */
static void ask_without_reply(mach_port_t to)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t flags_type;
        int flags[2];
        mach_msg_type_t amount_type;
        vm_size_t amount;
    } ask = {
        .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                 .msgh_size = sizeof ask,
                 .msgh_remote_port = to,
                 .msgh_id = SOCKET_RECV},
        .flags_type = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                       .msgt_size = 32,
                       .msgt_number = 1,
                       .msgt_inline = TRUE},
        .amount_type = {.msgt_name = MACH_MSG_TYPE_INTEGER_64,
                        .msgt_size = 64,
                        .msgt_number = 1,
                        .msgt_inline = TRUE},
        .amount = 1,
    };

    mach_msg(&ask.head, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof ask, 0, 0,
             1000, MACH_PORT_NULL);
}

static int hold(const char *file)
{
    int fd = open(file, O_RDWR);
    struct flock all = {.l_type = F_WRLCK};

    if (fd < 0 || flock(fd, LOCK_EX) || fcntl(fd, F_SETLK, &all))
        return 1;
    sleep(1000);
    return 0;
}

int main(int argc, char **argv)
{
    static void (*const sleeps[])(void) = {
        read_stream,    read_datagram, read_pipe, write_until_full,
        wait_for_input, open_fifo,     lock_file, lock_record};
    pthread_t thread;

    if (argc < 2)
        return 2;
    if (argc > 2)
        return hold(argv[2]);
    locked = argv[1];
    ends_of(SOCK_STREAM);
    for (mach_port_t name = 1; name < NAMES_TO_TRY; name++)
        ask_without_reply(name);
    for (size_t i = 0; i < sizeof sleeps / sizeof *sleeps; i++)
        if (pthread_create(&thread, NULL, do_it, (void *)sleeps[i]))
            return 2;
    sleep(3);
    printf("sleeper: all asleep\n");
    fflush(stdout);
    raise(SIGKILL);
    return 1;
}
