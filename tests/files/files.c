/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs inside the machine as a Linux program: what a file system owes to
 * programs.  Prints `FAIL file:line: what' for each sentence that is false and
 * at last `files: N checks, N failed'.
 *
 *     files DIRECTORY     everything, in an empty directory
 *     files full DIRECTORY      until the disk is full, and after
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static int put(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(text);
}

static int holds(const char *name, const char *text)
{
    char room[4096];
    int fd = open(name, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, room, sizeof room);

    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(text) && !memcmp(room, text, n);
}

static struct stat st_of(const char *name)
{
    struct stat st = {0};

    if (lstat(name, &st))
        st.st_nlink = 0;
    return st;
}

static void test_open(void)
{
    char c;
    CHECK(put("a", "hello"));
    FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
    FAILS(open("none", O_RDONLY), ENOENT);
    FAILS(open("a/b", O_RDONLY), ENOTDIR);
    FAILS(open("a/", O_RDONLY), ENOTDIR);
    CHECK(open("new/", O_RDWR | O_CREAT, 0644) == -1);
    FAILS(open(".", O_RDWR), EISDIR);
    FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
    int fd = open("a", O_WRONLY | O_APPEND), fd2 = open("a", O_RDWR);
    CHECK(write(fd2, "HE", 2) == 2);
    CHECK(write(fd, "1", 1) == 1 && write(fd, "2", 1) == 1);
    CHECK(holds("a", "HEllo12"));
    FAILS(read(fd, &c, 1), EBADF);
    CHECK(pread(fd2, &c, 1, 5) == 1 && c == '1');
    CHECK(lseek(fd2, 0, SEEK_CUR) == 2);
    FAILS(lseek(fd2, -1, SEEK_SET), EINVAL);
    CHECK(lseek(fd2, 0, SEEK_END) == 7 && read(fd2, &c, 1) == 0);
    close(fd);
    close(fd2);
    fd = open("a", O_RDONLY);
    FAILS(write(fd, "x", 1), EBADF);
    FAILS(ftruncate(fd, 0), EINVAL);
    close(fd);
    CHECK(!unlink("a"));
    FAILS(unlink("a"), ENOENT);
    char name[257];
    memset(name, 'n', 256);
    name[256] = 0;
    FAILS(open(name, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
    name[255] = 0;
    CHECK(put(name, "long") && holds(name, "long") && !unlink(name));
}

static void test_links(void)
{
    char target[300];
    CHECK(put("f", "x") && !link("f", "g") && st_of("f").st_nlink == 2);
    CHECK(st_of("f").st_ino == st_of("g").st_ino);
    FAILS(link("f", "g"), EEXIST);
    FAILS(link(".", "dir"), EPERM);
    CHECK(!rename("f", "g") && st_of("f").st_nlink == 2);
    CHECK(!unlink("f") && st_of("g").st_nlink == 1);
    CHECK(!symlink("g", "s") && holds("s", "x"));
    CHECK(readlink("s", target, sizeof target) == 1 && target[0] == 'g');
    FAILS(readlink("g", target, sizeof target), EINVAL);
    CHECK(S_ISLNK(st_of("s").st_mode) && st_of("s").st_size == 1);
    FAILS(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(symlink("x", "s"), EEXIST);
    FAILS(open("s", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
    memset(target, 'l', 299);
    target[250] = 0;
    CHECK(!symlink(target, "long") && st_of("long").st_size == 250);
    FAILS(open("long", O_RDONLY), ENOENT);
    CHECK(put("long", "made") && holds(target, "made"));
    CHECK(!unlink("long") && !unlink(target) && !unlink("s"));
    CHECK(!symlink("two", "one") && !symlink("one", "two"));
    FAILS(open("one", O_RDONLY), ELOOP);
    CHECK(!unlink("one") && !unlink("two") && !unlink("g"));
}

static void test_rename(void)
{
    CHECK(put("a", "a") && put("b", "b") && !rename("a", "b"));
    CHECK(holds("b", "a") && st_of("a").st_nlink == 0);
    CHECK(!rename("b", "b") && holds("b", "a"));
    FAILS(rename("none", "b"), ENOENT);
    CHECK(!mkdir("d", 0755) && !mkdir("d/e", 0755) && !mkdir("x", 0755));
    CHECK(st_of("d").st_nlink == 3);
    FAILS(rename("d", "d/e/f"), EINVAL);
    FAILS(rename("b", "d"), EISDIR);
    FAILS(rename("d", "b"), ENOTDIR);
    FAILS(rename("x", "d"), ENOTEMPTY);
    CHECK(!rename("d", "x") && st_of("x").st_nlink == 3);
    CHECK(!mkdir("y", 0755) && !rename("x/e", "y/e"));
    CHECK(st_of("x").st_nlink == 2 && st_of("y").st_nlink == 3);
    struct stat up = st_of("y/e/..");
    CHECK(up.st_ino == st_of("y").st_ino);
    FAILS(rmdir("y"), ENOTEMPTY);
    FAILS(rmdir("b"), ENOTDIR);
    FAILS(unlink("x"), EISDIR);
    FAILS(rmdir("y/e/."), EINVAL);
    FAILS(mkdir("x", 0755), EEXIST);
    CHECK(!rmdir("y/e") && !rmdir("y") && !rmdir("x") && !unlink("b"));
    CHECK(put("q", "q"));
    int fd = open("q", O_RDWR);
    char c;
    CHECK(put("r", "r") && !rename("r", "q"));
    CHECK(read(fd, &c, 1) == 1 && c == 'q');
    struct stat st;
    CHECK(!fstat(fd, &st) && st.st_nlink == 0);
    CHECK(write(fd, "more", 4) == 4 && !close(fd) && !unlink("q"));
}

static void test_sizes(void)
{
    char data[64], zero[64] = {0};
    int fd = open("s", O_RDWR | O_CREAT, 0644);
    off_t far = 5ll << 30;
    CHECK(pwrite(fd, "end", 3, far) == 3);
    CHECK(st_of("s").st_size == far + 3 && st_of("s").st_blocks < 200);
    CHECK(pread(fd, data, 64, far - 32) == 35 && !memcmp(data, zero, 32) &&
          !memcmp(data + 32, "end", 3));
    CHECK(pread(fd, data, 64, far / 2) == 64 && !memcmp(data, zero, 64));
    memset(data, 'x', 64);
    CHECK(pwrite(fd, data, 64, 0) == 64 && !ftruncate(fd, 10));
    CHECK(!ftruncate(fd, 9000) && pread(fd, data, 64, 0) == 64);
    CHECK(data[9] == 'x' && !memcmp(data + 10, zero, 54));
    CHECK(!ftruncate(fd, 0) && st_of("s").st_blocks == 0);
    FAILS(ftruncate(fd, -1), EINVAL);
    close(fd);
    CHECK(!unlink("s"));
}

static void test_times(void)
{
    struct timespec when[2] = {{1000000000, 0}, {1100000000, 0}};
    CHECK(put("t", "1") && !utimensat(AT_FDCWD, "t", when, 0));
    CHECK(st_of("t").st_atime == 1000000000);
    CHECK(st_of("t").st_mtime == 1100000000);
    CHECK(st_of("t").st_ctime > 1600000000);
    int fd = open("t", O_RDWR);
    CHECK(write(fd, "2", 1) == 1 && st_of("t").st_mtime > 1600000000);
    char c;
    CHECK(read(fd, &c, 1) == 0);
    close(fd);
    CHECK(!mkdir("td", 0700) && !utimensat(AT_FDCWD, "td", when, 0));
    CHECK(put("td/x", "x") && st_of("td").st_mtime > 1600000000);
    CHECK(!unlink("td/x") && !rmdir("td") && !unlink("t"));
}

static void test_modes(void)
{
    CHECK(put("m", "x") && !chmod("m", 04750));
    CHECK((st_of("m").st_mode & 07777) == 04750);
    CHECK(!chown("m", 70000, 80000) && st_of("m").st_uid == 70000 &&
          st_of("m").st_gid == 80000);
    pid_t pid = fork();
    if (!pid) {
        int bad = setgid(1000) || setuid(1000);
        bad |= open("m", O_RDONLY) != -1 || errno != EACCES;
        bad |= unlink("m") != -1 || errno != EACCES;
        bad |= chmod("m", 0777) != -1 || errno != EPERM;
        bad |= open("new", O_CREAT | O_WRONLY, 0600) != -1 || errno != EACCES;
        _exit(bad);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(!unlink("m"));
}

static void test_maps(void)
{
    char page[4096];
    memset(page, 'a', sizeof page);
    int fd = open("m", O_RDWR | O_CREAT, 0644);
    CHECK(write(fd, page, 4096) == 4096 && write(fd, page, 100) == 100);
    char *shared = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *private = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *readonly = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED &&
          readonly != MAP_FAILED);
    if (shared == MAP_FAILED || private == MAP_FAILED || readonly == MAP_FAILED)
        return;
    CHECK(shared[0] == 'a' && shared[4195] == 'a' && shared[4196] == 0);
    shared[1] = 'S';
    CHECK(pread(fd, page, 4, 0) == 4 && page[1] == 'S');
    CHECK(readonly[1] == 'S');
    CHECK(pwrite(fd, "W", 1, 2) == 1 && shared[2] == 'W');
    CHECK(readonly[2] == 'W');
    private[3] = 'P';
    CHECK(pread(fd, page, 4, 0) == 4 && page[3] == 'a' && shared[3] == 'a');
    shared[4] = 'Z';
    CHECK(private[3] == 'P' && private[0] == 'a');
    CHECK(!msync(shared, 8192, MS_SYNC));
    CHECK(!munmap(shared, 8192) && pread(fd, page, 8, 0) == 8 &&
          page[4] == 'Z');
    CHECK(!ftruncate(fd, 3) && !ftruncate(fd, 100));
    CHECK(readonly[2] == 'W' && readonly[3] == 0);
    CHECK(!munmap(private, 8192) && !munmap(readonly, 8192));
    close(fd);
    fd = open("m", O_RDONLY);
    CHECK(mmap(0, 4096, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
          errno == EACCES);
    close(fd);
    CHECK(!unlink("m"));
}

static void test_locks(void)
{
    CHECK(put("l", "x"));
    int a = open("l", O_RDWR), b = open("l", O_RDWR);
    CHECK(!flock(a, LOCK_EX | LOCK_NB));
    FAILS(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    FAILS(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK(!flock(a, LOCK_UN) && !flock(b, LOCK_SH | LOCK_NB));
    CHECK(!flock(a, LOCK_SH | LOCK_NB));
    close(b); /* the server hears of it soon */
    CHECK(!flock(a, LOCK_EX));
    b = open("l", O_RDWR);
    pid_t pid = fork();
    if (!pid) {
        usleep(100000);
        _exit(flock(a, LOCK_UN) != 0);
    }
    int status = -1;
    CHECK(!flock(b, LOCK_EX)); /* waits for the child */
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    close(a);
    close(b);
    CHECK(!unlink("l"));
}

static int count_names(const char *dir)
{
    DIR *d = opendir(dir);
    int n = 0;

    if (!d)
        return -1;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void test_many(void)
{
    char name[64];
    int bad = 0;
    CHECK(!mkdir("many", 0755));
    for (int i = 0; i < 1500; i++) {
        sprintf(name, "many/a-rather-long-name-of-a-file-%d", i);
        bad |= !put(name, i % 100 ? "" : "data");
    }
    CHECK(!bad && count_names("many") == 1502);
    DIR *d = opendir("many");
    struct dirent *e;
    while (d && (e = readdir(d))) { /* names go away while it is listed */
        sprintf(name, "many/%.50s", e->d_name);
        if (e->d_name[0] != '.' && atoi(strrchr(name, '-') + 1) % 2)
            bad |= unlink(name);
    }
    if (d)
        closedir(d);
    CHECK(!bad && count_names("many") < 1502);
    for (int i = 0; i < 1500; i++) {
        sprintf(name, "many/a-rather-long-name-of-a-file-%d", i);
        if (unlink(name) && (errno != ENOENT || i % 2 == 0))
            bad = 1;
    }
    CHECK(!bad && count_names("many") == 2 && !rmdir("many"));
}

/* What is not written makes no file longer; a long one without blocks goes at once. */
static void test_far(void)
{
    int fd = open("far", O_RDWR | O_CREAT, 0600);
    struct stat st;

    FAILS(pwrite(fd, "x", 1, 0x25a8a8a8a8a8a8a8), EFBIG);
    CHECK(!fstat(fd, &st) && st.st_size == 0);
    CHECK(!ftruncate(fd, 15L << 30) && pwrite(fd, "x", 1, 15L << 30) == 1);
    CHECK(!ftruncate(fd, 7) && !ftruncate(fd, 15L << 30));
    CHECK(!unlink("far"));
    close(fd);
    CHECK(put("near", "near") && holds("near", "near") && !unlink("near"));
}

static int run_everything(const char *dir)
{
    if (chdir(dir)) {
        printf("files: %s: cannot be entered\n", dir);
        return 2;
    }
    test_open();
    test_links();
    test_rename();
    test_sizes();
    test_times();
    test_modes();
    test_maps();
    test_locks();
    test_many();
    test_far();
    CHECK(count_names(".") == 2);
    return 0;
}

/* A disk without room says so; what was there stays; room comes back. */
static int run_full(const char *dir)
{
    static char data[65536];
    struct statvfs before, full, after;
    ssize_t n = 0;

    if (chdir(dir))
        return 2;
    CHECK(put("kept", "kept") && !statvfs(".", &before));
    int fd = open("big", O_WRONLY | O_CREAT, 0644);
    memset(data, 'f', sizeof data);
    while ((n = write(fd, data, sizeof data)) > 0)
        ;
    CHECK(n == -1 && errno == ENOSPC);
    CHECK(!statvfs(".", &full) && full.f_bfree < 64);
    struct stat st;
    CHECK(!fstat(fd, &st) && st.st_size > 0);
    off_t size = st.st_size;
    FAILS(pwrite(fd, data, 4096, 1 << 30), ENOSPC);
    CHECK(!fstat(fd, &st) && st.st_size == size);
    close(fd);
    FAILS(mkdir("dir", 0755), ENOSPC);
    CHECK(holds("kept", "kept"));
    CHECK(!unlink("big") && !statvfs(".", &after));
    CHECK(after.f_bfree + 8 >= before.f_bfree);
    char name[32];
    int made = 0, bad = 0;
    for (;; made++) { /* until there are no inodes */
        sprintf(name, "i%d", made);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0)
            break;
        close(fd);
    }
    CHECK(made > 0 && errno == ENOSPC);
    FAILS(mkdir("dir", 0755), ENOSPC);
    FAILS(symlink("a", "link"), ENOSPC);
    while (made-- > 0) {
        sprintf(name, "i%d", made);
        bad |= unlink(name);
    }
    CHECK(!bad && put("again", "again") && holds("again", "again"));
    CHECK(!unlink("again") && !unlink("kept"));
    return 0;
}

int main(int argc, char **argv)
{
    int full = argc == 3 && !strcmp(argv[1], "full");
    int bad;

    if (argc != 2 && !full) {
        fprintf(stderr, "usage: files [full] DIRECTORY\n");
        return 2;
    }
    umask(022);
    bad = full ? run_full(argv[2]) : run_everything(argv[1]);
    printf("files: %d checks, %d failed\n", checks, failed);
    return bad ? bad : failed != 0;
}
