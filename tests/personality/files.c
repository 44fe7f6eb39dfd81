/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, directories, links, times, locks, memory. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_read_write(void)
{
    char text[64] = "";
    int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0640);
    struct stat st;

    CHECK("create", fd >= 0);
    CHECK("create again",
          open("f", O_RDWR | O_CREAT | O_EXCL, 0640) == -1 && errno == EEXIST);
    CHECK("write", write(fd, "hello world", 11) == 11);
    CHECK("seek", lseek(fd, 6, SEEK_SET) == 6);
    CHECK("read",
          read(fd, text, sizeof text) == 5 && !memcmp(text, "world", 5));
    CHECK("end", read(fd, text, sizeof text) == 0);
    CHECK("pread", pread(fd, text, 5, 0) == 5 && !memcmp(text, "hello", 5));
    CHECK("pwrite", pwrite(fd, "J", 1, 0) == 1);
    CHECK("seek from the end", lseek(fd, -1, SEEK_END) == 10);
    CHECK("a bad seek", lseek(fd, -100, SEEK_CUR) == -1 && errno == EINVAL);
    CHECK("stat", fstat(fd, &st) == 0 && st.st_size == 11 &&
                      (st.st_mode & 07777) == 0640 && S_ISREG(st.st_mode) &&
                      st.st_nlink == 1);
    CHECK("truncate",
          ftruncate(fd, 5) == 0 && fstat(fd, &st) == 0 && st.st_size == 5);
    struct iovec iov[2] = {{"ab", 2}, {"cd", 2}};
    lseek(fd, 0, SEEK_SET);
    CHECK("writev", writev(fd, iov, 2) == 4);
    CHECK("what was written",
          pread(fd, text, 64, 0) == 5 && !memcmp(text, "abcdo", 5));
    CHECK("sync", fsync(fd) == 0);
    CHECK("close", close(fd) == 0);
    CHECK("closed", close(fd) == -1 && errno == EBADF);
    fd = open("f", O_WRONLY | O_APPEND);
    CHECK("append",
          write(fd, "zz", 2) == 2 && fstat(fd, &st) == 0 && st.st_size == 7);
    CHECK("write only", read(fd, text, 1) == -1 && errno == EBADF);
    close(fd);
    fd = open("f", O_RDONLY);
    CHECK("read only", write(fd, "x", 1) == -1 && errno == EBADF);
    close(fd);
    fd = open("f", O_WRONLY | O_TRUNC);
    CHECK("shortened", fstat(fd, &st) == 0 && st.st_size == 0);
    close(fd);
    CHECK("no such", open("nothing", O_RDONLY) == -1 && errno == ENOENT);
    CHECK("empty name", open("", O_RDONLY) == -1 && errno == ENOENT);
    CHECK("below a file", open("f/x", O_RDONLY) == -1 && errno == ENOTDIR);
    CHECK("not a directory",
          open("f", O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
    CHECK("a directory to write", open(".", O_WRONLY) == -1 && errno == EISDIR);
}

static void test_large(void)
{
    static char out[300000], in[300000];
    int fd = open("large", O_RDWR | O_CREAT | O_TRUNC, 0600);

    for (unsigned i = 0; i < sizeof out; i++)
        out[i] = (char)(i * 7 + i / 4096);
    CHECK("write much", write(fd, out, sizeof out) == (ssize_t)sizeof out);
    CHECK("read much", pread(fd, in, sizeof in, 0) == (ssize_t)sizeof in);
    CHECK("the same", !memcmp(in, out, sizeof in));
    char *map =
        mmap(NULL, sizeof out, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK("map", map != MAP_FAILED);
    if (map != MAP_FAILED) {
        CHECK("mapped", !memcmp(map, out, sizeof out));
        map[100] = 'x';
        CHECK("private", pread(fd, in, 1, 100) == 1 && in[0] == out[100]);
        munmap(map, sizeof out);
    }
    map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
    CHECK("map shared", map != MAP_FAILED);
    if (map != MAP_FAILED) {
        memcpy(map + 10, "shared", 6);
        CHECK("msync", msync(map, 8192, MS_SYNC) == 0);
        CHECK("seen by read",
              pread(fd, in, 6, 4106) == 6 && !memcmp(in, "shared", 6));
        munmap(map, 8192);
    }
    close(fd);
    unlink("large");
}

static void test_names(void)
{
    struct stat st, st2;
    char text[64];

    CHECK("mkdir", mkdir("d", 0755) == 0);
    CHECK("mkdir again", mkdir("d", 0755) == -1 && errno == EEXIST);
    CHECK("trailing slash", mkdir("d/e/", 0700) == 0 && stat("d/e/", &st) == 0);
    CHECK("rmdir, not empty", rmdir("d") == -1 && errno == ENOTEMPTY);
    CHECK("unlink of a directory",
          unlink("d") == -1 && (errno == EISDIR || errno == EPERM));
    CHECK("rmdir of a file", rmdir("f") == -1 && errno == ENOTDIR);
    CHECK("link", link("f", "d/g") == 0 && stat("d/g", &st) == 0 &&
                      stat("f", &st2) == 0 && st.st_ino == st2.st_ino &&
                      st.st_nlink == 2);
    CHECK("link again", link("f", "d/g") == -1 && errno == EEXIST);
    CHECK("rename", rename("d/g", "h") == 0 && access("d/g", F_OK) == -1);
    CHECK("rename a directory", rename("d/e", "e2") == 0 &&
                                    stat("e2", &st) == 0 &&
                                    S_ISDIR(st.st_mode));
    CHECK("rename over", rename("h", "f") == 0);
    CHECK("symlink", symlink("f", "s") == 0);
    CHECK("readlink", readlink("s", text, sizeof text) == 1 && text[0] == 'f');
    CHECK("readlink of a file",
          readlink("f", text, sizeof text) == -1 && errno == EINVAL);
    CHECK("lstat", lstat("s", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK("stat through it", stat("s", &st) == 0 && S_ISREG(st.st_mode));
    CHECK("no follow",
          open("s", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK("a loop", symlink("loop", "loop") == 0 &&
                        open("loop", O_RDONLY) == -1 && errno == ELOOP);
    CHECK("dangling", symlink("gone", "dangle") == 0 &&
                          open("dangle", O_RDONLY) == -1 && errno == ENOENT);
    CHECK("unlink",
          unlink("s") == 0 && unlink("loop") == 0 && unlink("dangle") == 0);
    CHECK("rmdir", rmdir("e2") == 0 && rmdir("d") == 0);
}

static int has_name(const char *dir, const char *name)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    int found = 0;

    while (d && (entry = readdir(d)))
        found += !strcmp(entry->d_name, name);
    if (d)
        closedir(d);
    return found;
}

static void test_directories(void)
{
    char name[32], cwd[256], here[256];
    int count = 0;
    DIR *d;

    CHECK("getcwd", getcwd(here, sizeof here) != NULL);
    mkdir("many", 0755);
    CHECK("chdir", chdir("many") == 0);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "a-rather-long-name-%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    strcat(here, "/many");
    CHECK("getcwd below",
          getcwd(cwd, sizeof cwd) != NULL && !strcmp(cwd, here));
    d = opendir(".");
    for (struct dirent *e; (e = readdir(d));)
        count++;
    CHECK("all entries", count == 202);
    rewinddir(d);
    CHECK("rewound", readdir(d) != NULL);
    closedir(d);
    CHECK("by name", has_name(".", "a-rather-long-name-77") == 1);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "a-rather-long-name-%d", i);
        unlink(name);
    }
    CHECK("small buffer", getcwd(cwd, 3) == NULL && errno == ERANGE);
    CHECK("back", chdir("..") == 0 && rmdir("many") == 0);
    CHECK("chdir to a file", chdir("f") == -1 && errno == ENOTDIR);
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    CHECK("fchdir", chdir("/") == 0 && fchdir(fd) == 0);
    CHECK("openat", openat(fd, "f", O_RDONLY) >= 0);
    CHECK("mkdirat", mkdirat(fd, "at", 0700) == 0 &&
                         unlinkat(fd, "at", AT_REMOVEDIR) == 0);
    close(fd);
}

static void test_attributes(void)
{
    struct stat st;
    struct statfs fs;
    struct timespec times[2] = {{1000, 0}, {2000, 0}};

    CHECK("chmod", chmod("f", 0604) == 0 && stat("f", &st) == 0 &&
                       (st.st_mode & 07777) == 0604);
    CHECK("utimensat", utimensat(AT_FDCWD, "f", times, 0) == 0 &&
                           stat("f", &st) == 0 && st.st_mtime == 2000 &&
                           st.st_atime == 1000);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_nsec = UTIME_NOW;
    CHECK("now", utimensat(AT_FDCWD, "f", times, 0) == 0 &&
                     stat("f", &st) == 0 && st.st_mtime > 100000 &&
                     st.st_atime == 1000);
    CHECK("access", access("f", R_OK | W_OK) == 0);
    CHECK("access of nothing", access("nope", F_OK) == -1 && errno == ENOENT);
    umask(077);
    close(open("u", O_CREAT | O_WRONLY, 0666));
    CHECK("umask", stat("u", &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK("umask's old value", umask(022) == 077);
    unlink("u");
    CHECK("statfs", statfs(".", &fs) == 0 && fs.f_bsize > 0 && fs.f_blocks > 0);
    CHECK("truncate",
          truncate("f", 10) == 0 && stat("f", &st) == 0 && st.st_size == 10);
    if (geteuid() == 0) {
        CHECK("chown", chown("f", 5, 6) == 0 && stat("f", &st) == 0 &&
                           st.st_uid == 5 && st.st_gid == 6);
        CHECK("chown back", chown("f", 0, 0) == 0);
    }
}

static void test_descriptors(void)
{
    int fd = open("f", O_RDWR), dup1 = dup(fd), flags;
    char c;

    CHECK("dup shares the place",
          write(fd, "ab", 2) == 2 && lseek(dup1, 0, SEEK_CUR) == 2);
    CHECK("dup2", dup2(fd, 100) == 100 && lseek(100, 0, SEEK_CUR) == 2);
    CHECK("dup2 to itself", dup2(fd, fd) == fd);
    CHECK("dup2 of nothing", dup2(99, 98) == -1 && errno == EBADF);
    CHECK("dupfd", fcntl(fd, F_DUPFD, 50) == 50);
    CHECK("cloexec", fcntl(50, F_SETFD, FD_CLOEXEC) == 0 &&
                         fcntl(50, F_GETFD) == FD_CLOEXEC);
    CHECK("flags", ((flags = fcntl(fd, F_GETFL)) & O_ACCMODE) == O_RDWR);
    CHECK("append", fcntl(fd, F_SETFL, flags | O_APPEND) == 0 &&
                        fcntl(dup1, F_GETFL) & O_APPEND);
    close(50);
    close(100);
    close(dup1);
    close(fd);
    CHECK("closed", read(fd, &c, 1) == -1 && errno == EBADF);
    CHECK("lowest", open("f", O_RDONLY) == fd);
    close(fd);
    CHECK("no terminal", isatty(open("f", O_RDONLY)) == 0 && errno == ENOTTY);
}

static void test_locks(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    int fd = open("f", O_RDWR), other, status;

    CHECK("lock", fcntl(fd, F_OFD_SETLK, &lock) == 0);
    pid_t pid = fork();
    if (!pid) {
        struct flock mine = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
        other = open("f", O_RDWR);
        int refused = fcntl(other, F_OFD_SETLK, &mine) == -1 &&
                      (errno == EAGAIN || errno == EACCES);
        _exit(refused ? 0 : 1);
    }
    CHECK("another may not", waitpid(pid, &status, 0) == pid &&
                                 WIFEXITED(status) && WEXITSTATUS(status) == 0);
    lock.l_type = F_UNLCK;
    CHECK("unlock", fcntl(fd, F_OFD_SETLK, &lock) == 0);
    CHECK("flock", flock(fd, LOCK_EX) == 0 && flock(fd, LOCK_UN) == 0);
    close(fd);
}

int main(void)
{
    char dir[] = "/tmp/filesXXXXXX";

    CHECK("mkdtemp", mkdtemp(dir) && chdir(dir) == 0);
    test_read_write();
    test_large();
    test_names();
    test_directories();
    test_attributes();
    test_descriptors();
    test_locks();
    unlink("f");
    unlink("h");
    CHECK("clean up", chdir("/") == 0 && rmdir(dir) == 0);
    return check_report("files");
}
