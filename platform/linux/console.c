/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console: two descriptors, made raw if they are a terminal. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* What a pipe or a terminal takes without making us wait, once it says that it
 * takes something. */
#define CHUNK         512
#define FLUSH_WAIT_MS 2000
#define STATUS_KILLED 130

static struct {
    int in, out;
    bool always_readable; /* a file: epoll does not watch those */
    bool paused;          /* the kernel has no room for input */
    bool escaped;
    volatile bool raw;
    struct termios before;
    pid_t keeper;
    int keeper_pipe; /* what it waits on; -1 for none */
    char *pending;   /* output that was not taken yet */
    size_t start, end, room;
    bool watching_out;
} console = {.in = -1, .keeper_pipe = -1};

static int make_raw(void)
{
    struct termios raw;

    if (tcgetattr(console.in, &console.before) != 0)
        return -1;
    raw = console.before;
    cfmakeraw(&raw);
    raw.c_oflag |= OPOST | ONLCR; /* the kernel's own text ends lines with \n */
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    console.raw = true;
    return tcsetattr(console.in, TCSANOW, &raw);
}

/* In a child that outlives us by a moment: if we end without a word (SIGKILL),
 * and nobody has changed the terminal since, gives it back as it was. */
static _Noreturn void keep_terminal(int pipe_fd)
{
    struct termios raw, now;
    char word;

    if (dup2(console.in, 0) != 0 || dup2(pipe_fd, 1) != 1)
        _exit(1);
    syscall(SYS_close_range, 2u, ~0u, 0u);
    prctl(PR_SET_NAME, "hell-terminal");
    tcgetattr(0, &raw);
    if (read(1, &word, 1) != 0)
        _exit(0);
    if (tcgetattr(0, &now) == 0 && now.c_lflag == raw.c_lflag &&
        now.c_iflag == raw.c_iflag && now.c_oflag == raw.c_oflag)
        tcsetattr(0, TCSANOW, &console.before);
    _exit(0);
}

/* The terminal is safe without a keeper unless we are killed: no error. */
static void start_keeper(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    console.keeper = fork();
    if (console.keeper == 0) {
        /* The copies of ours must not keep the pipe open. */
        int high = fcntl(ends[0], F_DUPFD, 16);
        close(ends[1]);
        keep_terminal(high);
    }
    close(ends[0]);
    if (console.keeper > 0)
        console.keeper_pipe = ends[1];
    else
        close(ends[1]);
}

static void end_keeper(void)
{
    if (console.keeper_pipe < 0)
        return;
    if (write(console.keeper_pipe, "", 1) < 0)
        kill(console.keeper, SIGKILL);
    close(console.keeper_pipe);
    console.keeper_pipe = -1;
    waitpid(console.keeper, NULL, 0);
}

int console_open(void)
{
    int error;

    memset(&console, 0, sizeof(console));
    console.keeper_pipe = -1;
    console.in = machine.options->console_in;
    console.out = machine.options->console_out;
    if (console.in < 0)
        return 0;
    if (isatty(console.in) && make_raw() != 0)
        return machine_fail("cannot set the terminal: %s", strerror(errno));
    if (console.raw)
        start_keeper();
    error = machine_watch(console.in, SOURCE_CONSOLE_IN, EPOLLIN);
    console.always_readable = error == -EPERM;
    return 0;
}

void console_restore_terminal(void)
{
    if (console.raw)
        tcsetattr(console.in, TCSANOW, &console.before);
    console.raw = false;
}

void console_close(void)
{
    console_flush();
    console_restore_terminal();
    end_keeper();
    free(console.pending);
    console.pending = NULL;
}

/* --- output --------------------------------------------------------------- */

/* Writes what is taken at once, or within WAIT_MS; returns how much. */
static size_t write_some(const char *text, size_t size, int wait_ms)
{
    struct pollfd fd = {console.out, POLLOUT, 0};
    size_t done = 0;
    ssize_t count;

    while (done < size && poll(&fd, 1, wait_ms) > 0) {
        size_t chunk = size - done < CHUNK ? size - done : CHUNK;
        count = write(console.out, text + done, chunk);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return size; /* nobody is there to read it */
        if (count > 0)
            done += (size_t)count;
    }
    return done;
}

