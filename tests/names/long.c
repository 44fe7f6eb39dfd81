/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Long paths, long links, many links, deep directories, another root, and the
 * flags of the calls that take a directory.  Says the same wherever it runs, if
 * the systems are the same.
 *
 * usage: long DIRECTORY, which is made */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[4096];

#define SAY(call)                                                              \
    do {                                                                       \
        errno = 0;                                                             \
        long say_result = (long)(call);                                        \
        printf("%d: %s: %s\n", __LINE__, #call,                                \
               say_result == -1 ? strerrorname_np(errno) : "ok");              \
        fflush(stdout);                                                        \
    } while (0)
#define SHOW(format, ...)                                                      \
    do {                                                                       \
        printf("%d: " format "\n", __LINE__, __VA_ARGS__);                     \
        fflush(stdout);                                                        \
    } while (0)

static void put(const char *name, const char *text, int mode)
{
    int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, mode);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        printf("cannot make %s\n", name);
    close(fd);
}

static int opens(const char *name, int flags)
{
    int fd = open(name, flags, 0644);

    if (fd >= 0)
        close(fd);
    return fd < 0 ? -1 : 0;
}

/* PREFIX, then "./" until NAME makes SIZE bytes of it. */
static const char *path_of(const char *prefix, const char *name, size_t size)
{
    static char path[5000];
    size_t length = strlen(prefix), end = size - strlen(name);

    strcpy(path, prefix);
    for (; length + 2 <= end; length += 2)
        strcpy(path + length, "./");
    for (; length < end; length++)
        strcpy(path + length, "/");
    strcpy(path + length, name);
    return path;
}

static void test_lengths(void)
{
    static const size_t sizes[] = {1000, 1022, 1023, 1024, 1025, 2047,
                                   3000, 4094, 4095, 4096, 4500};
    struct stat st;
    char absolute[4200];

    put("f", "text", 0644);
    mkdir("d", 0755);
    snprintf(absolute, sizeof absolute, "%s/", top);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i];
        SHOW("size %zu", n);
        SAY(stat(path_of("", "f", n), &st));
        SAY(stat(path_of(absolute, "f", n), &st));
        SAY(stat(path_of("d/../", "f", n), &st));
        SAY(stat(path_of("d/../", "d/", n), &st));
        SAY(stat(path_of("", "f/", n), &st));
        SAY(stat(path_of("", "f/.", n), &st));
        SAY(stat(path_of("", "none", n), &st));
        SAY(stat(path_of("none/", "f", n), &st));
        SAY(stat(path_of("f/", "f", n), &st));
        SAY(opens(path_of("", "new", n), O_CREAT | O_EXCL | O_WRONLY));
        SAY(opens(path_of("", "new", n), O_CREAT | O_EXCL | O_WRONLY));
        SAY(opens(path_of("", "d", n), O_DIRECTORY));
        SAY(opens(path_of("", "f", n), O_DIRECTORY));
        SAY(chmod(path_of("", "new", n), 0600));
        SAY(truncate(path_of("", "new", n), 10));
        SAY(access(path_of("", "new", n), R_OK));
        SAY(rename(path_of("", "new", n), "newer"));
        SAY(rename("newer", path_of("", "new", n)));
        SAY(link("f", path_of("", "hard", n)));
        SAY(symlink("f", path_of("", "soft", n)));
        SAY(lstat(path_of("", "soft", n), &st));
        SAY(mkdir(path_of("", "e", n), 0755));
        SAY(mkdir(path_of("", "e2/", n), 0755));
        SAY(chdir(path_of("", "e", n)));
        SAY(chdir(".."));
        SAY(chdir(top));
        SAY(rmdir(path_of("", "e", n)));
        SAY(rmdir(path_of("", "e2", n)));
        SAY(unlink(path_of("", "soft", n)));
        SAY(unlink(path_of("", "hard", n)));
        SAY(unlink(path_of("", "new", n)));
    }
}

