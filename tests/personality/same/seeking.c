/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing at a place, and in pieces, where that can and cannot
 * be done. */
#include "same.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>

static char room[8192];

static void seek(const char *what, int fd)
{
    TELL("%s", what);
    SAY(lseek(fd, 0, SEEK_CUR));
    SAY(lseek(fd, 0, SEEK_SET));
    SAY(lseek(fd, 0, SEEK_END));
    SAY(lseek(fd, 0, 3));
    SAY(lseek(fd, 0, 4));
    SAY(lseek(fd, 0, 5));
    SAY(lseek(fd, 0, -1));
    SAY(lseek(fd, -1, SEEK_SET));
    SAY(pread(fd, room, 1, 0));
    SAY(pread(fd, room, 1, -1));
    SAY(pread(fd, room, 0, 0));
    SAY(pwrite(fd, "x", 1, 0));
    SAY(pwrite(fd, "x", 1, -1));
    SAY(pwrite(fd, "x", 0, 0));
    struct iovec iov = {room, 1};
    SAY(preadv(fd, &iov, 1, 0));
    SAY(preadv(fd, &iov, 1, -2));
    SAY(pwritev(fd, &iov, 1, 0));
    SAY(pwritev(fd, &iov, 1, -2));
    SAY(ftruncate(fd, 3));
    SAY(fsync(fd));
}

static void vectors(int fd)
{
    struct iovec many[1025], iov[3];
    int ends[2];
    char a[8], b[8], c[8];

    for (int i = 0; i < 1025; i++)
        many[i] = (struct iovec){room + i, 1};
    lseek(fd, 0, SEEK_SET);
    SAY(writev(fd, many, 1024));
    SAY(writev(fd, many, 1025));
    SAY(writev(fd, many, 0));
    SAY(writev(fd, many, -1));
    SAY(readv(fd, many, 1025));
    SAY(readv(99, many, 1025));
    SAY(readv(99, many, 1));
    SAY(readv(fd, many, 0));
    SAY(readv(99, many, 0));
    iov[0] = (struct iovec){a, 4};
    iov[1] = (struct iovec){b, (size_t)-1};
    SAY(writev(fd, iov, 2));
    SAY(readv(fd, iov, 2));
    pipe(ends);
    write(ends[1], "abcdefghij", 10);
    iov[0] = (struct iovec){a, 4};
    iov[1] = (struct iovec){NULL, 0};
    iov[2] = (struct iovec){b, 4};
    SAY(readv(ends[0], iov, 3));
    TELL("%.4s %.4s", a, b);
    SAY(readv(ends[0], iov, 3));
    TELL("%.2s", a);
    write(ends[1], "abcd", 4);
    /* What is there is enough. */
    SAY(readv(ends[0], iov, 3));
    SAY(readv(ends[1], iov, 3));
    SAY(writev(ends[0], iov, 3));
    memset(room, 'z', sizeof room);
    for (int i = 0; i < 3; i++)
        iov[i] = (struct iovec){room, 6000};
    SAY(writev(ends[1], iov, 3));
    iov[0].iov_len = 8000;
    SAY(readv(ends[0], iov, 2));
    SAY(readv(ends[0], iov, 2));
    lseek(fd, 0, SEEK_SET);
    iov[0].iov_len = 6000;
    SAY(writev(fd, iov, 3));
    SAY(lseek(fd, 0, SEEK_CUR));
    SAY(preadv(fd, iov, 3, 10000));
    SAY(lseek(fd, 0, SEEK_CUR));
    SAY(preadv2(fd, iov, 3, 10000, 0));
    SAY(preadv2(fd, iov, 3, -1, 0));
    iov[0] = (struct iovec){c, 3};
    SAY(pwritev(fd, iov, 1, 17999));
    SAY(lseek(fd, 0, SEEK_END));
}

static void holes(int fd)
{
    SAY(ftruncate(fd, 100));
    SAY(lseek(fd, 10, 3));
    SAY(lseek(fd, 100, 3));
    SAY(lseek(fd, 99, 4));
    SAY(lseek(fd, 100, 4));
    SAY(lseek(fd, 0x7fffffffffffffff, SEEK_CUR));
    SAY(lseek(fd, -200, SEEK_END));
    SAY(lseek(fd, 200, SEEK_SET));
    SAY(read(fd, room, 10));
    SAY(pread(fd, room, 10, 95));
    SAY(ftruncate(fd, -1));
    SAY(truncate("file", -1));
    SAY(truncate("none", 0));
    SAY(truncate(".", 0));
}

int main(void)
{
    int fd = open("file", O_RDWR | O_CREAT, 0600), ends[2], in, out;

    signal(SIGPIPE, SIG_IGN);
    pipe2(ends, O_NONBLOCK);
    seek("a pipe to read", ends[0]);
    seek("a pipe to write", ends[1]);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
    seek("a socket", ends[0]);
    mkfifo("fifo", 0600);
    in = open("fifo", O_RDONLY | O_NONBLOCK);
    out = open("fifo", O_WRONLY | O_NONBLOCK);
    seek("a fifo to read", in);
    seek("a fifo to write", out);
    in = open("file", O_RDONLY);
    out = open("file", O_WRONLY);
    seek("a file to read", in);
    SAY(pwrite(fd, "hello", 5, 0));
    seek("a file to write", out);
    seek("nothing", 99);
    vectors(fd);
    holes(fd);
    return 0;
}
