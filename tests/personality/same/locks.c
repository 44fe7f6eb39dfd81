/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Record locks: of processes, of open files; and flock's, which are neither. */
#include "same.h"

#include <sys/file.h>

static int fd;

static struct flock range(int type, long start, long length)
{
    return (struct flock){.l_type = type,
                          .l_whence = SEEK_SET,
                          .l_start = start,
                          .l_len = length};
}

static int set(int file, int type, long start, long length)
{
    struct flock lock = range(type, start, length);

    return fcntl(file, F_SETLK, &lock);
}

static int set_open(int file, int type, long start, long length)
{
    struct flock lock = range(type, start, length);

    return fcntl(file, F_OFD_SETLK, &lock);
}

/* What a child sees of the range; HOLDER is who should have it. */
static void seen(const char *what, int type, long start, long length,
                 pid_t holder)
{
    pid_t child;

    IN_CHILD(child)
    {
        int file = open("file", O_RDWR);
        struct flock lock = range(type, start, length);
        fcntl(file, F_GETLK, &lock);
        if (lock.l_type == F_UNLCK)
            printf("%s: free\n", what);
        else
            printf("%s: %s %ld %ld %s\n", what,
                   lock.l_type == F_RDLCK ? "read" : "write",
                   (long)lock.l_start, (long)lock.l_len,
                   lock.l_pid == holder ? "holder"
                   : lock.l_pid == -1   ? "-1"
                                        : "other");
        fflush(stdout);
    }
    end_of(child);
}

/* All that others see, one lock after another. */
static void show(const char *what)
{
    pid_t child;

    IN_CHILD(child)
    {
        int file = open("file", O_RDWR);
        long at = 0;
        printf("%s:", what);
        for (int i = 0; i < 20; i++) {
            struct flock lock = range(F_WRLCK, at, 0);
            fcntl(file, F_GETLK, &lock);
            if (lock.l_type == F_UNLCK)
                break;
            printf(" %s%ld+%ld", lock.l_type == F_RDLCK ? "r" : "w",
                   (long)lock.l_start, (long)lock.l_len);
            if (!lock.l_len)
                break;
            at = lock.l_start + lock.l_len;
        }
        printf("\n");
        fflush(stdout);
    }
    end_of(child);
}

static void owners(void)
{
    int second = open("file", O_RDWR), copy;
    pid_t child;

    SAY(set(fd, F_WRLCK, 0, 0));
    SAY(set(second, F_WRLCK, 0, 0));
    IN_CHILD(child)
    {
        SAY(set(fd, F_WRLCK, 0, 0));
        SAY(set(fd, F_RDLCK, 5, 1));
    }
    end_of(child);
    seen("whole", F_RDLCK, 0, 0, getpid());
    close(second);
    seen("after a close", F_RDLCK, 0, 0, getpid());
    SAY(set(fd, F_WRLCK, 0, 0));
    copy = dup(fd);
    close(copy);
    seen("after a copy's close", F_RDLCK, 0, 0, getpid());
    SAY(set(fd, F_WRLCK, 0, 0));
    second = open("other", O_RDWR | O_CREAT, 0600);
    SAY(dup2(second, second) == second);
    copy = open("file", O_RDONLY);
    seen("opened once more", F_RDLCK, 0, 0, getpid());
    SAY(dup2(second, copy) == copy);
    seen("after dup2", F_RDLCK, 0, 0, getpid());
    SAY(set(second, F_RDLCK, 1, 1));
    SAY(set(fd, F_WRLCK, 0, 0));
    close(second);
    seen("another file's close", F_RDLCK, 0, 0, getpid());
    close(copy);
    SAY(set(fd, F_UNLCK, 0, 0));
    seen("unlocked", F_RDLCK, 0, 0, getpid());
}

