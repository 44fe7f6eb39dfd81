/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories that are read while names come and go. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMES_MAX 4000

struct record { /* Linux's dirent64 */
    uint64_t ino;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

static int seen[NAMES_MAX];

static char *name_of(int i)
{
    static char name[300];

    /* Some are long, so that records of all sizes come together. */
    snprintf(name, sizeof name, "%d%.*s", i, i % 7 * 9,
             "-a-name-that-is-longer-than-others-are-and-longer-still");
    return name;
}

static void touch(const char *name)
{
    close(open(name, O_CREAT | O_WRONLY, 0644));
}

static void make(int count)
{
    mkdir("d", 0755);
    CHECK("into it", chdir("d") == 0);
    for (int i = 0; i < count; i++)
        touch(name_of(i));
}

static void unmake(void)
{
    DIR *dir = opendir(".");
    struct dirent *entry;
    int left = 0;

    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            unlink(entry->d_name);
    rewinddir(dir);
    while ((entry = readdir(dir)))
        left += entry->d_name[0] != '.';
    closedir(dir);
    CHECK("nothing left", left == 0);
    CHECK("out of it", chdir("..") == 0 && rmdir("d") == 0);
}

/* Notes each name that a read of SIZE bytes shows; FUN is called for each. */
static int read_some(int fd, unsigned size, void (*fun)(int number))
{
    static char room[1 << 16] __attribute__((aligned(8)));
    long got = syscall(SYS_getdents64, fd, room, size);
    int count = 0;

    for (long at = 0; at < got; count++) {
        struct record *record = (struct record *)(room + at);
        int number = atoi(record->name);
        at += record->size;
        if (record->name[0] < '0' || record->name[0] > '9' ||
            number >= NAMES_MAX)
            continue;
        seen[number]++;
        if (fun)
            fun(number);
    }
    return got < 0 ? -1 : count;
}

static void read_all(int fd, unsigned size, void (*fun)(int number))
{
    memset(seen, 0, sizeof seen);
    while (read_some(fd, size, fun) > 0)
        ;
}

static int wrong(int count, int step)
{
    int bad = 0;

    for (int i = 0; i < count; i += step)
        bad += seen[i] != 1;
    return bad;
}

static void remove_it(int number)
{
    unlink(name_of(number));
}

/* Its neighbours, which may have been shown, go; others come. */
static void stir(int number)
{
    char name[64];

    if (number % 2)
        return;
    unlink(name_of(number + 1));
    snprintf(name, sizeof name, "new-%d", number);
    touch(name);
    if (number % 3 == 0) {
        char other[80];
        snprintf(other, sizeof other, "other-%d", number);
        rename(name, other);
    }
}

static void test_sizes(void)
{
    static const unsigned sizes[] = {96, 120, 256, 1000, 2048, 4096, 32768};

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int count = 40; count <= 2000; count *= 7) {
            make(count);
            int fd = open(".", O_RDONLY);
            read_all(fd, sizes[i], remove_it);
            CHECK("each is shown once while they go", !wrong(count, 1));
            lseek(fd, 0, SEEK_SET);
            read_all(fd, sizes[i], NULL);
            CHECK("none is there afterwards", wrong(count, 1) == count);
            close(fd);
            unmake();
        }
    }
}

static void test_stir(void)
{
    static const unsigned sizes[] = {96, 500, 4096};

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make(900);
        int fd = open(".", O_RDONLY);
        read_all(fd, sizes[i], stir);
        CHECK("what stays is shown once", !wrong(900, 2));
        close(fd);
        unmake();
    }
}

static void test_too_small(void)
{
    make(1);
    int fd = open(".", O_RDONLY);
    errno = 0;
    CHECK("no room for one", read_some(fd, 16, NULL) == -1 && errno == EINVAL);
    read_all(fd, 24, NULL);
    CHECK("room for one", !wrong(1, 1));
    close(fd);
    unmake();
}

