/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which error a call fails with, where a program's logic may turn on it. */
#include "same.h"

#include <dirent.h>
#include <grp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <termios.h>
#include <utime.h>

#define BAD ((void *)8)

static char room[70000];
static struct stat st;

static void bad_descriptors(void)
{
    struct iovec iov = {room, 1};
    struct pollfd p = {.fd = 99, .events = POLLIN};
    fd_set set;
    int path = open(".", O_PATH);

    for (int fd = -1; fd < 100; fd += 100) {
        if (fd == 99)
            close(fd);
        SAY(read(fd, room, 1));
        SAY(write(fd, room, 1));
        SAY(readv(fd, &iov, 1));
        SAY(writev(fd, &iov, 1));
        SAY(close(fd));
        SAY(fstat(fd, &st));
        SAY(fchmod(fd, 0600));
        SAY(fchown(fd, -1, -1));
        SAY(fchdir(fd));
        SAY(dup(fd));
        SAY(dup2(fd, 5));
        SAY(dup3(fd, 5, 0));
        SAY(fcntl(fd, F_GETFD));
        SAY(fcntl(fd, F_GETFL));
        SAY(fcntl(fd, F_DUPFD, 0));
        SAY(ioctl(fd, TIOCGWINSZ, room));
        SAY(fsync(fd));
        SAY(fdatasync(fd));
        SAY(ftruncate(fd, 0));
        SAY(lseek(fd, 0, SEEK_SET));
        SAY(syscall(SYS_getdents64, fd, room, 1000));
        SAY(fstatfs(fd, (struct statfs *)room));
        SAY(futimens(fd, NULL));
        SAY(flock(fd, LOCK_SH));
        SAY(send(fd, room, 1, 0));
        SAY(recv(fd, room, 1, 0));
        SAY(shutdown(fd, SHUT_RD));
        SAY(getsockname(fd, (struct sockaddr *)room, (socklen_t *)room));
        SAY(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1
                                                                          : 0);
        SAY(openat(fd, "x", O_RDONLY));
        SAY(openat(fd, "/etc/passwd_not", O_RDONLY));
        SAY(mkdirat(fd, "x", 0700));
        SAY(unlinkat(fd, "x", 0));
        SAY(fstatat(fd, "x", &st, 0));
        SAY(faccessat(fd, "x", R_OK, 0));
        SAY(syncfs(fd));
    }
    SAY(poll(&p, 1, 0));
    TELL("%d", p.revents);
    FD_ZERO(&set);
    FD_SET(60,
           &set); /* Linux looks at 64 at least, at more if there were more */
    SAY(select(61, &set, NULL, NULL, &(struct timeval){0, 0}));
    SAY(select(-1, NULL, NULL, NULL, NULL));
    SAY(read(path, room, 1));
    SAY(fchmod(path, 0700));
    SAY(ioctl(path, FIONREAD, room));
    SAY(lseek(path, 0, SEEK_SET));
    SAY(syscall(SYS_getdents64, path, room, 1000));
    SAY(fstat(path, &st));
    SAY_OK(dup(path));
    SAY(fcntl(path, F_SETFL, 0));
    SAY(poll(&(struct pollfd){.fd = path, .events = POLLIN}, 1, 0));
    close(path);
}