static void ranges(void)
{
    set(fd, F_WRLCK, 10, 10);
    set(fd, F_WRLCK, 20, 10);
    show("merged");
    set(fd, F_UNLCK, 15, 5);
    show("split");
    set(fd, F_RDLCK, 0, 100);
    show("covered");
    set(fd, F_WRLCK, 40, 20);
    show("inside");
    set(fd, F_RDLCK, 30, 40);
    show("back");
    set(fd, F_WRLCK, 90, 20);
    show("over the end");
    set(fd, F_UNLCK, 50, 0);
    show("cut off");
    set(fd, F_WRLCK, 100, 0);
    show("to the end");
    set(fd, F_UNLCK, 200, 100);
    show("hole");
    set(fd, F_WRLCK, 150, 200);
    show("filled");
    set(fd, F_UNLCK, 0, 0);
    show("none");
    lseek(fd, 50, SEEK_SET);
    ftruncate(fd, 1000);
    struct flock lock = range(F_WRLCK, 5, -10);
    lock.l_whence = SEEK_CUR;
    SAY(fcntl(fd, F_SETLK, &lock));
    lock.l_whence = SEEK_END;
    lock.l_start = -100;
    lock.l_len = 50;
    SAY(fcntl(fd, F_SETLK, &lock));
    show("relative");
    lock.l_start = -2000;
    SAY(fcntl(fd, F_SETLK, &lock));
    lock.l_start = 5;
    lock.l_len = -2000;
    SAY(fcntl(fd, F_SETLK, &lock));
    lock.l_whence = 7;
    SAY(fcntl(fd, F_SETLK, &lock));
    lock = range(9, 0, 0);
    SAY(fcntl(fd, F_SETLK, &lock));
    lock = range(F_UNLCK, 0, 0);
    SAY(fcntl(fd, F_GETLK, &lock));
    SAY(set(fd, F_WRLCK, 0x7fffffffffffffff, 1));
    SAY(set(fd, F_WRLCK, 0x7fffffffffffffff, 2));
    SAY(set(fd, F_WRLCK, 0x7ffffffffffffff0, 16));
    SAY(set(fd, F_WRLCK, -1, 0));
    lock = range(F_WRLCK, 0x7fffffffffffffff, 0);
    lock.l_whence = SEEK_END;
    SAY(fcntl(fd, F_SETLK, &lock));
    show("at the end");
    SAY(set(fd, F_UNLCK, 0, 0));
}

static void modes(void)
{
    int in = open("file", O_RDONLY), out = open("file", O_WRONLY);
    int path = open("file", O_PATH);

    SAY(set(in, F_WRLCK, 0, 1));
    SAY(set(in, F_RDLCK, 0, 1));
    SAY(set(out, F_RDLCK, 0, 1));
    SAY(set(out, F_WRLCK, 0, 1));
    SAY(set(in, F_UNLCK, 0, 1));
    SAY(set(path, F_WRLCK, 0, 1));
    SAY(set(77, F_WRLCK, 0, 1));
    close(in);
    close(out);
    close(path);
}

static void shared(void)
{
    int ready[2], go[2];
    pid_t child;
    char c;

    pipe(ready);
    pipe(go);
    IN_CHILD(child)
    {
        int file = open("file", O_RDWR);
        set(file, F_RDLCK, 0, 10);
        write(ready[1], "x", 1);
        read(go[0], &c, 1);
    }
    read(ready[0], &c, 1);
    SAY(set(fd, F_RDLCK, 5, 10));
    SAY(set(fd, F_WRLCK, 5, 10));
    SAY(set(fd, F_WRLCK, 10, 5));
    struct flock lock = range(F_WRLCK, 0, 100);
    fcntl(fd, F_GETLK, &lock);
    TELL("%d %d %ld %ld", lock.l_type, lock.l_pid == child, (long)lock.l_start,
         (long)lock.l_len);
    lock = range(F_RDLCK, 0, 5);
    SAY(fcntl(fd, F_GETLK, &lock));
    TELL("%d", lock.l_type == F_UNLCK);
    write(go[1], "x", 1);
    end_of(child);
    SAY(set(fd, F_WRLCK, 0, 0));
    SAY(set(fd, F_UNLCK, 0, 0));
}

