/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/self/fd: the descriptors as names. */
#include "same.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>

static char here[4096];

static const char *own(const char *folder, int fd)
{
    static char names[4][64];
    static int next;
    char *name = names[next++ % 4];

    sprintf(name, "%s/%d", folder, fd);
    return name;
}

#define LINK(fd) own("/proc/self/fd", fd)

/* Without what differs: where we are, and numbers of pipes and sockets. */
static void tell_link(const char *name, int fd)
{
    char text[4096], want[64];
    struct stat st = {0};
    ssize_t length = readlink(name, text, sizeof text - 1);

    if (length < 0) {
        TELL("link: %s", error_name(errno));
        return;
    }
    text[length] = 0;
    fstat(fd, &st);
    sprintf(want, "%s:[%lu]", S_ISSOCK(st.st_mode) ? "socket" : "pipe",
            (unsigned long)st.st_ino);
    if (!strcmp(text, want))
        TELL("link: %s of its number",
             S_ISSOCK(st.st_mode) ? "socket" : "pipe");
    else if (!strncmp(text, here, strlen(here)))
        TELL("link: HERE%s", text + strlen(here));
    else
        TELL("link: %s", text);
}

static void tell_mode(const char *name)
{
    struct stat st;

    if (lstat(name, &st))
        TELL("lstat: %s", error_name(errno));
    else
        TELL("lstat: %o size %ld links %lu owner %d", st.st_mode,
             (long)st.st_size, (unsigned long)st.st_nlink,
             st.st_uid == geteuid());
}

static int make(const char *name, const char *text, int flags)
{
    int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);

    write(fd, text, strlen(text));
    close(fd);
    return open(name, flags);
}

static void modes(void)
{
    static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR, O_PATH};

    for (int i = 0; i < 4; i++) {
        int fd = make("f", "text", flags[i]);
        struct stat a, b;
        tell_mode(LINK(fd));
        tell_link(LINK(fd), fd);
        SAY(stat(LINK(fd), &a));
        SAY(fstat(fd, &b));
        TELL("same file %d", a.st_ino == b.st_ino && a.st_dev == b.st_dev);
        SAY(access(LINK(fd), R_OK | W_OK));
        SAY(access(LINK(fd), X_OK));
        close(fd);
        tell_mode(LINK(fd));
        tell_link(LINK(fd), fd);
        SAY(access(LINK(fd), F_OK));
    }
}

static void reopening(void)
{
    int fd = make("f", "0123456789", O_RDONLY), other;
    char c = 0;

    SAY(lseek(fd, 5, SEEK_SET));
    SAY_OK(other = open(LINK(fd), O_RDONLY));
    SAY(read(other, &c, 1));
    TELL("%c", c);
    SAY(lseek(fd, 0, SEEK_CUR));
    tell_link(LINK(other), other);
    close(other);
    SAY_OK(other = open(LINK(fd), O_WRONLY));
    SAY(write(other, "ab", 2));
    SAY(lseek(fd, 0, SEEK_CUR));
    close(other);
    SAY_OK(other = open(LINK(fd), O_WRONLY | O_TRUNC));
    SAY(lseek(fd, 0, SEEK_END));
    close(other);
    SAY(open(LINK(fd), O_RDONLY | O_NOFOLLOW));
    SAY(open(LINK(fd), O_RDONLY | O_CREAT | O_EXCL, 0600));
    SAY_OK(other = open(LINK(fd), O_RDONLY | O_CREAT, 0600));
    close(other);
    SAY(open(LINK(fd), O_RDONLY | O_DIRECTORY));
    SAY_OK(other = open(LINK(fd), O_PATH | O_NOFOLLOW));
    struct stat st;
    SAY(fstat(other, &st));
    TELL("%o", st.st_mode & S_IFMT);
    close(other);
    SAY_OK(other = open(own("/dev/fd", fd), O_RDONLY));
    tell_link(own("/dev/fd", other), other);
    close(other);
    SAY_OK(other = open(own("/proc/thread-self/fd", fd), O_RDONLY));
    close(other);
    char mine[64];
    sprintf(mine, "/proc/%d/fd/%d", getpid(), fd);
    tell_link(mine, fd);
    SAY(chmod(LINK(fd), 0400));
    SAY(fstat(fd, &st));
    TELL("%o", st.st_mode);
    SAY(truncate(LINK(fd), 7));
    SAY(lseek(fd, 0, SEEK_END));
    close(fd);
    SAY(open(LINK(fd), O_RDONLY));
    SAY(open(own("/dev/fd", fd), O_RDONLY));
    SAY(open(LINK(fd), O_RDONLY | O_NOFOLLOW));
}

