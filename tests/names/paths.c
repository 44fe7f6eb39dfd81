/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each system call that takes a path, with each kind of path: what it answers,
 * and what is in the directory afterwards if that has changed.  Says the same
 * wherever it runs, if the systems are the same.
 *
 * usage: paths DIRECTORY [STEP [WORD]]
 * The directory is made.  Of the paths only every STEPth is tried with each
 * call, another one with the next; of the calls those whose names begin with
 * WORD. */
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
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

static char top[4096], n255[256], n256[257];
static int top_fd, work_fd, file_fd, dir_fd;
static char fresh[8192]; /* what is there in the beginning */

/* --- the directory ----------------------------------------------------------- */

static void put(const char *name, const char *text)
{
    int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        printf("cannot make %s\n", name);
    close(fd);
}

static void make(void)
{
    mkdir("w", 0755);
    if (chdir("w"))
        exit(1);
    put("f", "text");
    put("g", "other text");
    mkdir("d", 0755);
    mkdir("full", 0755);
    put("full/in", "");
    if (symlink("f", "lf") || symlink("d", "ld") || symlink("none", "lnone") ||
        symlink("loop", "loop") || symlink("d/", "lds") ||
        symlink("f/", "lfs") || symlink("none/", "lnones") ||
        symlink("full/in", "lin") || symlink("lf", "llf") ||
        symlink("ld/", "llds") || symlink(".", "ldot") || symlink("..", "lup"))
        printf("cannot make links\n");
    file_fd = open("f", O_RDWR);
    dir_fd = open("d", O_RDONLY | O_DIRECTORY);
    work_fd = open(".", O_RDONLY | O_DIRECTORY);
}

static void remove_all(int fd)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (!unlinkat(fd, entry->d_name, 0))
            continue;
        int below =
            openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (below >= 0) {
            fchmod(below, 0755);
            remove_all(below);
        }
        unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    }
    if (dir)
        closedir(dir);
}

static void unmake(void)
{
    close(file_fd);
    close(dir_fd);
    close(work_fd);
    if (fchdir(top_fd))
        exit(1);
    remove_all(openat(top_fd, ".", O_RDONLY | O_DIRECTORY));
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is below FD, in order, as text. */
static void show(int fd, const char *prefix, char *to, size_t size)
{
    char *names[64];
    unsigned count = 0;
    DIR *dir = fdopendir(fd);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)) && count < 64)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            names[count++] = strdup(entry->d_name);
    qsort(names, count, sizeof *names, compare);
    for (unsigned i = 0; i < count; i++) {
        struct stat st = {0};
        char path[600];
        fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW);
        snprintf(to + strlen(to), size - strlen(to), " %s%.12s:%o:%d:%d",
                 prefix, names[i], (unsigned)st.st_mode, (int)st.st_nlink,
                 S_ISREG(st.st_mode) ? (int)st.st_size : 0);
        snprintf(path, sizeof path, "%.20s/", names[i]);
        int below = S_ISDIR(st.st_mode)
                        ? openat(fd, names[i], O_RDONLY | O_DIRECTORY)
                        : -1;
        if (below >= 0)
            show(below, path, to, size);
        free(names[i]);
    }
    if (dir)
        closedir(dir);
}

static void show_all(char *to, size_t size)
{
    *to = 0;
    show(openat(top_fd, ".", O_RDONLY | O_DIRECTORY), "", to, size);
}

/* --- the calls --------------------------------------------------------------- */

static char more[5000]; /* what a call tells besides 0 */

static int opens(const char *path, int flags)
{
    int fd = open(path, flags, 0644);
    struct stat st;

    if (fd >= 0 && !fstat(fd, &st))
        snprintf(more, sizeof more, " %o %d", st.st_mode & S_IFMT,
                 S_ISREG(st.st_mode) ? (int)st.st_size : 0);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? -1 : 0;
}

#define OPEN(name, flags)                                                      \
    static int name(const char *path)                                          \
    {                                                                          \
        return opens(path, flags);                                             \
    }