/* a, a/a, ... DEPTH times, with names of 200 bytes. */
static void test_depth(void)
{
    char name[201], path[8192];
    int depth = 0;

    memset(name, 'a', 200);
    name[200] = 0;
    for (; depth < 40; depth++) {
        if (mkdir(name, 0755) || chdir(name))
            break;
        errno = 0;
        char *got = getcwd(path, sizeof path);
        SHOW("depth %d: %s %zu", depth, got ? "ok" : strerrorname_np(errno),
             got ? strlen(path) - strlen(top) : 0);
    }
    put("deep", "x", 0644);
    SAY(access("deep", R_OK));
    SAY(access("../deep", R_OK));
    for (int up = 0; up < depth; up++)
        strcpy(path + 3 * up, "../");
    strcpy(path + 3 * depth, "f");
    SAY(access(path, R_OK));
    unlink("deep");
    for (int up = depth; up-- > 0;)
        if (chdir("..") || rmdir(name))
            SHOW("cannot remove at %d", up);
    SAY(chdir(top));
}

static void test_links(void)
{
    char name[64], target[64], text[5000], many[512];
    struct stat st;

    for (int i = 1; i <= 45; i++) {
        snprintf(name, sizeof name, "l%d", i);
        snprintf(target, sizeof target, i == 1 ? "f" : "l%d", i - 1);
        if (symlink(target, name))
            SHOW("cannot make %s", name);
        snprintf(name, sizeof name, "a%d", i);
        snprintf(text, sizeof text, i == 1 ? "%s/f" : "%s/a%d", top, i - 1);
        if (symlink(text, name))
            SHOW("cannot make %s", name);
    }
    for (int i = 38; i <= 43; i++) {
        snprintf(name, sizeof name, "l%d", i);
        SHOW("%d links: %s", i,
             stat(name, &st) ? strerrorname_np(errno) : "ok");
        snprintf(name, sizeof name, "a%d", i);
        SHOW("%d absolute ones: %s", i,
             stat(name, &st) ? strerrorname_np(errno) : "ok");
    }
    if (symlink(".", "here"))
        SHOW("cannot make %s", "here");
    for (int n = 39; n <= 42; n++) {
        *many = 0;
        for (int i = 0; i < n; i++)
            strcat(many, "here/");
        strcat(many, "f");
        SHOW("%d on the way: %s", n,
             stat(many, &st) ? strerrorname_np(errno) : "ok");
    }
    for (int i = 1; i <= 45; i++) {
        snprintf(name, sizeof name, "l%d", i);
        unlink(name);
        *name = 'a';
        unlink(name);
    }
    unlink("here");
}

static void test_targets(void)
{
    static const size_t sizes[] = {59,   60,   61,   500,  1000, 1022, 1023,
                                   1024, 2000, 3000, 4000, 4094, 4095, 4096};
    static char text[5000];
    char absolute[4200];
    struct stat st;

    snprintf(absolute, sizeof absolute, "%s/", top);
    put("d/in", "in", 0644);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i];
        SHOW("target of %zu", n);
        SAY(symlink(path_of("", "f", n), "s"));
        SAY(symlink(path_of("", "d", n), "sd"));
        SAY(symlink(path_of(absolute, "f", n), "sa"));
        SAY(symlink(path_of(absolute, "d", n), "sad"));
        ssize_t got = readlink("s", text, sizeof text);
        SHOW("read %zd %d", got,
             got > 0 && !memcmp(text, path_of("", "f", n), (size_t)got));
        SAY(readlink("s", text, 10));
        SHOW("size %d", lstat("s", &st) ? -1 : (int)st.st_size);
        SAY(stat("s", &st));
        SAY(stat("s/", &st));
        SAY(stat("sd/", &st));
        SAY(stat("sd/in", &st));
        SAY(stat("sd/none", &st));
        SAY(stat("sa", &st));
        SAY(stat("sa/", &st));
        SAY(stat("sad/in", &st));
        SAY(stat("sad/in/", &st));
        SAY(opens("sd/made", O_CREAT | O_EXCL | O_WRONLY));
        SAY(unlink("sad/made"));
        SAY(opens("s", O_RDONLY | O_NOFOLLOW));
        SAY(opens("sad", O_RDONLY | O_DIRECTORY));
        SAY(stat(path_of("sd/../", "f", 1500), &st));
        SAY(stat(path_of("sad/../", "sad/in", 4000), &st));
        unlink("s");
        unlink("sd");
        unlink("sa");
        unlink("sad");
    }
}