static void nothing(int sig)
{
}

static void waiting(void)
{
    struct flock lock = range(F_WRLCK, 0, 1);
    struct sigaction action = {.sa_handler = nothing};
    int go[2];
    pid_t child;

    pipe(go);
    SAY(set(fd, F_WRLCK, 0, 1));
    IN_CHILD(child)
    {
        int file = open("file", O_RDWR);
        sigaction(SIGALRM, &action, NULL);
        alarm(1);
        SAY(fcntl(file, F_SETLKW, &lock));
        write(go[1], "x", 1);
        SAY(fcntl(file, F_SETLKW, &lock));
    }
    char c;
    read(go[0], &c, 1);
    nap_ms(100);
    set(fd, F_UNLCK, 0, 1);
    end_of(child);
    /* Gone with the process, however that ended. */
    for (int sig = 0; sig <= SIGKILL; sig += SIGKILL) {
        IN_CHILD(child)
        {
            int file = open("file", O_RDWR);
            set(file, F_WRLCK, 0, 1);
            write(go[1], "x", 1);
            if (sig)
                pause();
        }
        read(go[0], &c, 1);
        if (sig)
            kill(child, sig);
        end_of(child);
        SAY(set(fd, F_WRLCK, 0, 1));
        SAY(set(fd, F_UNLCK, 0, 1));
    }
    /* Killed while it waits: it never gets it. */
    set(fd, F_WRLCK, 0, 1);
    IN_CHILD(child)
    {
        int file = open("file", O_RDWR);
        write(go[1], "x", 1);
        fcntl(file, F_SETLKW, &lock);
        pause();
    }
    read(go[0], &c, 1);
    nap_ms(100);
    kill(child, SIGKILL);
    end_of(child);
    set(fd, F_UNLCK, 0, 1);
    seen("the killed did not get it", F_WRLCK, 0, 0, child);
}

static void deadlock(void)
{
    struct flock first = range(F_WRLCK, 0, 1), second = range(F_WRLCK, 1, 1);
    int ready[2];
    pid_t child;
    char c;

    pipe(ready);
    SAY(fcntl(fd, F_SETLK, &first));
    IN_CHILD(child)
    {
        int file = open("file", O_RDWR);
        fcntl(file, F_SETLK, &second);
        write(ready[1], "x", 1);
        fcntl(file, F_SETLKW, &first);
    }
    read(ready[0], &c, 1);
    nap_ms(300);
    SAY(fcntl(fd, F_SETLKW, &second));
    SAY(set(fd, F_UNLCK, 0, 0));
    end_of(child);
}

static void opens(void)
{
    int second = open("file", O_RDWR), copy;
    struct flock lock;
    pid_t child;

    SAY(set_open(fd, F_WRLCK, 0, 10));
    SAY(set_open(second, F_WRLCK, 0, 10));
    SAY(set(second, F_WRLCK, 0, 10));
    copy = dup(fd);
    SAY(set_open(copy, F_WRLCK, 5, 10));
    close(copy);
    IN_CHILD(child)
    SAY(set_open(fd, F_RDLCK, 0, 5));
    end_of(child);
    show("an open's");
    seen("whose", F_RDLCK, 8, 1, getpid());
    close(second);
    seen("still there", F_RDLCK, 8, 1, getpid());
    lock = range(F_WRLCK, 0, 1);
    lock.l_pid = 1;
    SAY(fcntl(fd, F_OFD_SETLK, &lock));
    SAY(fcntl(fd, F_OFD_GETLK, &lock));
    second = open("file", O_RDWR);
    lock = range(F_WRLCK, 8, 1);
    SAY(fcntl(second, F_OFD_GETLK, &lock));
    TELL("%d %d", lock.l_type, lock.l_pid);
    SAY(set(fd, F_WRLCK, 8, 1));
    SAY(set_open(fd, F_UNLCK, 0, 0));
    SAY(set(fd, F_WRLCK, 8, 1));
    SAY(set_open(fd, F_WRLCK, 8, 1));
    SAY(set(fd, F_UNLCK, 0, 0));
    close(second);
}