OPEN(open_read, O_RDONLY)
OPEN(open_write, O_WRONLY)
OPEN(open_truncate, O_RDWR | O_TRUNC)
OPEN(open_create, O_RDWR | O_CREAT)
OPEN(open_create_read, O_RDONLY | O_CREAT)
OPEN(open_create_truncate, O_WRONLY | O_CREAT | O_TRUNC)
OPEN(open_excl, O_RDWR | O_CREAT | O_EXCL)
OPEN(open_create_nofollow, O_RDWR | O_CREAT | O_NOFOLLOW)
OPEN(open_nofollow, O_RDONLY | O_NOFOLLOW)
OPEN(open_directory, O_RDONLY | O_DIRECTORY)
OPEN(open_directory_nofollow, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
OPEN(open_path, O_PATH)
OPEN(open_path_nofollow, O_PATH | O_NOFOLLOW)
OPEN(open_path_directory, O_PATH | O_DIRECTORY)
OPEN(open_path_directory_nofollow, O_PATH | O_DIRECTORY | O_NOFOLLOW)

static int shows(int result, const struct stat *st)
{
    if (!result)
        snprintf(more, sizeof more, " %o", st->st_mode & S_IFMT);
    return result;
}

static int do_stat(const char *path)
{
    struct stat st;

    return shows(stat(path, &st), &st);
}

static int do_lstat(const char *path)
{
    struct stat st;

    return shows(lstat(path, &st), &st);
}

static int fstatat_empty(const char *path)
{
    struct stat st;

    return shows(fstatat(AT_FDCWD, path, &st, AT_EMPTY_PATH), &st);
}

static int fstatat_empty_fd(const char *path)
{
    struct stat st;

    return shows(fstatat(dir_fd, path, &st, AT_EMPTY_PATH), &st);
}

static int fstatat_file(const char *path)
{
    struct stat st;

    return shows(fstatat(file_fd, path, &st, 0), &st);
}

static int fstatat_bad(const char *path)
{
    struct stat st;

    return shows(fstatat(777, path, &st, 0), &st);
}

static int do_statx(const char *path)
{
    struct statx st;
    int result = statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st);

    if (!result)
        snprintf(more, sizeof more, " %o", st.stx_mode & S_IFMT);
    return result;
}

static int statx_empty(const char *path)
{
    struct statx st;
    int result = statx(file_fd, path, AT_EMPTY_PATH, STATX_TYPE, &st);

    if (!result)
        snprintf(more, sizeof more, " %o", st.stx_mode & S_IFMT);
    return result;
}

static int do_access(const char *path)
{
    return access(path, F_OK);
}

static int access_nofollow(const char *path)
{
    return (int)syscall(SYS_faccessat2, AT_FDCWD, path, F_OK,
                        AT_SYMLINK_NOFOLLOW);
}

static int access_empty(const char *path)
{
    return (int)syscall(SYS_faccessat2, file_fd, path, R_OK, AT_EMPTY_PATH);
}

static int do_readlink(const char *path)
{
    char text[4096];
    ssize_t got = readlink(path, text, sizeof text);

    if (got >= 0)
        snprintf(more, sizeof more, " %.*s", (int)got, text);
    return got < 0 ? -1 : 0;
}

static int do_chdir(const char *path)
{
    char text[4096];
    int result = chdir(path);

    if (!result && getcwd(text, sizeof text))
        snprintf(more, sizeof more, " %s",
                 !strncmp(text, top, strlen(top)) ? text + strlen(top) : text);
    return result;
}

static int do_statfs(const char *path)
{
    struct statfs st;

    return statfs(path, &st);
}

static int do_exec(const char *path)
{
    char *argv[] = {"x", NULL};
    int status;
    pid_t pid = fork();

    if (!pid) {
        execve(path, argv, argv + 1);
        _exit(errno);
    }
    waitpid(pid, &status, 0);
    errno = WEXITSTATUS(status);
    return -1;
}

static int do_chmod(const char *path)
{
    return chmod(path, 0755);
}

static int do_chown(const char *path)
{
    return chown(path, -1, -1);
}

static int do_lchown(const char *path)
{
    return lchown(path, -1, -1);
}

static int chown_empty(const char *path)
{
    return fchownat(file_fd, path, -1, -1, AT_EMPTY_PATH);
}

static int do_truncate(const char *path)
{
    return truncate(path, 2);
}

static int do_utimens(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, 0);
}

