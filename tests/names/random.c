/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random changes of a small tree: what each call answers, and what is there in
 * the end.  Says the same wherever it runs, if the systems are the same.
 *
 * usage: random DIRECTORY SEED COUNT
 * The directory is made. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEPTH 8 /* no path leads out of the directory that is made */

static uint64_t state;

static unsigned draw(unsigned limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % limit;
}

/* Up to three components of few names, now and then with a tail. */
static void draw_path(char *path)
{
    static const char *const names[] = {"a", "b", "c", "l"};
    static const char *const tails[] = {"/", "/.", "/..", "//"};

    *path = 0;
    for (unsigned left = 1 + draw(3) * draw(2); left; left--) {
        strcat(path, names[draw(4)]);
        if (left > 1)
            strcat(path, draw(8) ? "/" : "/../");
    }
    if (!draw(10))
        strcat(path, tails[draw(4)]);
}

static const char *change(const char *one, const char *two, int *result)
{
    static const char *const targets[] = {"a", "../b", "b/c", ".", "l", "c/"};

    switch (draw(14)) {
    case 0:
    case 1:
    case 2:
        *result = mkdir(one, 0755);
        return "mkdir";
    case 3:
    case 4:
        *result = open(one, O_CREAT | (draw(2) ? O_EXCL : 0) | O_RDWR, 0644);
        if (*result >= 0)
            *result = close(*result);
        return "create";
    case 5:
    case 6:
    case 7:
        *result = rename(one, two);
        return "rename";
    case 8:
        *result = (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two,
                               RENAME_NOREPLACE);
        return "rename new";
    case 9:
    case 10:
        *result = (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two,
                               RENAME_EXCHANGE);
        return "exchange";
    case 11:
        *result = link(one, two);
        return "link";
    case 12:
        *result = symlink(targets[draw(6)], one);
        return "symlink";
    default:
        *result = draw(2) ? unlink(one) : rmdir(one);
        return "remove";
    }
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void show(const char *path, int depth)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, compare);

    for (int i = 0; i < count; i++) {
        char below[4096];
        struct stat st, up, here;
        const char *name = entries[i]->d_name;
        snprintf(below, sizeof below, "%s/%s", path, name);
        if (!strcmp(name, ".") || !strcmp(name, ".."))
            continue;
        lstat(below, &st);
        printf("%*s%s %o %d\n", 4 + depth, "", name, st.st_mode & S_IFMT,
               (int)st.st_nlink);
        if (S_ISDIR(st.st_mode)) {
            strcat(below, "/..");
            if (stat(below, &up) || stat(path, &here) ||
                up.st_ino != here.st_ino)
                printf("    its .. is another\n");
            below[strlen(below) - 3] = 0;
            show(below, depth + 1);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    char one[256], two[256], word[4096];
    int result = 0;

    if (argc < 4 || mkdir(argv[1], 0755) || chdir(argv[1]))
        return 1;
    for (int i = 0; i < DEPTH; i++)
        if (mkdir("in", 0755) || chdir("in"))
            return 1;
    state = strtoull(argv[2], NULL, 0);
    for (int i = 0; i < atoi(argv[3]); i++) {
        draw_path(one);
        draw_path(two);
        errno = 0;
        const char *what = change(one, two, &result);
        printf("%d: %s %s %s: %s\n", i, what, one, two,
               result ? strerrorname_np(errno) : "ok");
        if (i % 50 == 49)
            show(argv[1], 0);
    }
    printf("end of random\n");
    snprintf(word, sizeof word, "rm -rf '%s'", argv[1]);
    return chdir("/") || system(word);
}
