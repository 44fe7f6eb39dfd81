/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the next call sees of a close, or of the end of who had it open. */
#include "same.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ROUNDS 40

static int ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

/* Each in many rounds: one that is right most of the time is wrong. */
static void pipes(void)
{
    int ends[2], wrong = 0, unread = 0, polls = 0;
    char c;

    for (int i = 0; i < ROUNDS; i++) {
        pipe(ends);
        close(ends[0]);
        wrong += write(ends[1], "x", 1) != -1 || errno != EPIPE;
        polls += ready(ends[1], POLLOUT) != (POLLOUT | POLLERR);
        close(ends[1]);
        pipe2(ends, O_NONBLOCK);
        close(ends[1]);
        unread += read(ends[0], &c, 1) != 0;
        close(ends[0]);
    }
    TELL("pipes: %d %d %d", wrong, unread, polls);
}

static void pairs(void)
{
    int ends[2], wrong = 0, unread = 0, sent = 0;
    char c;

    for (int i = 0; i < ROUNDS; i++) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        close(ends[0]);
        wrong += write(ends[1], "x", 1) != -1 || errno != EPIPE;
        sent += send(ends[1], "x", 1, MSG_NOSIGNAL) != -1 || errno != EPIPE;
        unread += recv(ends[1], &c, 1, MSG_DONTWAIT) != 0;
        close(ends[1]);
    }
    TELL("pairs: %d %d %d", wrong, sent, unread);
}

/* The last who had it open is a child that has been waited for. */
static void children(int sig)
{
    int ends[2], wrong = 0, unread = 0;
    pid_t child;
    char c;

    for (int i = 0; i < ROUNDS; i++) {
        pipe(ends);
        IN_CHILD(child)
        if (sig)
            pause();
        close(ends[0]);
        if (sig)
            kill(child, sig);
        end_of(child);
        wrong += write(ends[1], "x", 1) != -1 || errno != EPIPE;
        close(ends[1]);
        pipe2(ends, O_NONBLOCK);
        IN_CHILD(child)
        if (sig)
            pause();
        close(ends[1]);
        if (sig)
            kill(child, sig);
        end_of(child);
        unread += read(ends[0], &c, 1) != 0;
        close(ends[0]);
    }
    TELL("children: %d %d", wrong, unread);
}

static void copies(void)
{
    int ends[2], other;
    char c;

    pipe2(ends, O_NONBLOCK);
    other = dup(ends[0]);
    close(ends[0]);
    SAY(write(ends[1], "x", 1));
    SAY(read(other, &c, 1));
    close(other);
    SAY(write(ends[1], "x", 1));
    close(ends[1]);
    pipe2(ends, O_NONBLOCK);
    other = dup2(ends[1], 40);
    close(ends[1]);
    SAY(read(ends[0], &c, 1));
    pipe2(ends, O_NONBLOCK);
    dup2(ends[0], 40); /* the last writer of the first is gone */
    close(40);
    SAY(write(ends[1], "y", 1));
    SAY(read(ends[0], &c, 1));
    close(ends[0]);
    SAY(write(ends[1], "y", 1));
}

static void fifos(void)
{
    int in, out, wrong = 0, unread = 0, alone = 0;
    char c;

    SAY(mkfifo("fifo", 0600));
    for (int i = 0; i < ROUNDS / 2; i++) {
        in = open("fifo", O_RDONLY | O_NONBLOCK);
        out = open("fifo", O_WRONLY | O_NONBLOCK);
        close(in);
        wrong += write(out, "x", 1) != -1 || errno != EPIPE;
        in = open("fifo", O_RDONLY | O_NONBLOCK);
        close(out);
        unread += read(in, &c, 1) != 0;
        close(in);
        out = open("fifo", O_WRONLY | O_NONBLOCK);
        alone += out != -1 || errno != ENXIO;
    }
    TELL("fifos: %d %d %d", wrong, unread, alone);
}

/* --- poll ------------------------------------------------------------------- */

static const char *bits(int events)
{
    static char text[64];

    snprintf(text, sizeof text, "%s%s%s%s%s", events & POLLIN ? "in " : "",
             events & POLLOUT ? "out " : "", events & POLLHUP ? "hup " : "",
             events & POLLERR ? "err " : "", events & POLLNVAL ? "nval " : "");
    return text;
}

static void poll_pipe(int in, int out)
{
    char c;

    TELL("%s", bits(ready(in, POLLIN)));
    TELL("%s", bits(ready(out, POLLOUT | POLLIN)));
    write(out, "xy", 2);
    TELL("%s", bits(ready(in, POLLIN)));
    close(out);
    TELL("%s", bits(ready(in, POLLIN)));
    TELL("%s", bits(ready(in, 0)));
    read(in, &c, 1);
    TELL("%s", bits(ready(in, POLLIN)));
    read(in, &c, 1);
    TELL("%s", bits(ready(in, POLLIN)));
    TELL("%s", bits(ready(in, 0)));
}

static void polls(void)
{
    struct pollfd p = {.events = 0};
    int ends[2];
    pid_t child;

    pipe(ends);
    poll_pipe(ends[0], ends[1]);
    close(ends[0]);
    pipe(ends);
    close(ends[0]);
    TELL("%s", bits(ready(ends[1], POLLOUT)));
    TELL("%s", bits(ready(ends[1], 0)));
    close(ends[1]);
    ends[0] = open("fifo", O_RDONLY | O_NONBLOCK);
    ends[1] = open("fifo", O_WRONLY);
    poll_pipe(ends[0], ends[1]);
    close(ends[0]);
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    TELL("%s", bits(ready(ends[0], POLLIN | POLLOUT)));
    shutdown(ends[1], SHUT_WR);
    TELL("%s", bits(ready(ends[0], POLLIN | POLLOUT)));
    close(ends[1]);
    TELL("%s", bits(ready(ends[0], POLLIN | POLLOUT)));
    TELL("%s", bits(ready(ends[0], 0)));
    close(ends[0]);
    /* Who waits for nothing else hears of the end. */
    pipe(ends);
    IN_CHILD(child)
    {
        close(ends[0]);
        nap_ms(100);
    }
    close(ends[1]);
    p.fd = ends[0];
    SAY(poll(&p, 1, 5000));
    TELL("%s", bits(p.revents));
    end_of(child);
    close(ends[0]);
}

static void locks(void)
{
    int held = 0, a, b;
    pid_t child;

    for (int i = 0; i < ROUNDS; i++) {
        a = open("lock", O_RDWR | O_CREAT, 0600);
        flock(a, LOCK_EX);
        close(a);
        b = open("lock", O_RDWR);
        held += flock(b, LOCK_EX | LOCK_NB) != 0;
        close(b);
        IN_CHILD(child)
        {
            flock(open("lock", O_RDWR), LOCK_EX);
            raise(SIGKILL);
        }
        end_of(child);
        b = open("lock", O_RDWR);
        held += flock(b, LOCK_EX | LOCK_NB) != 0;
        close(b);
    }
    TELL("locks: %d", held);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    pipes();
    pairs();
    children(0);
    children(SIGTERM);
    children(SIGKILL);
    copies();
    fifos();
    polls();
    locks();
    return 0;
}