static void bad_addresses(void)
{
    int ends[2], fd = open("file", O_RDWR | O_CREAT, 0600), pair[2];
    struct iovec iov = {BAD, 4};
    char *args[] = {"x", BAD, NULL};
    sigset_t set;

    pipe(ends);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    write(fd, "hello", 5);
    lseek(fd, 0, SEEK_SET);
    write(ends[1], "hello", 5);
    SAY(read(fd, BAD, 4));
    SAY(read(ends[0], BAD, 4));
    SAY(write(fd, BAD, 4));
    SAY(write(ends[1], BAD, 4));
    SAY(write(ends[1], BAD, 40000));
    SAY(write(fd, BAD, 40000));
    SAY(pread(fd, BAD, 4, 0));
    SAY(pwrite(fd, BAD, 4, 0));
    SAY(readv(fd, BAD, 1));
    SAY(writev(fd, BAD, 1));
    SAY(readv(fd, &iov, 1));
    SAY(writev(fd, &iov, 1));
    SAY(open(BAD, O_RDONLY));
    SAY(openat(AT_FDCWD, BAD, O_RDONLY));
    SAY(syscall(SYS_stat, BAD, &st));
    SAY(syscall(SYS_stat, "file", BAD));
    SAY(syscall(SYS_lstat, "file", BAD));
    SAY(syscall(SYS_fstat, fd, BAD));
    SAY(syscall(SYS_newfstatat, AT_FDCWD, BAD, &st, 0));
    SAY(syscall(SYS_statx, AT_FDCWD, "file", 0, 0xfff, BAD));
    SAY(access(BAD, R_OK));
    SAY(chmod(BAD, 0600));
    SAY(chown(BAD, 0, 0));
    SAY(mkdir(BAD, 0700));
    SAY(rmdir(BAD));
    SAY(unlink(BAD));
    SAY(rename(BAD, "x"));
    SAY(rename("file", BAD));
    SAY(link("file", BAD));
    SAY(symlink(BAD, "x"));
    SAY(symlink("x", BAD));
    SAY(readlink(BAD, room, 10));
    symlink("target", "link");
    SAY(readlink("link", BAD, 10));
    SAY(chdir(BAD));
    SAY(syscall(SYS_getcwd, BAD, 100));
    SAY(truncate(BAD, 0));
    SAY(statfs(BAD, (struct statfs *)room));
    SAY(statfs(".", BAD));
    SAY(fstatfs(fd, BAD));
    SAY(syscall(SYS_utimensat, AT_FDCWD, "file", BAD, 0));
    SAY(syscall(SYS_pipe2, BAD, 0));
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, BAD));
    SAY(send(pair[0], BAD, 4, 0));
    send(pair[0], "hello", 5, 0);
    SAY(recv(pair[1], BAD, 4, 0));
    SAY(sendmsg(pair[0], BAD, 0));
    SAY(recvmsg(pair[1], BAD, MSG_DONTWAIT));
    SAY(getsockname(pair[0], BAD, (socklen_t *)room));
    SAY(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, BAD, (socklen_t *)room));
    SAY(poll(BAD, 1, 0));
    SAY(select(1, BAD, NULL, NULL, &(struct timeval){0, 0}));
    SAY(syscall(SYS_getdents64, open(".", O_RDONLY), BAD, 1000));
    SAY(ioctl(ends[0], FIONREAD, BAD));
    SAY(syscall(SYS_clock_gettime, CLOCK_REALTIME, BAD));
    SAY(syscall(SYS_gettimeofday, BAD, NULL));
    SAY(syscall(SYS_nanosleep, BAD, NULL));
    SAY(getitimer(ITIMER_REAL, BAD));
    SAY(setitimer(ITIMER_REAL, BAD, NULL));
    SAY(syscall(SYS_uname, BAD));
    SAY(syscall(SYS_getrusage, RUSAGE_SELF, BAD));
    SAY(syscall(SYS_times, BAD));
    SAY(syscall(SYS_sysinfo, BAD));
    SAY(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, BAD));
    SAY(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, BAD, NULL));
    SAY(getgroups(10, BAD));
    SAY(syscall(SYS_getresuid, BAD, BAD, BAD));
    SAY(syscall(SYS_getrandom, BAD, 8, 0));
    SAY(syscall(SYS_rt_sigtimedwait, BAD, NULL, NULL, 8));
    SAY(syscall(SYS_rt_sigpending, BAD, 8));
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, BAD, 8));
    SAY(syscall(SYS_wait4, -1, BAD, WNOHANG, NULL));
    sigemptyset(&set);
    SAY(execve(BAD, args, NULL));
    SAY(execve("/bin/sh", BAD, NULL));
    SAY(execve("/bin/sh", args, NULL));
    SAY(fcntl(fd, F_SETLK, BAD));
    SAY(fcntl(fd, F_GETLK, BAD));
    pid_t child;
    IN_CHILD(child);
    nap_ms(50);
    SAY(waitpid(child, BAD, 0));
    while (waitpid(-1, NULL, 0) > 0)
        ;
    /* Nothing that failed so has kept anything open. */
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    SAY(write(ends[1], "x", 1));
    close(ends[1]);
    close(fd);
    close(pair[0]);
    close(pair[1]);
}