static void run(const char *path, const char *argument)
{
    char *argv[] = {(char *)"program", (char *)argument, NULL};
    int status;

    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        execve(path, argv, argv + 2);
        printf("exec: %s\n", strerrorname_np(errno));
        exit(7);
    }
    waitpid(pid, &status, 0);
    SHOW("status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void test_exec(const char *self)
{
    char text[4200];

    snprintf(text, sizeof text, "#!%s -script\n", self);
    put("script", text, 0755);
    run(path_of("", "script", 900), "one");
    run(path_of("", "script", 2000), "two");
    run(path_of("", "script", 4095), "three");
    run(path_of("", "script", 4096), "four");
    run(path_of("/", self + 1, 3000), "-said");
    run(path_of("/", self + 1, 4095), "-said");
}

/* Nothing leads out of another root, in however many parts it is asked. */
static void test_root(void)
{
    struct stat root, st;
    int status;

    mkdir("jail", 0755);
    mkdir("jail/below", 0755);
    if (symlink("/", "jail/slash") || symlink("/..", "jail/up") ||
        symlink(path_of("/", "..", 3000), "jail/longup"))
        SHOW("cannot make %s", "links");
    stat("jail", &root);
    fflush(stdout);
    if (fork()) {
        wait(&status);
        goto out;
    }
    if (chroot("jail") || chdir("/below"))
        _exit(1);
    static const char *const names[] = {"/..",     "..",        "../..",
                                        "/slash",  "/up",       "/longup",
                                        "../up/.", "/longup/.."};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char path[4096];
        int bad = stat(names[i], &st) || st.st_ino != root.st_ino;
        SHOW("root: %s %d", names[i], bad);
        strcpy(path, path_of(names[i][0] == '/' ? "/" : "./", names[i], 4000));
        bad = stat(path, &st) || st.st_ino != root.st_ino;
        SHOW("root: long %s %d", names[i], bad);
    }
    char many[4000] = "";
    for (int i = 0; i < 1200; i++)
        strcpy(many + 3 * i, "../");
    SHOW("root: a thousand times %d",
         stat(many, &st) || st.st_ino != root.st_ino);
    fflush(stdout);
    _exit(0);
out:
    unlink("jail/slash");
    unlink("jail/up");
    unlink("jail/longup");
    rmdir("jail/below");
    rmdir("jail");
}

