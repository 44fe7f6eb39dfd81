/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hog KIND SECONDS [PATIENCE]: takes all that it can get of one thing, says how much
 * that was and with which error it ended, and holds it until SECONDS have passed: of
 * its life, or, with PATIENCE, since the end of taking, for which it has PATIENCE
 * seconds. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mach/mach.h>

#define PAGE 4096ul
#define MANY 3000000 /* nobody gets so much */

static time_t end;
static time_t hold; /* seconds, from when taking ends; 0: until `end' */

static mach_port_t new_port(void)
{
    return mach_reply_port();
}

static int hog_ports(long i)
{
    mach_port_t port;

    return mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
}

static int hog_names(long i)
{
    return mach_port_allocate_name(mach_task_self(), MACH_PORT_RIGHT_DEAD_NAME,
                                   0x10000u + 0x1003u * (unsigned)i);
}

/* Send-once rights: no queue's limit counts them. */
static int hog_messages(long i)
{
    static struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        char data[4096];
    } message;
    static mach_port_t port;

    if (!port)
        port = new_port();
    message.head = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND_ONCE, 0),
        .msgh_size = sizeof message,
        .msgh_remote_port = port,
    };
    return mach_msg(&message.head, MACH_SEND_MSG, sizeof message, 0, 0, 0, 0);
}

static int hog_notices(long i)
{
    static mach_port_t to;
    mach_port_t port = new_port(), before;

    if (!to)
        to = new_port();
    if (!port)
        return KERN_RESOURCE_SHORTAGE;
    mach_port_insert_right(mach_task_self(), port, port,
                           MACH_MSG_TYPE_MAKE_SEND);
    return mach_port_request_notification(
        mach_task_self(), port, MACH_NOTIFY_DEAD_NAME, 0, to,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &before);
}

static int hog_tasks(long i)
{
    mach_port_t task;

    return task_create(mach_task_self(), 0, &task);
}

static int hog_kernel_threads(long i)
{
    mach_port_t thread;

    return thread_create(mach_task_self(), &thread);
}

/* Ranges of one page that nothing joins. */
static int hog_ranges(long i)
{
    vm_address_t address = 0x20000000000ul + (unsigned long)i * 2 * PAGE;
    int err = vm_allocate(mach_task_self(), &address, PAGE, 0);

    if (!err)
        *(volatile char *)address = 1;
    return err;
}

/* --- what a Unix has ---------------------------------------------------------- */

static int hog_files(long i)
{
    int fd = open("/etc/passwd", O_RDONLY);

    return fd < 0 ? errno : 0;
}

static int hog_pipes(long i)
{
    int ends[2];

    return pipe(ends) ? errno : 0;
}

static void *wait_for_end(void *unused)
{
    while (time(NULL) < end)
        sleep(1);
    return NULL;
}

static int hog_threads(long i)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    return pthread_create(&thread, &attr, wait_for_end, NULL);
}

static int hog_processes(long i)
{
    static int ends[2];
    pid_t pid;

    if (i == 0 && pipe(ends))
        return errno;
    pid = fork();
    if (pid == 0) {
        /* Until the first of all is no more. */
        close(ends[1]);
        _exit(read(ends[0], &(char){0}, 1) != 0);
    }
    return pid < 0 ? errno : 0;
}

static int hog_disk(long i)
{
    static char data[65536];
    static int fd = -1;

    if (fd < 0)
        fd = open("/tmp/hog", O_WRONLY | O_CREAT, 0600);
    memset(data, 'x', sizeof data);
    return write(fd, data, sizeof data) == (ssize_t)sizeof data ? 0
           : errno                                              ? errno
                                                                : ENOSPC;
}

/* Each half of it makes two more. */
static int bomb(void)
{
    while (time(NULL) < end) {
        if (fork() < 0)
            usleep(1000);
    }
    return 0;
}

static int memory(void)
{
    /* Ended by the system, at some point. */
    for (volatile char *at;; *at = 1) {
        at = malloc(PAGE);
        if (!at)
            return ENOMEM;
    }
}

static const struct kind {
    const char *name;
    int (*take)(long i);
} kinds[] = {
    {"ports", hog_ports},         {"names", hog_names},
    {"messages", hog_messages},   {"notices", hog_notices},
    {"tasks", hog_tasks},         {"kernel-threads", hog_kernel_threads},
    {"ranges", hog_ranges},       {"files", hog_files},
    {"pipes", hog_pipes},         {"threads", hog_threads},
    {"processes", hog_processes}, {"disk", hog_disk},
};

static int hog(const struct kind *kind)
{
    long n = 0;
    int err;

    while ((err = kind->take(n)) == 0 && n < MANY && time(NULL) < end)
        n++;
    printf("%s: %ld, error %#x\n", kind->name, n, err);
    fflush(stdout);
    if (hold)
        end = time(NULL) + hold;
    while (time(NULL) < end)
        sleep(1);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    end = time(NULL) + atoi(argv[2]);
    if (argc > 3) {
        hold = atoi(argv[2]);
        end = time(NULL) + atoi(argv[3]);
    }
    signal(SIGCHLD, SIG_IGN);
    if (!strcmp(argv[1], "bomb"))
        return bomb();
    if (!strcmp(argv[1], "memory"))
        return memory();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(argv[1], kinds[i].name))
            return hog(&kinds[i]);
    return 2;
}