static void files(void)
{
    int fd;

    SAY_OK(mkdir("dir", 0700));
    SAY(mkdir("dir", 0700));
    SAY(mkdir("file", 0700));
    SAY(mkdir("none/x", 0700));
    SAY(mkdir("file/x", 0700));
    SAY(open("dir", O_WRONLY));
    SAY(open("dir", O_RDWR));
    SAY(open("dir", O_WRONLY | O_CREAT, 0600));
    SAY(open("dir", O_RDONLY | O_CREAT, 0600));
    SAY(open("dir", O_RDONLY | O_TRUNC));
    SAY(open("file", O_RDONLY | O_DIRECTORY));
    SAY(open("file", O_CREAT | O_EXCL, 0600));
    SAY(open("dir", O_CREAT | O_EXCL, 0600));
    SAY(open("link", O_CREAT | O_EXCL, 0600));
    SAY(open("link", O_RDONLY | O_NOFOLLOW));
    SAY(open("link", O_RDONLY));
    SAY(open("none", O_RDONLY));
    SAY(open("", O_RDONLY));
    SAY(open("file/x", O_RDONLY));
    SAY(open("none/x", O_CREAT, 0600));
    SAY(rmdir("file"));
    SAY(rmdir("none"));
    SAY(rmdir("."));
    SAY(unlink("dir"));
    SAY(unlink("none"));
    SAY(unlink("file/x"));
    SAY(unlinkat(AT_FDCWD, "dir", 77));
    SAY(unlinkat(AT_FDCWD, "file", AT_REMOVEDIR));
    SAY_OK(mkdir("dir/sub", 0700));
    SAY(rmdir("dir"));
    SAY(rename("dir", "dir/sub/x"));
    SAY(rename("file", "dir"));
    SAY(rename("dir", "file"));
    SAY(rename("none", "x"));
    SAY(rename("file", "none/x"));
    SAY(link("none", "x"));
    SAY(link("dir", "x"));
    SAY(link("file", "dir"));
    SAY(symlink("x", "file"));
    SAY(symlink("", "x"));
    SAY(readlink("file", room, 10));
    SAY(readlink("none", room, 10));
    SAY(readlink("link", room, 0));
    SAY(chdir("file"));
    SAY(chdir("none"));
    SAY(fchdir(open("file", O_RDONLY)));
    SAY(access("none", F_OK));
    SAY(access("file", 77));
    SAY(faccessat(AT_FDCWD, "file", R_OK, 0x8000));
    SAY(fstatat(AT_FDCWD, "file", &st, 0x80000));
    SAY(fchmodat(AT_FDCWD, "none", 0600, 0));
    SAY(syscall(SYS_getcwd, room, 1));
    fd = open("dir", O_RDONLY);
    SAY(read(fd, room, 10));
    SAY(write(fd, room, 10));
    SAY(ftruncate(fd, 0));
    close(fd);
    fd = open("file", O_RDONLY);
    SAY(write(fd, room, 10));
    SAY(ftruncate(fd, 0));
    SAY(syscall(SYS_getdents64, fd, room, 1000));
    SAY(ioctl(fd, TIOCGWINSZ, room));
    SAY(ioctl(fd, TCGETS, room));
    SAY(ioctl(fd, 0x12345, room));
    close(fd);
    fd = open("file", O_WRONLY);
    SAY(read(fd, room, 10));
    close(fd);
    char name[300];
    memset(name, 'a', sizeof name);
    name[256] = 0;
    SAY(open(name, O_CREAT, 0600));
    SAY(mkdir(name, 0700));
    SAY(unlink(name));
    SAY(stat(name, &st));
    name[255] = 0;
    SAY(stat(name, &st));
    symlink("loop", "loop");
    SAY(open("loop", O_RDONLY));
    SAY(stat("loop/x", &st));
}

