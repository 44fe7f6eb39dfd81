/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may do what to a file, and what becomes of set-id bits.  Root runs it: what
 * others do is done in children. */
#include "same.h"

#include <grp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define NOBODY 65534

static unsigned mode_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? 0 : st.st_mode & 07777;
}

static void make(const char *path, unsigned uid, unsigned gid, unsigned mode)
{
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    if (write(open(path, O_WRONLY), "text", 4) != 4 || chown(path, uid, gid) ||
        chmod(path, mode))
        TELL("%s: %s", path, error_name(errno));
}

/* GROUP besides nobody's own. */
static void become_nobody(gid_t group)
{
    if (setgroups(group ? 1 : 0, &group) || setgid(NOBODY) || setuid(NOBODY))
        TELL("nobody: %s", error_name(errno));
}

#define AS_NOBODY(group)                                                       \
    for (pid_t done = fork(); done >= 0;                                       \
         done == 0 ? _exit(0) : (void)end_of(done), done = -1)                 \
        if (done == 0 && (become_nobody(group), 1))

static void writing(unsigned mode)
{
    make("f", NOBODY, NOBODY, mode);
    AS_NOBODY(0)
    {
        SAY(write(open("f", O_WRONLY), "x", 1));
    }
    TELL("%o written: %o", mode, mode_of("f"));
    make("f", NOBODY, NOBODY, mode);
    AS_NOBODY(0)
    {
        SAY(truncate("f", 2));
    }
    TELL("%o cut: %o", mode, mode_of("f"));
    make("f", NOBODY, NOBODY, mode);
    AS_NOBODY(0)
    {
        SAY_OK(open("f", O_WRONLY | O_TRUNC));
    }
    TELL("%o opened anew: %o", mode, mode_of("f"));
    make("f", NOBODY, NOBODY, mode);
    SAY(write(open("f", O_WRONLY), "x", 1));
    SAY(truncate("f", 2));
    TELL("%o changed by root: %o", mode, mode_of("f"));
    make("f", 0, 0, mode | 0666);
    AS_NOBODY(0)
    {
        SAY(write(open("f", O_WRONLY), "x", 1));
    }
    TELL("%o written by another: %o", mode, mode_of("f"));
}

static void owners(unsigned mode)
{
    make("f", NOBODY, NOBODY, mode);
    SAY(chown("f", 1000, 1000));
    TELL("%o given by root: %o", mode, mode_of("f"));
    make("f", NOBODY, NOBODY, mode);
    AS_NOBODY(1000)
    {
        SAY(chown("f", -1, 1000));
        SAY(chown("f", NOBODY, -1));
        SAY(chown("f", 1000, -1));
        SAY(chown("f", -1, 1001));
    }
    TELL("%o given to a group: %o", mode, mode_of("f"));
}

static void set_group(void)
{
    make("f", NOBODY, 1000, 0755);
    AS_NOBODY(0)
    {
        SAY(chmod("f", 02755));
    }
    TELL("set-group by one not in it: %o", mode_of("f"));
    AS_NOBODY(1000)
    {
        SAY(chmod("f", 02755));
    }
    TELL("by one in it: %o", mode_of("f"));
    SAY(chmod("f", 06755));
    TELL("by root: %o", mode_of("f"));
    AS_NOBODY(0)
    {
        SAY(chmod("f", 07777));
    }
    TELL("all bits: %o", mode_of("f"));
    make("f", 0, NOBODY, 0664);
    AS_NOBODY(0)
    {
        SAY(chmod("f", 0777));
        SAY(chown("f", NOBODY, NOBODY));
        SAY(write(open("f", O_WRONLY), "x", 1));
        SAY(utimensat(AT_FDCWD, "f", NULL, 0));
    }
    TELL("root's file of nobody's group: %o", mode_of("f"));
}

static void making(void)
{
    struct stat st;

    umask(0);
    SAY(mkdir("g", 0777));
    SAY(chown("g", 0, 1000));
    SAY(chmod("g", 02777));
    AS_NOBODY(0)
    {
        SAY_OK(open("g/f", O_CREAT | O_WRONLY, 06775));
        SAY_OK(open("g/h", O_CREAT | O_WRONLY, 02765));
        SAY(mkdir("g/d", 07755));
    }
    stat("g/f", &st);
    TELL("file: %o of %d:%d", st.st_mode, (int)st.st_uid, (int)st.st_gid);
    stat("g/h", &st);
    TELL("file: %o of %d:%d", st.st_mode, (int)st.st_uid, (int)st.st_gid);
    stat("g/d", &st);
    TELL("directory: %o of %d:%d", st.st_mode, (int)st.st_uid, (int)st.st_gid);
    SAY(mkdir("g/e", 06755));
    TELL("root's: %o", mode_of("g/e"));
    SAY(mkdir("e", 06755));
    TELL("elsewhere: %o", mode_of("e"));
}

static void sticky(void)
{
    SAY(mkdir("s", 0777));
    SAY(chmod("s", 01777));
    make("s/root", 0, 0, 0666);
    make("s/other", 1000, 1000, 0666);
    make("s/own", NOBODY, NOBODY, 0600);
    SAY(mkdir("s/d", 0777));
    AS_NOBODY(0)
    {
        SAY(unlink("s/root"));
        SAY(unlink("s/other"));
        SAY(rename("s/root", "s/new"));
        SAY(rename("s/own", "s/root"));
        SAY(rename("s/other", "s/own"));
        SAY(rmdir("s/d"));
        SAY(link("s/own", "s/more"));
        SAY(unlink("s/more"));
        SAY(unlink("s/own"));
    }
    SAY(unlink("s/other"));
}

static void directories(void)
{
    SAY(mkdir("w", 0700));
    SAY(chown("w", NOBODY, NOBODY));
    make("w/f", NOBODY, NOBODY, 0600);
    for (unsigned mode = 0; mode < 01000; mode += 0100) {
        SAY(chmod("w", mode));
        AS_NOBODY(0)
        {
            SAY_OK(open("w/f", O_RDONLY));
            SAY_OK(open("w/n", O_CREAT | O_WRONLY, 0600));
            SAY(mkdir("w/d", 0700));
            SAY(rmdir("w/d"));
            SAY(symlink("x", "w/l"));
            SAY(unlink("w/l"));
            SAY(link("w/f", "w/m"));
            SAY(unlink("w/m"));
            SAY(unlink("w/none"));
            SAY(rename("w/n", "w/o"));
            SAY(unlink("w/o"));
            SAY_OK(open("w", O_RDONLY));
            SAY(access("w", W_OK));
        }
    }
    SAY(chmod("w", 0700));
}

int main(void)
{
    umask(0);
    SAY(chmod(".", 0755));
    writing(04755);
    writing(02755);
    writing(02745);
    writing(06711);
    owners(04755);
    owners(02755);
    owners(02745);
    owners(06755);
    set_group();
    making();
    sticky();
    directories();
    return 0;
}
