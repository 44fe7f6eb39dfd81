/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runcommand/streams.c: pipes between the command and the console. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <runcommand/streams.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The terminal is to let pass what comes, as it is. */
static void make_plain(uint32_t flags)
{
    struct termios modes;

    if (tcgetattr(STDIN_FILENO, &modes) != 0)
        return;
    if (flags & STREAMS_INPUT_PLAIN)
        cfmakeraw(&modes);
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

static bool write_all(int to, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(to, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* False at the end, or when there is nothing and FROM does not wait. */
static bool pass_some(int from, int to)
{
    static char data[65536];
    ssize_t n;

    do
        n = read(from, data, sizeof data);
    while (n < 0 && errno == EINTR);
    return n > 0 && write_all(to, data, (size_t)n);
}

/* What nobody may be reading is a process's work, that can be ended. */
static bool open_input(struct streams *s)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    s->in = ends[0];
    s->feeder = fork();
    if (s->feeder == 0) {
        close(ends[0]);
        while (pass_some(STDIN_FILENO, ends[1]))
            ;
        _exit(0);
    }
    close(ends[1]);
    return s->feeder > 0;
}

bool streams_open(struct streams *s, uint32_t flags)
{
    int ends[2];

    *s = (struct streams){.in = -1, .out = -1, .drain = -1};
    if (flags)
        make_plain(flags);
    if (flags & STREAMS_INPUT_PLAIN && !open_input(s))
        return false;
    if (flags & STREAMS_OUTPUT_PLAIN) {
        if (pipe2(ends, O_CLOEXEC) != 0)
            return false;
        s->drain = ends[0];
        s->out = ends[1];
    }
    return true;
}

void streams_use(const struct streams *s)
{
    if (s->in >= 0)
        dup2(s->in, STDIN_FILENO);
    if (s->out >= 0) {
        dup2(s->out, STDOUT_FILENO);
        dup2(s->out, STDERR_FILENO);
    }
}

void streams_pass(struct streams *s, int ended)
{
    struct pollfd polled[2] = {{.fd = ended, .events = POLLIN},
                               {.fd = s->drain, .events = POLLIN}};

    /* Ends left open here would keep others from seeing the end. */
    close(s->in);
    close(s->out);
    while (!polled[0].revents) {
        polled[1].revents = 0;
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            break;
        if (polled[1].revents && !pass_some(s->drain, STDOUT_FILENO))
            polled[1].fd = -1;
    }
    if (s->drain >= 0) {
        fcntl(s->drain, F_SETFL, O_NONBLOCK);
        while (pass_some(s->drain, STDOUT_FILENO))
            ;
        close(s->drain);
    }
    if (s->feeder > 0) {
        kill(s->feeder, SIGKILL);
        waitpid(s->feeder, NULL, 0);
    }
}