static void descriptors(void)
{
    struct rlimit limit, low;
    int fd = open("file", O_RDWR), count = 0;

    SAY(dup2(fd, -1));
    SAY(dup3(fd, fd, 0));
    SAY(dup3(fd, 50, 0x12345));
    SAY(fcntl(fd, F_DUPFD, -1));
    SAY(fcntl(fd, 9999, 0));
    SAY(syscall(SYS_pipe2, room, 0x12345));
    SAY(syscall(SYS_close_range, 10, 5, 0));
    SAY(syscall(SYS_close_range, 100, 200, 0));
    SAY(syscall(SYS_close_range, 100, 200, 77));
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit;
    low.rlim_cur = 20;
    SAY(setrlimit(RLIMIT_NOFILE, &low));
    SAY(dup2(fd, 20));
    SAY(dup2(fd, 19));
    SAY(fcntl(fd, F_DUPFD, 20));
    while (dup(fd) >= 0)
        count++;
    TELL("%s", error_name(errno));
    SAY(open("file", O_RDONLY));
    int ends[2];
    SAY(pipe(ends));
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    for (int i = 3; i < 20; i++)
        if (i != fd)
            close(i);
    SAY(setrlimit(RLIMIT_NOFILE, &limit));
    low.rlim_cur = 10;
    low.rlim_max = 5;
    SAY(setrlimit(RLIMIT_NOFILE, &low));
    SAY(getrlimit(99, &low));
    close(fd);
}

static void limits(void)
{
    struct rlimit limit = {1 << 20, RLIM_INFINITY};
    pid_t child;
    int ends[2];

    IN_CHILD(child)
    {
        SAY(setrlimit(RLIMIT_DATA, &limit));
        SAY(malloc(50 << 20) == NULL);
        SAY(sbrk(50 << 20) == (void *)-1);
        SAY_OK(sbrk(4096));
    }
    end_of(child);
    for (int i = 0; i < 20; i++)
        mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
             -1, 0);
    SAY_OK(sbrk(16 << 20));
    pipe(ends);
    SAY(fcntl(ends[0], F_GETPIPE_SZ));
    SAY(fcntl(ends[0], F_GETOWN));
    close(ends[0]);
    close(ends[1]);
}

static void not_now(void)
{
    int ends[2], pair[2];
    long total = 0, n;

    pipe2(ends, O_NONBLOCK);
    SAY(read(ends[0], room, 10));
    while ((n = write(ends[1], room, 4096)) > 0)
        total += n;
    TELL("%ld %s", total, error_name(errno));
    SAY(write(ends[1], room, 1));
    SAY(read(ends[0], room, 1000));
    SAY(write(ends[1], room, 4096));
    SAY(read(ends[1], room, 1));
    SAY(write(ends[0], room, 1));
    SAY(read(ends[0], room, 0));
    close(ends[1]);
    close(ends[0]);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    SAY(read(pair[0], room, 10));
    SAY(recv(pair[0], room, 10, 0));
    close(pair[1]);
    SAY(read(pair[0], room, 10));
    SAY(write(pair[0], room, 10));
    close(pair[0]);
    mkfifo("fifo", 0600);
    SAY(open("fifo", O_WRONLY | O_NONBLOCK));
    int in = open("fifo", O_RDONLY | O_NONBLOCK);
    SAY(read(in, room, 10));
    int out = open("fifo", O_WRONLY | O_NONBLOCK);
    SAY(read(in, room, 10));
    SAY(write(in, room, 10));
    SAY(read(out, room, 10));
    close(in);
    SAY(write(out, room, 10));
    close(out);
    SAY(socketpair(AF_UNIX, 99, 0, pair));
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 99, pair));
    int fd = open("file", O_RDONLY);
    SAY(send(fd, room, 1, 0));
    SAY(recv(fd, room, 1, 0));
    SAY(shutdown(fd, SHUT_RD));
    SAY(getsockopt(fd, SOL_SOCKET, SO_TYPE, room, (socklen_t *)room));
    close(fd);
}

static void sigpipe(void)
{
    pid_t child;

    IN_CHILD(child)
    {
        int ends[2];
        signal(SIGPIPE, SIG_DFL);
        pipe(ends);
        close(ends[0]);
        write(ends[1], "x", 1);
    }
    TELL("%x", end_of(child));
}