static int utimens_nofollow(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

static int do_utime(const char *path)
{
    return utime(path, NULL);
}

static int do_unlink(const char *path)
{
    return unlink(path);
}

static int do_rmdir(const char *path)
{
    return rmdir(path);
}

static int do_mkdir(const char *path)
{
    return mkdir(path, 0755);
}

static int mkdirat_dir(const char *path)
{
    return mkdirat(dir_fd, path, 0755);
}

static int mkdirat_file(const char *path)
{
    return mkdirat(file_fd, path, 0755);
}

static int do_mknod(const char *path)
{
    return mknod(path, S_IFREG | 0644, 0);
}

static int do_mkfifo(const char *path)
{
    return mkfifo(path, 0644);
}

static int do_symlink(const char *path)
{
    return symlink("target", path);
}

static int symlink_to(const char *path)
{
    return symlink(path, "new");
}

static int link_from(const char *path)
{
    return link(path, "new");
}

static int link_from_follow(const char *path)
{
    return linkat(AT_FDCWD, path, AT_FDCWD, "new", AT_SYMLINK_FOLLOW);
}

static int link_to(const char *path)
{
    return link("f", path);
}

static int link_dir_to(const char *path)
{
    return link("d", path);
}

static int rename_from(const char *path)
{
    return rename(path, "new");
}

static int rename_from_slash(const char *path)
{
    return rename(path, "new/");
}

static int rename_onto_file(const char *path)
{
    return rename(path, "g");
}

static int rename_onto_dir(const char *path)
{
    return rename(path, "d");
}

static int rename_onto_link(const char *path)
{
    return rename(path, "lnone");
}

static int rename_into(const char *path)
{
    return rename(path, "d/new");
}

static int rename_file_to(const char *path)
{
    return rename("g", path);
}

static int rename_dir_to(const char *path)
{
    return rename("d", path);
}

static int rename_full_to(const char *path)
{
    return rename("full", path);
}

static int rename_link_to(const char *path)
{
    return rename("ld", path);
}

static int rename_missing_to(const char *path)
{
    return rename("nothing", path);
}

static int rename_flags(const char *from, const char *to, unsigned flags)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int rename_new_file_to(const char *path)
{
    return rename_flags("g", path, RENAME_NOREPLACE);
}

static int rename_new_dir_to(const char *path)
{
    return rename_flags("d", path, RENAME_NOREPLACE);
}

static int rename_new_from(const char *path)
{
    return rename_flags(path, "new", RENAME_NOREPLACE);
}

static int exchange_file(const char *path)
{
    return rename_flags("g", path, RENAME_EXCHANGE);
}

static int exchange_dir(const char *path)
{
    return rename_flags("full", path, RENAME_EXCHANGE);
}

static int exchange_below(const char *path)
{
    return rename_flags("full/in", path, RENAME_EXCHANGE);
}

static int exchange_new(const char *path)
{
    return rename_flags(path, "new", RENAME_EXCHANGE);
}

static int rename_bad_flags(const char *path)
{
    return rename_flags(path, "new", RENAME_EXCHANGE | RENAME_NOREPLACE);
}

/* LOOK only looks; EDIT is not done to what is nobody's to change. */
enum kind { LOOK, CHANGE, EDIT };
#define CALL(f)                                                                \
    {                                                                          \
#f, f, CHANGE                                                          \
    }
#define LOOKS(f)                                                               \
    {                                                                          \
#f, f, LOOK                                                            \
    }
#define EDITS(f)                                                               \
    {                                                                          \
#f, f, EDIT                                                            \
    }
static const struct {
    const char *name;
    int (*call)(const char *path);
    enum kind kind;
} calls[] = {
    LOOKS(open_read),
    LOOKS(open_write),
    CALL(open_truncate),
    CALL(open_create),
    CALL(open_create_read),
    CALL(open_create_truncate),
    CALL(open_excl),
    CALL(open_create_nofollow),
    LOOKS(open_nofollow),
    LOOKS(open_directory),
    LOOKS(open_directory_nofollow),
    LOOKS(open_path),
    LOOKS(open_path_nofollow),
    LOOKS(open_path_directory),
    LOOKS(open_path_directory_nofollow),
    LOOKS(do_stat),
    LOOKS(do_lstat),
    LOOKS(fstatat_empty),
    LOOKS(fstatat_empty_fd),
    LOOKS(fstatat_file),
    LOOKS(fstatat_bad),
    LOOKS(do_statx),
    LOOKS(statx_empty),
    LOOKS(do_access),
    LOOKS(access_nofollow),
    LOOKS(access_empty),
    LOOKS(do_readlink),
    LOOKS(do_chdir),
    LOOKS(do_statfs),
    LOOKS(do_exec),
    EDITS(do_chmod),
    EDITS(do_chown),
    EDITS(do_lchown),
    EDITS(chown_empty),
    EDITS(do_truncate),
    EDITS(do_utimens),
    EDITS(utimens_nofollow),
    EDITS(do_utime),
    CALL(do_unlink),
    CALL(do_rmdir),
    CALL(do_mkdir),
    CALL(mkdirat_dir),
    CALL(mkdirat_file),
    CALL(do_mknod),
    CALL(do_mkfifo),
    CALL(do_symlink),
    CALL(symlink_to),
    CALL(link_from),
    CALL(link_from_follow),
    CALL(link_to),
    CALL(link_dir_to),
    CALL(rename_from),
    CALL(rename_from_slash),
    CALL(rename_onto_file),
    CALL(rename_onto_dir),
    CALL(rename_onto_link),
    CALL(rename_into),
    CALL(rename_file_to),
    CALL(rename_dir_to),
    CALL(rename_full_to),
    CALL(rename_link_to),
    CALL(rename_missing_to),
    CALL(rename_new_file_to),
    CALL(rename_new_dir_to),
    CALL(rename_new_from),
    CALL(exchange_file),
    CALL(exchange_dir),
    CALL(exchange_below),
    CALL(exchange_new),
    CALL(rename_bad_flags),
};

/* 5 stands for a name of 255 bytes, 6 for one of 256. */
static const char *const shapes[] = {
    "f",        "f/",      "f//",     "f/.",     "f/..",    "f/x",
    "f/x/",     "g",       "d",       "d/",      "d//",     "d/.",
    "d/./",     "d/..",    "d/../",   "d/x",     "d/x/",    "d/x/y",
    "d//x",     "full",    "full/",   "full/.",  "full/..", "full/in",
    "full/in/", "lf",      "lf/",     "lf/.",    "lf/..",   "lf/x",
    "ld",       "ld/",     "ld//",    "ld/.",    "ld/..",   "ld/x",
    "ld/x/",    "lds",     "lds/",    "lds/x",   "lfs",     "lfs/",
    "lnone",    "lnone/",  "lnone/.", "lnone/x", "lnones",  "lnones/",
    "loop",     "loop/",   "loop/.",  "loop/x",  "lin",     "lin/",
    "llf",      "llf/",    "llds",    "llds/",   "ldot",    "ldot/",
    "ldot/f",   "lup",     "lup/",    "lup/w/f", "",        ".",
    "./",       "./.",     "./f",     "./f/",    "./d/",    "..",
    "../",      "../w",    "../w/",   "../w/f",  "../w/f/", "/",
    "//",       "/.",      "/..",     "none",    "none/",   "none/.",
    "none/..",  "none/x",  "none/x/", "5",       "5/",      "6",
    "6/",       "d/5",     "d/6",     "d/6/",    "none/6",  "f/6",
    "d/../f",   "d/../f/", "d/../d/", ".//f",    "f/../g",  "loop/../f",
};

static void path_of(const char *shape, char *path)
{
    for (*path = 0; *shape; shape++) {
        if (*shape == '5')
            strcat(path, n255);
        else if (*shape == '6')
            strcat(path, n256);
        else
            strncat(path, shape, 1);
    }
}

static void run(unsigned i, const char *shape)
{
    static char after[8192];
    char path[1024];

    path_of(shape, path);
    if (calls[i].kind == EDIT && *path == '/')
        return;
    *more = 0;
    errno = 0;
    int result = calls[i].call(path);
    int error = result ? errno : 0;
    printf("%s \"%s\": %s%s\n", calls[i].name, shape,
           error ? strerrorname_np(error) : "ok", more);
    if (fchdir(work_fd) || calls[i].kind == LOOK)
        return;
    show_all(after, sizeof after);
    if (!strcmp(fresh, after))
        return;
    printf("   %s\n", after);
    unmake();
    make();
}

int main(int argc, char **argv)
{
    memset(n255, 'n', 255);
    memset(n256, 'n', 256);
    umask(022);
    if (argc < 2 || mkdir(argv[1], 0755) || chdir(argv[1]) ||
        !getcwd(top, sizeof top))
        return 1;
    top_fd = open(".", O_RDONLY | O_DIRECTORY);
    make();
    show_all(fresh, sizeof fresh);
    unsigned step = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
    const char *word = argc > 3 ? argv[3] : "";
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
        for (unsigned j = i % step; j < sizeof shapes / sizeof *shapes;
             j += step)
            if (!strncmp(calls[i].name, word, strlen(word)))
                run(i, shapes[j]);
    unmake();
    printf("end of paths\n");
    return chdir("/") || rmdir(argv[1]);
}