static void keep(const char *text, size_t size)
{
    size_t used = console.end - console.start;

    if (console.end + size > console.room) {
        size_t room = (used + size) * 2;
        char *bigger = malloc(room);
        if (!bigger)
            return;
        if (used > 0)
            memcpy(bigger, console.pending + console.start, used);
        free(console.pending);
        console.pending = bigger;
        console.room = room;
        console.start = 0;
        console.end = used;
    }
    memcpy(console.pending + console.end, text, size);
    console.end += size;
}

void platform_console_write(const char *text, size_t size_bytes)
{
    size_t done = 0;

    if (console.out < 0)
        return;
    if (console.start == console.end)
        done = write_some(text, size_bytes, 0);
    if (done == size_bytes)
        return;
    keep(text + done, size_bytes - done);
    if (!console.watching_out)
        console.watching_out =
            machine_watch(console.out, SOURCE_CONSOLE_OUT, EPOLLOUT) == 0;
}

static void write_pending(int wait_ms)
{
    console.start += write_some(console.pending + console.start,
                                console.end - console.start, wait_ms);
    if (console.start == console.end)
        console.start = console.end = 0;
}

void console_writable(void)
{
    write_pending(0);
    if (console.start != console.end)
        return;
    epoll_ctl(machine.epoll, EPOLL_CTL_DEL, console.out, NULL);
    console.watching_out = false;
}

void console_flush(void)
{
    if (console.start != console.end)
        write_pending(FLUSH_WAIT_MS);
}

void platform_console_size(unsigned *rows_out, unsigned *columns_out)
{
    struct winsize size = {0};

    if (ioctl(console.out, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
        ioctl(console.in, TIOCGWINSZ, &size);
    bool terminal = isatty(console.out) || isatty(console.in);
    *rows_out = size.ws_row ? size.ws_row : terminal ? 24 : 0;
    *columns_out = size.ws_col ? size.ws_col : terminal ? 80 : 0;
}

void console_resized(void)
{
    kernel_console_resized();
}

/* --- input ---------------------------------------------------------------- */

/* Takes the escapes out of what a terminal sent; returns what is left. */
static size_t filter_escapes(char *text, size_t size)
{
    size_t kept = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (!console.escaped) {
            console.escaped = c == LINUX_CONSOLE_ESCAPE;
            if (!console.escaped)
                text[kept++] = c;
            continue;
        }
        console.escaped = false;
        if (c == 'q')
            machine_ask_end(STATUS_KILLED);
        else if (c == 'k')
            platform_exit(STATUS_KILLED);
        else if (c == LINUX_CONSOLE_ESCAPE)
            text[kept++] = c;
    }
    return kept;
}

static void pause_reading(void)
{
    console.paused = true;
    if (!console.always_readable)
        epoll_ctl(machine.epoll, EPOLL_CTL_DEL, console.in, NULL);
}

void platform_console_resume(void)
{
    if (!console.paused || console.in < 0)
        return;
    console.paused = false;
    if (!console.always_readable)
        machine_watch(console.in, SOURCE_CONSOLE_IN, EPOLLIN);
}

static void stop_reading(void)
{
    if (!console.always_readable)
        epoll_ctl(machine.epoll, EPOLL_CTL_DEL, console.in, NULL);
    console.always_readable = false;
    console_restore_terminal();
    console.in = -1;
}

void console_readable(void)
{
    char text[4096];
    ssize_t count;
    size_t size, room = kernel_console_room();

    if (console.in < 0)
        return;
    if (room == 0) {
        pause_reading();
        return;
    }
    count = read(console.in, text, room < sizeof(text) ? room : sizeof(text));
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        stop_reading();
        kernel_console_input(text, 0);
        return;
    }
    size = (size_t)count;
    if (console.raw)
        size = filter_escapes(text, size);
    if (size > 0 && !machine.ended)
        kernel_console_input(text, size);
}

bool console_poll(void)
{
    if (!console.always_readable || console.paused)
        return false;
    console_readable();
    return true;
}
