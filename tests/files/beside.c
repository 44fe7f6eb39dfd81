/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others do beside somebody who waits for a slow disk.
 *
 *     beside FOLDER [COLD | +FILE]
 *
 * Two children read COLD, which nobody has in memory, one by calls and one by
 * mapping it.  Until they are done this process reads FOLDER and its files, which
 * are in memory, in every way.  The last line says how often it could, and the
 * longest that one round took.  With a plus the children write FILE, and another,
 * and wait until it is on the disk, a few times.  Without anything it does so for
 * two seconds, alone.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES 64

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_all(const char *name)
{
    static char data[0x20000];
    int file = open(name, O_RDONLY);
    ssize_t got;

    if (file < 0)
        die(name);
    while ((got = read(file, data, sizeof data)) > 0)
        continue;
    if (got < 0)
        die("read");
    close(file);
}

static void map_all(const char *name)
{
    int file = open(name, O_RDONLY);
    volatile unsigned char sum = 0;
    struct stat st;

    if (file < 0 || fstat(file, &st))
        die(name);
    unsigned char *map =
        mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (map == MAP_FAILED)
        die("mmap");
    for (off_t at = 0; at < st.st_size; at += 4096)
        sum += map[at];
    munmap(map, (size_t)st.st_size);
    close(file);
}

static void write_slowly(const char *name)
{
    static char data[0x10000];
    int file = open(name, O_RDWR | O_CREAT, 0600);

    if (file < 0)
        die(name);
    for (int i = 0; i < 3; i++) {
        if (pwrite(file, data, sizeof data, i * (off_t)sizeof data) < 0)
            die("pwrite");
        if (fsync(file))
            die("fsync");
    }
    close(file);
}

static void sync_slowly(const char *unused)
{
    for (int i = 0; i < 3; i++)
        sync();
}

static pid_t begin(void (*fn)(const char *name), const char *name)
{
    pid_t child = fork();

    if (!child) {
        fn(name);
        _exit(0);
    }
    return child;
}

static void make_files(void)
{
    char name[16];

    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "f%d", i);
        FILE *file = fopen(name, "w");
        if (!file || fputs(name, file) < 0 || fclose(file))
            die(name);
    }
}

static void round_of(unsigned count)
{
    char name[16];
    DIR *folder = opendir(".");

    if (!folder)
        die("opendir");
    while (readdir(folder))
        continue;
    closedir(folder);
    snprintf(name, sizeof name, "f%u", count % FILES);
    read_all(name);
    map_all(name);
    snprintf(name, sizeof name, "new%u", count);
    int file = open(name, O_RDWR | O_CREAT, 0600);
    if (file < 0 || write(file, name, sizeof name) != sizeof name)
        die(name);
    close(file);
    if (unlink(name))
        die("unlink");
}

static void wait_alone(const char *unused)
{
    sleep(2);
}

int main(int argc, char **argv)
{
    unsigned count = 0, left = argc - 1;
    double longest = 0, began;
    int status;

    if (argc < 2 || argc > 3 || chdir(argv[1]))
        return 2;
    make_files();
    if (argc == 2) {
        begin(wait_alone, NULL);
    } else if (*argv[2] == '+') {
        begin(write_slowly, argv[2] + 1);
        begin(sync_slowly, NULL);
    } else {
        begin(read_all, argv[2]);
        begin(map_all, argv[2]);
    }
    began = now();
    while (left) {
        double start = now();
        round_of(count++);
        if (now() - start > longest)
            longest = now() - start;
        if (argc > 2 && *argv[2] == '+')
            usleep(
                20000); /* or freed blocks that wait for a sync are all there are */
        while (waitpid(-1, &status, WNOHANG) > 0) {
            if (status)
                return 1;
            left--;
        }
    }
    printf("beside: %u rounds, the longest took %.0f ms\n", count,
           longest * 1000);
    printf("bench round %.0f ns\n", (now() - began) * 1e9 / count);
    return 0;
}