static void names(void)
{
    int fd = make("a", "x", O_RDONLY), dir;

    tell_link(LINK(fd), fd);
    SAY(rename("a", "b"));
    tell_link(LINK(fd), fd);
    SAY(mkdir("d", 0755));
    SAY(rename("b", "d/c"));
    tell_link(LINK(fd), fd);
    SAY(rename("d", "e"));
    tell_link(LINK(fd), fd);
    SAY_OK(dir = open("e", O_RDONLY | O_DIRECTORY));
    tell_link(LINK(dir), dir);
    SAY(unlink("e/c"));
    tell_link(LINK(fd), fd);
    close(make("e/c", "another", O_RDONLY));
    tell_link(LINK(fd), fd);
    int again;
    SAY_OK(again = open(LINK(fd), O_RDONLY));
    char text[8] = "";
    SAY(read(again, text, 8));
    TELL("%s", text);
    tell_link(LINK(again), again);
    close(again);
    SAY(unlink("e/c"));
    char path[64];
    sprintf(path, "%s/made", LINK(dir));
    SAY_OK(again = open(path, O_CREAT | O_RDWR, 0600));
    tell_link(LINK(again), again);
    close(again);
    SAY(unlink("e/made"));
    SAY(rmdir("e"));
    tell_link(LINK(dir), dir);
    close(dir);
    close(fd);
    fd = make("1", "x", O_RDONLY);
    SAY(link("1", "2"));
    SAY(unlink("1"));
    tell_link(LINK(fd), fd);
    close(fd);
    SAY(symlink("2", "3"));
    fd = open("./././3", O_RDONLY);
    tell_link(LINK(fd), fd);
    close(fd);
    fd = open("/", O_RDONLY);
    tell_link(LINK(fd), fd);
    close(fd);
    fd = open("/dev/null", O_RDWR);
    tell_link(LINK(fd), fd);
    int third;
    SAY_OK(third = open(LINK(fd), O_WRONLY));
    SAY(write(third, "x", 1));
    close(third);
    close(fd);
    fd = open("/proc/self/fd", O_RDONLY);
    char self[64];
    sprintf(self, "/proc/%d/fd", getpid());
    TELL("own folder %d",
         readlink(LINK(fd), path, sizeof path) == (ssize_t)strlen(self) &&
             !memcmp(path, self, strlen(self)));
    close(fd);
    fd = open("/proc/uptime", O_RDONLY);
    tell_link(LINK(fd), fd);
    close(fd);
    fd = make("1", "linked", O_RDONLY);
    SAY(linkat(AT_FDCWD, LINK(fd), AT_FDCWD, "4", AT_SYMLINK_FOLLOW));
    SAY(unlink("1"));
    tell_link(LINK(fd), fd);
    SAY(unlink("4"));
    SAY(linkat(AT_FDCWD, LINK(fd), AT_FDCWD, "4", AT_SYMLINK_FOLLOW));
    close(fd);
    SAY(mkfifo("fifo", 0600));
    fd = open("fifo", O_RDWR);
    tell_link(LINK(fd), fd);
    close(fd);
}

static void ends(void)
{
    int pipes[2], pair[2], other;
    char c = 0;

    pipe(pipes);
    tell_link(LINK(pipes[0]), pipes[0]);
    tell_mode(LINK(pipes[0]));
    tell_mode(LINK(pipes[1]));
    SAY_OK(other = open(LINK(pipes[1]), O_WRONLY));
    SAY(write(other, "p", 1));
    close(other);
    SAY_OK(other = open(LINK(pipes[0]), O_RDONLY));
    SAY(read(other, &c, 1));
    TELL("%c", c);
    tell_link(LINK(other), other);
    close(other);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    tell_link(LINK(pair[0]), pair[0]);
    tell_mode(LINK(pair[0]));
    SAY(open(LINK(pair[0]), O_RDWR));
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(pipes[i]);
    }
}

static int opened(const char *name)
{
    int fd = open(name, O_RDONLY);

    return fd < 0 ? -1 : close(fd);
}

static void strange(void)
{
    static const char *const names[] = {
        "/proc/self/fd/",      "/proc/self/fd/x",          "/proc/self/fd/0x",
        "/proc/self/fd/00",    "/proc/self/fd/-1",         "/proc/self/fd/999",
        "/proc/self/fd/9999",  "/proc/self/fd/4294967296", "/proc/self/fd/0/",
        "/proc/self/fd/0/x",   "/proc/self/fd/..",         "/dev/fd/x",
        "/dev/fd/99999999999",
    };
    struct stat st;
    char text[64];

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        TELL("%s", names[i]);
        SAY(stat(names[i], &st));
        SAY(lstat(names[i], &st));
        SAY(readlink(names[i], text, sizeof text) > 0 ? 0 : -1);
        SAY(opened(names[i]));
    }
    SAY(unlink("/proc/self/fd/0"));
    SAY(unlink("/proc/self/fd/999"));
    SAY(mkdir("/proc/self/fd/0", 0755));
    SAY(mkdir("/proc/self/fd/999", 0755));
    SAY(rmdir("/proc/self/fd/0"));
    SAY(symlink("x", "/proc/self/fd/0"));
    SAY(open("/proc/self/fd/999", O_RDWR | O_CREAT, 0600));
    SAY(stat("/proc/self/fd", &st));
    TELL("%o %lu", st.st_mode, (unsigned long)st.st_nlink);
    SAY(stat("/dev/fd", &st));
    TELL("%o", st.st_mode);
    if (!geteuid()) /* for others see CAVEATS.md */
        SAY(access("/proc/self/fd", W_OK));
    SAY(readlink("/proc/self/fd/0", text, 3));
    SAY(readlink("/proc/self/fd/0", text, 0));
}

