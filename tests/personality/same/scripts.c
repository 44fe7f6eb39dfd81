/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that name their interpreter: how its line is read, and what the
 * interpreter, which is this program, gets of it. */
#include "same.h"

#include <sys/stat.h>

static int show(int argc, char **argv)
{
    printf("  %d:", argc);
    for (int i = 1; i < argc; i++)
        printf(" [%.*s%s]", 40, argv[i], strlen(argv[i]) > 40 ? "..." : "");
    printf("\n");
    return 0;
}

static void write_script(const char *name, const char *text, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);

    write(fd, text, size);
    close(fd);
}

static void run(const char *what, const char *name)
{
    char *args[] = {"zero", "first", "second arg", NULL};
    char *none[] = {NULL};
    pid_t child;

    printf("%s\n", what);
    fflush(stdout);
    IN_CHILD(child)
    {
        execve(name, args, none);
        printf("  %s\n", error_name(errno));
        fflush(stdout);
        _exit(1);
    }
    int status = end_of(child);
    printf("  status %x\n", status);
    fflush(stdout);
}

static void line(const char *text)
{
    char what[64];

    write_script("script", text, strlen(text));
    snprintf(what, sizeof what, "%.50s", text);
    for (char *c = what; *c; c++)
        if (*c == '\n')
            *c = '$';
    run(what, "./script");
}

static void lines(void)
{
    line("#!./p --show\n");
    line("#!./p --show");
    line("#! \t ./p   --show  \t \n");
    line("#!./p --show one two  three \nmore\n");
    line("#!./p --show one\0two\n");
    line("#!./none --show\n");
    line("#!p --show\n");
    line("#!./plain\n");
}

/* The line's end is the 255th, 256th, 257th byte, or nowhere. */
static void lengths(void)
{
    char text[400], what[32];

    for (int size = 253; size <= 258; size++) {
        for (int ended = 0; ended < 2; ended++) {
            memset(text, 'a', sizeof text);
            memcpy(text, "#!./p --show ", 13);
            text[size - 1] = ended ? '\n' : 'a';
            write_script("script", text, (size_t)size);
            snprintf(what, sizeof what, "%d bytes, %sended", size,
                     ended ? "" : "not ");
            run(what, "./script");
        }
    }
    memset(text, 'a', sizeof text);
    memcpy(text, "#!./", 4);
    text[300] = '\n';
    write_script("script", text, 301);
    run("a long name", "./script");
}

static void nested(void)
{
    char name[16], text[64];

    write_script("s0", "#!./p --show\n", 13);
    for (int i = 1; i < 7; i++) {
        snprintf(name, sizeof name, "s%d", i);
        snprintf(text, sizeof text, "#!./s%d arg%d\n", i - 1, i);
        write_script(name, text, strlen(text));
        snprintf(name, sizeof name, "./s%d", i);
        run(name, name);
    }
}

static void rights(void)
{
    write_script("script", "#!./p --show\n", 13);
    chmod("script", 0600);
    run("not executable", "./script");
    chmod("script", 04755);
    run("set-id", "./script");
    SAY(symlink("script", "byname"));
    run("by a link", "./byname");
    mkdir("dir", 0700);
    run("a directory", "./dir");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "--show", 6) == 0)
        return show(argc, argv);
    SAY(symlink(argv[0], "p"));
    write_script("plain", "text", 4);
    chmod("plain", 0600);
    lines();
    lengths();
    nested();
    rights();
    return 0;
}
