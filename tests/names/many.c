/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of very many names: how long each takes to make, find, list,
 * rename and remove.
 *
 * usage: many DIRECTORY COUNT
 * The directory is made.  Says `STEP: N ns' for each step, per name. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINKS 30000 /* of one file */

static long count, bad;
static struct timespec began;

static void begin(void)
{
    clock_gettime(CLOCK_MONOTONIC, &began);
}

static void end(const char *step)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%s: %.0f ns\n", step,
           ((double)(now.tv_sec - began.tv_sec) * 1e9 +
            (double)(now.tv_nsec - began.tv_nsec)) /
               (double)count);
    fflush(stdout);
}

static const char *name_of(char *name, const char *what, long i)
{
    sprintf(name, "%s-%ld", what, i);
    return name;
}

static void make(void)
{
    char name[64];

    begin();
    for (long i = 0; i < count; i++) {
        if (i % LINKS == 0) {
            unlink("../file");
            close(open("../file", O_CREAT | O_RDWR, 0600));
        }
        bad += link("../file", name_of(name, "name", i)) != 0;
    }
    unlink("../file");
    end("make");
}

/* In no order of theirs. */
static void find(void)
{
    struct stat st;
    char name[64];

    begin();
    for (long i = 0; i < count; i++)
        bad += stat(name_of(name, "name", i * 7919 % count), &st) != 0;
    end("find");
}

static void list(void)
{
    DIR *dir = opendir(".");
    long seen = 0;

    begin();
    while (readdir(dir))
        seen++;
    end("list");
    closedir(dir);
    bad += seen != count + 2;
}

static void move(void)
{
    char name[64], new[64];

    begin();
    for (long i = 0; i < count; i += 2)
        bad += rename(name_of(name, "name", i), name_of(new, "other", i)) != 0;
    end("rename");
}

/* As `rm -r': while it is read. */
static void drop(void)
{
    DIR *dir = opendir(".");
    struct dirent *entry;

    begin();
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            bad += unlink(entry->d_name) != 0;
    end("remove");
    closedir(dir);
}

int main(int argc, char **argv)
{
    count = argc > 2 ? atol(argv[2]) : 0;
    if (count <= 0 || mkdir(argv[1], 0755) || chdir(argv[1]) ||
        mkdir("d", 0755) || chdir("d"))
        return 1;
    make();
    find();
    list();
    move();
    drop();
    bad += chdir("..") || rmdir("d") || chdir("/") || rmdir(argv[1]);
    printf("end of many: %ld wrong\n", bad);
    return bad != 0;
}