static void processes(void)
{
    pid_t child;
    int status;
    siginfo_t info;

    SAY(waitpid(-1, &status, 0));
    SAY(waitpid(-1, &status, WNOHANG));
    SAY(waitpid(99999, &status, 0));
    SAY(waitpid(-99999, &status, 0));
    SAY(waitpid(-1, &status, 0x12345));
    SAY(waitid(P_ALL, 0, &info, 0));
    SAY(waitid(P_ALL, 0, &info, WEXITED));
    SAY(waitid(99, 0, &info, WEXITED));
    SAY(waitid(P_PID, 99999, &info, WEXITED));
    IN_CHILD(child)
    pause();
    SAY(waitpid(child, &status, WNOHANG));
    SAY(waitid(P_PID, child, &info, WEXITED | WNOHANG));
    SAY(kill(child, SIGTERM));
    TELL("%x", end_of(child));
    SAY(kill(child, 0));
    SAY(kill(child, 99));
    SAY(getpgid(99999));
    SAY(getsid(99999));
    SAY(setpgid(99999, 0));
    SAY(setpgid(0, -1));
    SAY(getpriority(77, 0));
    SAY(syscall(SYS_prlimit64, 99999, RLIMIT_NOFILE, NULL, room));
    SAY(getrusage(77, (struct rusage *)room));
    SAY(syscall(SYS_clock_gettime, 77, room));
    SAY(syscall(SYS_clock_nanosleep, 77, 0, room, NULL));
    struct timespec bad = {0, 1000000000}, negative = {-1, 0};
    SAY(nanosleep(&bad, NULL));
    SAY(nanosleep(&negative, NULL));
    SAY(syscall(SYS_futex, room, 99, 0, 0, 0, 0));
    SAY(syscall(400 + 100));
    SAY(setgroups(100000, (gid_t *)room));
    SAY(syscall(SYS_getrandom, room, 8, 77));
    SAY(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                MAP_FAILED
            ? -1
            : 0);
    SAY(mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
                                                                        : 0);
    SAY(munmap((void *)1, 4096));
    SAY(munmap((void *)4096, 0));
    SAY(mprotect((void *)4096, 4096, PROT_READ));
    SAY(mprotect((void *)1, 4096, PROT_READ));
    SAY(madvise((void *)1, 4096, MADV_DONTNEED));
    SAY(msync((void *)1, 4096, MS_SYNC));
    SAY(ioctl(0, TIOCGWINSZ, room));
    SAY(tcgetpgrp(0));
}

static int script(const char *text)
{
    static char *const args[] = {"x", NULL};
    static char *const none[] = {NULL};
    int fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0700);
    pid_t child;

    write(fd, text, strlen(text));
    close(fd);
    IN_CHILD(child)
    {
        execve("./script", args, none);
        _exit(errno);
    }
    return WEXITSTATUS(end_of(child));
}

static void execs(void)
{
    static char *const args[] = {"x", NULL};
    char *big[] = {room, NULL}, *many[4000], text[600];

    SAY(execve("none", args, NULL));
    SAY(execve("file", args, NULL));
    SAY(execve("dir", args, NULL));
    SAY(execve("file/x", args, NULL));
    SAY(execve("", args, NULL));
    chmod("file", 0700);
    truncate("file", 0);
    SAY(execve("./file", args, NULL));
    TELL("%s", error_name(script("")));
    TELL("%s", error_name(script("no program")));
    TELL("%s", error_name(script("#!")));
    TELL("%s", error_name(script("#!\n")));
    TELL("%s", error_name(script("#!   \n")));
    TELL("%s", error_name(script("#!/none")));
    TELL("%s", error_name(script("#!/none\n")));
    TELL("%s", error_name(script("#!./dir\n")));
    TELL("%s", error_name(script("#!./script\n")));
    TELL("%s", error_name(script("\177ELF")));
    TELL("%s", error_name(script("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2")));
    memset(text, 'a', sizeof text);
    memcpy(text, "#!/", 3);
    text[254] = 0;
    TELL("%s", error_name(script(text)));
    text[254] = 'a';
    text[599] = 0;
    TELL("%s", error_name(script(text)));
    memset(room, 'a', sizeof room);
    room[sizeof room - 1] = 0;
    for (int i = 0; i < 3999; i++)
        many[i] = room;
    many[3999] = NULL;
    SAY(execve("/bin/sh", many, NULL));
    SAY(big[0] == room);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    bad_descriptors();
    bad_addresses();
    files();
    descriptors();
    limits();
    not_now();
    sigpipe();
    processes();
    execs();
    return 0;
}