static void wholes(void)
{
    int second = open("file", O_RDWR), in = open("file", O_RDONLY);
    int path = open("file", O_PATH);
    pid_t child;

    SAY(flock(fd, LOCK_EX));
    SAY(flock(second, LOCK_EX | LOCK_NB));
    SAY(flock(second, LOCK_SH | LOCK_NB));
    SAY(set(second, F_WRLCK, 0, 0));
    SAY(set_open(second, F_WRLCK, 0, 0));
    SAY(set(second, F_UNLCK, 0, 0));
    SAY(set_open(second, F_WRLCK, 0, 0));
    IN_CHILD(child)
    SAY(flock(fd, LOCK_SH));
    end_of(child);
    SAY(flock(second, LOCK_SH | LOCK_NB));
    SAY(flock(in, LOCK_EX | LOCK_NB));
    SAY(flock(fd, LOCK_EX | LOCK_NB));
    /* A change that fails has lost what there was. */
    SAY(flock(second, LOCK_EX | LOCK_NB));
    SAY(flock(fd, LOCK_UN));
    SAY(flock(in, LOCK_EX | LOCK_NB));
    SAY(flock(in, LOCK_UN | LOCK_NB));
    SAY(flock(in, LOCK_UN));
    SAY(flock(in, 0));
    SAY(flock(in, LOCK_SH | LOCK_EX));
    SAY(flock(in, 128 | LOCK_EX));
    SAY(flock(path, LOCK_EX));
    SAY(flock(99, LOCK_EX));
    close(second);
    close(in);
    close(path);
}

/* The program after exec looks at what it got. */
static void after_exec(int kept, int closed)
{
    seen("kept over exec", F_WRLCK, 0, 0, getpid());
    SAY(set(kept, F_WRLCK, 0, 20));
    show("longer");
    SAY(fcntl(closed, F_GETFD));
    int again = open("file", O_RDWR);
    close(again);
    show("closed after exec");
}

static void execs(const char *self)
{
    pid_t child;

    IN_CHILD(child)
    {
        int kept = open("file", O_RDWR), closed = open("other", O_RDWR);
        char number[2][12];
        fcntl(closed, F_SETFD, FD_CLOEXEC);
        set(kept, F_WRLCK, 0, 10);
        set(closed, F_WRLCK, 0, 10);
        snprintf(number[0], 12, "%d", kept);
        snprintf(number[1], 12, "%d", closed);
        execl(self, self, number[0], number[1], NULL);
    }
    end_of(child);
    /* Closed by exec, and so are the locks by way of the other open. */
    IN_CHILD(child)
    {
        int kept = open("file", O_RDWR);
        int closed = open("file", O_RDWR | O_CLOEXEC);
        char number[2][12];
        set(kept, F_WRLCK, 0, 5);
        set(closed, F_WRLCK, 10, 10);
        snprintf(number[0], 12, "%d", kept);
        snprintf(number[1], 12, "%d", closed);
        execl(self, self, number[0], number[1], NULL);
    }
    end_of(child);
    show("all gone");
}

/* The same again and again: nothing is late, nothing is left. */
static void rounds(void)
{
    int wrong = 0, file;
    pid_t child;

    for (int i = 0; i < 50; i++) {
        file = open("file", O_RDWR);
        wrong += set(file, F_WRLCK, 0, 0) != 0;
        close(file);
        IN_CHILD(child)
        {
            file = open("file", O_RDWR);
            int status = set(file, F_WRLCK, 0, 0) != 0;
            if (i & 1)
                raise(SIGKILL);
            _exit(status);
        }
        wrong += WEXITSTATUS(end_of(child));
    }
    TELL("rounds: %d", wrong);
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        after_exec(atoi(argv[1]), atoi(argv[2]));
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    owners();
    ranges();
    modes();
    shared();
    waiting();
    deadlock();
    opens();
    wholes();
    execs(argv[0]);
    rounds();
    return 0;
}