static void list(DIR *dir)
{
    char line[256] = "";
    struct dirent *entry;

    rewinddir(dir);
    while ((entry = readdir(dir)))
        sprintf(line + strlen(line), " %s%s", entry->d_name,
                entry->d_type == DT_LNK   ? "@"
                : entry->d_type == DT_DIR ? "/"
                                          : "?");
    TELL("list:%s", line);
}

static void listing(void)
{
    for (int fd = 3; fd < 300; fd++)
        close(fd);
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    char text[4096];

    list(dir);
    dup2(0, 200);
    dup2(0, 90);
    list(dir);
    close(90);
    list(dir);
    rewinddir(dir);
    for (int i = 0; i < 4; i++)
        entry = readdir(dir);
    TELL("%s", entry->d_name);
    long place = telldir(dir);
    close(1023);
    dup2(1, 150);
    seekdir(dir, place);
    while ((entry = readdir(dir)))
        TELL("%s", entry->d_name);
    seekdir(dir, place);
    TELL("%s", readdir(dir)->d_name);
    SAY(readlinkat(dirfd(dir), "200", text, sizeof text) > 0);
    SAY(readlinkat(dirfd(dir), "201", text, sizeof text));
    SAY_OK(openat(dirfd(dir), "200", O_RDONLY));
    SAY(faccessat(dirfd(dir), "150", F_OK, 0));
    SAY(fchdir(dirfd(dir)));
    SAY(access("200", F_OK));
    SAY(getcwd(text, sizeof text) ? 0 : -1);
    closedir(dir);
    dir = opendir(".");
    list(dir);
    closedir(dir);
    SAY(chdir(here));
    dir = opendir("/dev/fd");
    list(dir);
    closedir(dir);
}

/* Who may not open a file by its name may not by its descriptor either. */
static void others(void)
{
    int fd = make("f", "text", O_RDONLY), mine;
    pid_t child, parent = getpid();
    char name[64];

    fchmod(fd, 0600);
    if (geteuid()) { /* who is no other cannot become one */
        close(fd);
        return;
    }
    SAY(chmod(".", 0777));
    IN_CHILD(child)
    {
        setgid(1000);
        SAY(setuid(1000));
        SAY(open(LINK(fd), O_RDONLY));
        SAY(open(LINK(fd), O_RDWR));
        SAY(open(own("/dev/fd", fd), O_RDONLY));
        SAY_OK(close(open(LINK(fd), O_PATH)));
        tell_link(LINK(fd), fd);
        SAY_OK(mine = open("g", O_CREAT | O_RDWR, 0600));
        tell_link(LINK(mine), mine);
        SAY_OK(close(open(LINK(mine), O_RDWR)));
        SAY(unlink(LINK(mine)));
        SAY(mkdir("/proc/self/fd/999", 0755));
        sprintf(name, "/proc/%d/fd/0", parent);
        SAY(open(name, O_RDONLY));
        SAY(readlink(name, name, sizeof name));
        SAY(stat("/proc/1/fd/0", NULL));
    }
    TELL("%x", end_of(child));
    close(fd);
}

/* What a child inherited, and what comes with an exec, by one's own numbers. */
static void inherited(const char *self)
{
    int fd = make("f", "text", O_RDONLY);
    pid_t child;

    dup2(fd, 50);
    IN_CHILD(child)
    {
        tell_link(LINK(50), 50);
        tell_mode(LINK(50));
        execl(self, self, "again", here, NULL);
    }
    TELL("%x", end_of(child));
    int program = open(self, O_PATH | O_CLOEXEC);
    IN_CHILD(child)
    {
        char *argv[] = {"x", "again", here, NULL}, *envp[] = {NULL};
        execve(LINK(program), argv, envp);
    }
    TELL("%x", end_of(child));
    close(50);
    IN_CHILD(child)
    {
        char *argv[] = {"x", "again", here, NULL}, *envp[] = {NULL};
        fexecve(program, argv, envp);
    }
    TELL("%x", end_of(child));
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        strcpy(here, argv[2]);
        SAY(readlink("/proc/self/exe", here, sizeof here) > 0);
        TELL("%s", strrchr(here, '/') + 1);
        strcpy(here, argv[2]);
        tell_mode(LINK(50));
        tell_link(LINK(50), 50);
        return 0;
    }
    getcwd(here, sizeof here);
    modes();
    reopening();
    names();
    ends();
    strange();
    others();
    inherited(argv[0]);
    listing();
    return 0;
}