static void test_flags(void)
{
    char text[64];
    struct stat st;
    struct statx stx;
    int dir = open("d", O_RDONLY | O_DIRECTORY), fd = open("f", O_RDWR);
    int path = open("f", O_PATH), folder = open("d", O_PATH), link_fd;

    if (symlink("f", "s"))
        SHOW("cannot make %s", "s");
    link_fd = open("s", O_PATH | O_NOFOLLOW);
    SHOW("path descriptors %d", path >= 0 && folder >= 0 && link_fd >= 0);
    SAY(read(path, text, 1));
    SAY(fstat(path, &st));
    SAY(fstat(link_fd, &st));
    SHOW("a link %d", S_ISLNK(st.st_mode));
    SHOW("its target %d", (int)readlinkat(link_fd, "", text, sizeof text));
    SAY(readlinkat(dir, "", text, sizeof text));
    SAY(readlinkat(fd, "", text, sizeof text));
    SAY(fstatat(folder, "in", &st, 0));
    SAY(openat(folder, "in", O_RDONLY));
    SAY(openat(path, "in", O_RDONLY));
    SAY(openat(dir, "", O_RDONLY));
    SAY(fstatat(dir, "", &st, 0));
    SAY(fstatat(dir, "", &st, AT_EMPTY_PATH));
    SAY(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
    SAY(fstatat(999, "", &st, AT_EMPTY_PATH));
    SAY(fstatat(999, "f", &st, 0));
    SAY(fstatat(999, "/", &st, 0));
    SAY(fstatat(dir, "in", &st, 0x40000));
    SAY(fstatat(dir, "in", &st, AT_NO_AUTOMOUNT));
    SAY(statx(dir, "in", 0x40000, STATX_TYPE, &stx));
    SAY(statx(link_fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_TYPE,
              &stx));
    SAY(syscall(SYS_faccessat2, dir, "in", R_OK, 0x40000));
    SAY(syscall(SYS_faccessat2, dir, "in", R_OK, AT_EACCESS));
    SAY(syscall(SYS_faccessat2, AT_FDCWD, "s", F_OK, AT_SYMLINK_NOFOLLOW));
    SAY(faccessat(dir, "in", 8, 0));
    SAY(unlinkat(dir, "in", 0x40000));
    SAY(unlinkat(AT_FDCWD, "d", 0));
    SAY(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR));
    SAY(linkat(AT_FDCWD, "s", AT_FDCWD, "s2", 0));
    SHOW("a link's link %d", !lstat("s2", &st) && S_ISLNK(st.st_mode));
    SAY(linkat(AT_FDCWD, "s", AT_FDCWD, "s3", AT_SYMLINK_FOLLOW));
    SHOW("a file's link %d", !lstat("s3", &st) && S_ISREG(st.st_mode));
    SAY(linkat(AT_FDCWD, "s", AT_FDCWD, "s4", AT_SYMLINK_NOFOLLOW));
    SAY(linkat(fd, "", AT_FDCWD, "s5", 0));
    SAY(fchownat(AT_FDCWD, "s", -1, -1, AT_SYMLINK_NOFOLLOW));
    SAY(fchownat(fd, "", -1, -1, AT_EMPTY_PATH));
    SAY(fchownat(fd, "", -1, -1, 0x40000));
    SAY(utimensat(AT_FDCWD, "s", NULL, AT_SYMLINK_NOFOLLOW));
    SAY(utimensat(AT_FDCWD, "s", NULL, 0x40000));
    SAY(syscall(SYS_utimensat, fd, NULL, NULL, 0));
    SAY(futimens(fd, NULL));
    SAY(renameat2(AT_FDCWD, "s2", AT_FDCWD, "s3", RENAME_NOREPLACE));
    SAY(renameat2(AT_FDCWD, "s2", AT_FDCWD, "s2", RENAME_NOREPLACE));
    SAY(renameat2(AT_FDCWD, "s2", AT_FDCWD, "s3", RENAME_EXCHANGE));
    SHOW("exchanged %d", !lstat("s3", &st) && S_ISLNK(st.st_mode) &&
                             !lstat("s2", &st) && S_ISREG(st.st_mode));
    SAY(renameat2(AT_FDCWD, "s2", AT_FDCWD, "s3", 0x100));
    mkdir("p", 0755);
    mkdir("p/q", 0755);
    SAY(renameat2(AT_FDCWD, "p/q", AT_FDCWD, "s2", RENAME_EXCHANGE));
    SHOW("links %d %d", !stat("p", &st) ? (int)st.st_nlink : -1,
         !stat("s2", &st) ? (int)st.st_nlink : -1);
    SHOW("the parent %d", !stat(".", &st) ? (int)st.st_nlink : -1);
    ino_t here = st.st_ino;
    SHOW("its .. %d", !stat("s2/..", &st) && st.st_ino == here);
    SAY(renameat2(AT_FDCWD, "p/q", AT_FDCWD, "s2", RENAME_EXCHANGE));
    SAY(renameat2(AT_FDCWD, "p/q", AT_FDCWD, "p", RENAME_EXCHANGE));
    SAY(renameat2(AT_FDCWD, "p", AT_FDCWD, "p/q", RENAME_EXCHANGE));
    SAY(renameat2(AT_FDCWD, "p/q", AT_FDCWD, "d", RENAME_EXCHANGE));
    SAY(access("p/q/in", F_OK));
    SAY(renameat2(AT_FDCWD, "p/q", AT_FDCWD, "d", RENAME_EXCHANGE));
    SAY(rmdir("p/q"));
    SAY(rmdir("p"));
    SAY(fchdir(folder));
    SAY(fchdir(path));
    SAY(fchdir(fd));
    SAY(chdir(top));
    SAY(open("d", O_TMPFILE | O_RDONLY, 0600));
    SAY(mkfifo("pipe", 0644));
    SAY(opens("pipe", O_RDONLY | O_DIRECTORY));
    SAY(opens("pipe", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    SAY(opens("pipe/", O_RDONLY));
    SAY(opens("pipe/x", O_RDONLY));
    SAY(opens("pipe", O_RDONLY | O_NONBLOCK));
    SAY(opens("pipe", O_PATH));
    SAY(stat("pipe/", &st));
    SAY(unlink("pipe/x"));
    SAY(mkdir("pipe/x", 0755));
    SAY(rename("f", "pipe/x"));
    SAY(rename("pipe/x", "f"));
    SAY(symlink("f", "pipe/x"));
    SAY(unlink("pipe/"));
    SAY(unlink("pipe"));
    for (int i = 2; i < 6; i++) {
        snprintf(text, sizeof text, "s%d", i);
        unlink(text);
    }
    unlink("s");
    close(dir);
    close(fd);
    close(path);
    close(folder);
    close(link_fd);
}

/* A directory that was removed while it is used. */
static void test_removed(void)
{
    char room[512];
    struct stat st;

    mkdir("gone", 0755);
    mkdir("other", 0755);
    put("file", "x", 0644);
    int fd = open("gone", O_RDONLY | O_DIRECTORY);
    SAY(chdir("gone"));
    SAY(rmdir("../gone"));
    SAY(syscall(SYS_getdents64, fd, room, sizeof room));
    SAY(lseek(fd, 0, SEEK_SET));
    SAY(getcwd(room, sizeof room) ? 0 : -1);
    SAY(stat(".", &st));
    SHOW("links %d", (int)st.st_nlink);
    SAY(fstat(fd, &st));
    SAY(opens("new", O_CREAT | O_WRONLY));
    SAY(opens("none", O_RDONLY));
    SAY(mkdir("new", 0755));
    SAY(symlink("x", "new"));
    SAY(mknod("new", S_IFREG | 0644, 0));
    SAY(linkat(AT_FDCWD, "../file", fd, "new", 0));
    snprintf(room, sizeof room, "%.400s/file", top);
    SAY(link(room, "new"));
    SAY(rename(room, "new"));
    snprintf(room, sizeof room, "%.400s/other", top);
    SAY(rename(room, "new"));
    SAY(unlink("new"));
    SAY(rmdir("new"));
    SAY(openat(fd, "new", O_CREAT | O_WRONLY, 0644));
    SAY(chdir("."));
    SAY(fchdir(fd));
    SAY(chdir(top));
    SAY(fchdir(fd));
    SAY(chdir(top));
    close(fd);
    mkdir("gone", 0755);
    fd = open("gone", O_RDONLY | O_DIRECTORY);
    SAY(rename("other", "gone"));
    SAY(syscall(SYS_getdents64, fd, room, sizeof room));
    SAY(openat(fd, "new", O_CREAT | O_WRONLY, 0644));
    close(fd);
    SAY(rmdir("gone"));
    SAY(unlink("file"));
}

int main(int argc, char **argv)
{
    static char self[4096];

    if (argc > 1 && !strcmp(argv[1], "-said"))
        return printf("said\n") < 0;
    if (argc > 3 && !strcmp(argv[1], "-script")) {
        int fd = open(argv[2], O_RDONLY);
        char c = 0;
        return printf("script %d %c %s\n", fd >= 0 && read(fd, &c, 1) == 1, c,
                      argv[argc - 1]) < 0;
    }
    umask(022);
    if (argc < 2 || !realpath(argv[0], self) || mkdir(argv[1], 0755) ||
        chdir(argv[1]) || !getcwd(top, sizeof top))
        return 1;
    test_lengths();
    test_depth();
    test_links();
    test_targets();
    test_exec(self);
    test_root();
    test_flags();
    test_removed();
    unlink("script");
    unlink("f");
    unlink("d/in");
    SAY(rmdir("d"));
    SAY(chdir("/"));
    SAY(rmdir(top));
    printf("end of long\n");
    return 0;
}