/* Positions stay good while others go. */
static void test_positions(void)
{
    static long places[1002];
    static int numbers[1002];
    int count = 0, bad = 0;
    struct dirent *entry;

    make(1000);
    DIR *dir = opendir(".");
    for (;;) {
        places[count] = telldir(dir);
        if (!(entry = readdir(dir)))
            break;
        numbers[count++] = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);
    }
    CHECK("all", count == 1002);
    for (int i = 0; i < count; i++)
        if (numbers[i] >= 0 && numbers[i] % 3)
            remove_it(numbers[i]);
    for (int i = count; i-- > 0;) {
        int next = i;
        while (next < count && numbers[next] >= 0 && numbers[next] % 3)
            next++;
        seekdir(dir, places[i]);
        entry = readdir(dir);
        if (!entry)
            bad += next != count;
        else
            bad += next == count ||
                   (numbers[next] >= 0 ? atoi(entry->d_name) != numbers[next]
                                       : entry->d_name[0] != '.');
    }
    CHECK("each place leads to what stood there or behind", bad == 0);
    touch("late");
    rewinddir(dir);
    bad = count = 0;
    while ((entry = readdir(dir))) {
        count += !strcmp(entry->d_name, "late");
        bad += entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
               atoi(entry->d_name) % 3;
    }
    CHECK("after a rewind it is as it is", bad == 0 && count == 1);
    closedir(dir);
    unmake();
}

/* An open file has one position, whoever has it. */
static void test_shared(void)
{
    int status;

    make(600);
    int fd = open(".", O_RDONLY), copy = dup(fd), own = open(".", O_RDONLY);
    memset(seen, 0, sizeof seen);
    while (read_some(fd, 256, NULL) > 0 && read_some(copy, 512, NULL) > 0)
        ;
    CHECK("two readers of one open", !wrong(600, 1));
    read_all(own, 512, NULL);
    CHECK("another open", !wrong(600, 1));
    lseek(fd, 0, SEEK_SET);
    memset(seen, 0, sizeof seen);
    read_some(fd, 4096, NULL);
    pid_t pid = fork();
    if (!pid)
        _exit(read_some(fd, 4096, NULL) > 0 ? 0 : 1);
    waitpid(pid, &status, 0);
    CHECK("a child reads on", status == 0);
    while (read_some(fd, 4096, NULL) > 0)
        ;
    int shown = 600 - wrong(600, 1);
    CHECK("and the parent behind it", shown < 600 && shown > 300);
    close(fd);
    close(copy);
    close(own);
    unmake();
}

/* Names by the thousand: found, renamed, removed, and their room used again. */
static void test_many(void)
{
    struct stat st, again;
    int bad = 0;

    make(NAMES_MAX);
    stat(".", &st);
    for (int i = 0; i < NAMES_MAX; i += 2)
        bad += rename(name_of(i), "moving") || rename("moving", name_of(i));
    for (int i = 1; i < NAMES_MAX; i += 2)
        bad += unlink(name_of(i)) != 0;
    for (int i = 1; i < NAMES_MAX; i += 2)
        bad += access(name_of(i), F_OK) == 0;
    for (int i = 1; i < NAMES_MAX; i += 2)
        touch(name_of(i));
    for (int i = 0; i < NAMES_MAX; i++)
        bad += access(name_of(i), F_OK) != 0;
    CHECK("all are where they should be", bad == 0);
    stat(".", &again);
    CHECK("the room is used again",
          again.st_size <= st.st_size + st.st_size / 8);
    int fd = open(".", O_RDONLY);
    read_all(fd, 32768, NULL);
    CHECK("each is shown once", !wrong(NAMES_MAX, 1));
    close(fd);
    unmake();
}

static void test_others(void)
{
    int fd = open("/proc", O_RDONLY), files = 0;
    char number[16];

    snprintf(number, sizeof number, "%d", getpid());
    memset(seen, 0, sizeof seen);
    for (int n; (n = read_some(fd, 64, NULL)) > 0;)
        files += n;
    CHECK("/proc, entry by entry",
          files > 5 && (getpid() >= NAMES_MAX || seen[getpid()] == 1));
    close(fd);
    fd = open("/dev/null", O_RDONLY);
    errno = 0;
    CHECK("no directory", read_some(fd, 4096, NULL) == -1 && errno == ENOTDIR);
    close(fd);
}

int main(void)
{
    char folder[] = "/tmp/directories-XXXXXX";

    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    test_sizes();
    test_stir();
    test_too_small();
    test_positions();
    test_shared();
    test_many();
    test_others();
    if (chdir("/") == 0)
        rmdir(folder);
    return check_report("directories");
}
