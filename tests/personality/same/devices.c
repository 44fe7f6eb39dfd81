/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, what stands for the process's own files, and shared memory. */
#include "same.h"

#include <semaphore.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static char a[4096], b[4096];

static const char *kind(mode_t mode)
{
    return S_ISREG(mode)    ? "file"
           : S_ISDIR(mode)  ? "directory"
           : S_ISCHR(mode)  ? "device"
           : S_ISLNK(mode)  ? "link"
           : S_ISFIFO(mode) ? "fifo"
           : S_ISSOCK(mode) ? "socket"
                            : "?";
}

static void look(const char *path)
{
    struct stat st;

    if (stat(path, &st))
        TELL("%s: %s", path, error_name(errno));
    else
        TELL("%s: %s", path, kind(st.st_mode));
}

static void random_device(const char *path)
{
    int fd = open(path, O_RDONLY), zeros = 0;

    SAY_OK(fd);
    memset(a, 0, sizeof a);
    SAY(read(fd, a, 4096));
    SAY(read(fd, b, 4096));
    for (int i = 0; i < 4096; i++)
        zeros += a[i] == 0;
    TELL("%d %d", zeros < 100, memcmp(a, b, 4096) != 0);
    SAY(read(fd, a, 3));
    SAY(lseek(fd, 0, SEEK_CUR));
    SAY(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
    close(fd);
    fd = open(path, O_WRONLY);
    SAY(write(fd, "seed", 4));
    close(fd);
}

static void full(void)
{
    int fd = open("/dev/full", O_RDWR);

    SAY_OK(fd);
    memset(a, 1, sizeof a);
    SAY(read(fd, a, 100));
    TELL("%d %d", a[0], a[99]);
    SAY(write(fd, a, 100));
    SAY(write(fd, a, 0));
    SAY(lseek(fd, 10, SEEK_SET));
    close(fd);
}

static void zero(void)
{
    int fd = open("/dev/zero", O_RDWR);
    char *map;

    memset(a, 1, sizeof a);
    SAY(read(fd, a, 4096));
    TELL("%d %d", a[0], a[4095]);
    SAY(write(fd, a, 100));
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    SAY(map == MAP_FAILED ? -1 : 0);
    if (map != MAP_FAILED) {
        TELL("%d", map[5000]);
        map[5000] = 7;
        TELL("%d", map[5000]);
        munmap(map, 8192);
    }
    map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SAY(map == MAP_FAILED ? -1 : 0);
    if (map != MAP_FAILED) {
        pid_t child;
        IN_CHILD(child)
        map[0] = 9;
        end_of(child);
        TELL("%d", map[0]);
    }
    close(fd);
    fd = open("/dev/null", O_RDWR | O_TRUNC);
    SAY_OK(fd);
    SAY(read(fd, a, 10));
    SAY(write(fd, a, 10));
    SAY(lseek(fd, 5, SEEK_SET));
    close(fd);
}

static void shared(void)
{
    struct stat st;
    int fd;
    sem_t *sem;
    pid_t child;
    char *map;

    SAY(stat("/dev/shm", &st));
    TELL("%s %o", kind(st.st_mode), st.st_mode & 07777);
    shm_unlink("/same-test");
    fd = shm_open("/same-test", O_RDWR | O_CREAT | O_EXCL, 0600);
    SAY_OK(fd);
    SAY(shm_open("/same-test", O_RDWR | O_CREAT | O_EXCL, 0600));
    SAY(ftruncate(fd, 8192));
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SAY(map == MAP_FAILED ? -1 : 0);
    IN_CHILD(child)
    {
        int own = shm_open("/same-test", O_RDWR, 0);
        char *there =
            mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
        strcpy(there + 4096, "from the child");
    }
    end_of(child);
    TELL("%s", map + 4096);
    SAY(shm_unlink("/same-test"));
    SAY(shm_unlink("/same-test"));
    SAY(shm_open("/same-test", O_RDWR, 0));
    sem_unlink("/same-sem");
    sem = sem_open("/same-sem", O_CREAT, 0600, 0);
    SAY(sem == SEM_FAILED ? -1 : 0);
    if (sem != SEM_FAILED) {
        IN_CHILD(child)
        {
            sem_t *own = sem_open("/same-sem", 0);
            nap_ms(50);
            sem_post(own);
        }
        SAY(sem_wait(sem));
        end_of(child);
        SAY(sem_trywait(sem));
        SAY(sem_close(sem));
    }
    SAY(sem_unlink("/same-sem"));
    SAY(sem_unlink("/same-sem"));
}

static void descriptors(void)
{
    char path[64];
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600), again, ends[2];

    write(fd, "hello", 5);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    again = open(path, O_RDONLY);
    SAY_OK(again);
    SAY(pread(again, a, 10, 0));
    close(again);
    pipe(ends);
    write(ends[1], "abc", 3);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    again = open(path, O_RDONLY);
    SAY_OK(again);
    SAY(read(again, a, 10));
    close(again);
    look("/dev/stdin");
    dup2(fd, 0);
    again = open("/dev/stdin", O_RDONLY);
    SAY_OK(again);
    SAY(pread(again, a, 10, 0));
    close(again);
    close(fd);
}

static void processes(const char *self)
{
    char path[64], target[512], *end, state = 0;
    int fd, pid = 0;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/cmdline", getpid());
    fd = open(path, O_RDONLY);
    n = read(fd, target, sizeof target);
    TELL("%d", n == (ssize_t)strlen(self) + 1 && !strcmp(self, target));
    close(fd);
    fd = open("/proc/self/stat", O_RDONLY);
    n = read(fd, a, sizeof a - 1);
    a[n > 0 ? n : 0] = 0;
    end = strrchr(a, ')');
    sscanf(a, "%d", &pid);
    if (end)
        sscanf(end + 1, " %c", &state);
    TELL("%d %d", pid == getpid(), state == 'R' || state == 'S');
    int ppid = 0;
    if (end)
        sscanf(end + 1, " %*c %d", &ppid);
    SAY(ppid == getppid());
    close(fd);
    fd = open("/proc/self/status", O_RDONLY);
    n = read(fd, a, sizeof a - 1);
    a[n > 0 ? n : 0] = 0;
    TELL("%d %d", strstr(a, "\nPid:\t") != NULL, strstr(a, "\nUid:\t") != NULL);
    close(fd);
    SAY(open("/proc/99999/stat", O_RDONLY));
}

int main(int argc, char **argv)
{
    static const char *const paths[] = {
        "/dev/null",    "/dev/zero",     "/dev/full",    "/dev/random",
        "/dev/urandom", "/dev/tty",      "/dev/shm",     "/proc/self",
        "/proc/mounts", "/proc/meminfo", "/proc/uptime", "/proc/loadavg",
        "/proc/version"};

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        look(paths[i]);
    random_device("/dev/urandom");
    random_device("/dev/random");
    SAY(getrandom(a, 256, 0));
    SAY(getrandom(a, 256, GRND_NONBLOCK));
    SAY(getrandom(a, 256, GRND_RANDOM));
    SAY(getrandom(a, 0, 0));
    full();
    zero();
    shared();
    descriptors();
    processes(argv[0]);
    return 0;
}
