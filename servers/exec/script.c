/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/script.c: files that name their interpreter in the first line:
 * "#!", its name, and perhaps one argument. */

#include <exec/exec.h>
#include <hurd/fs.h>
#include <hurd/libhurd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE 256 /* so much of the file is looked at */
#define DEPTH_MAX     5

/* Splits the line after "#!"; *ARG is null if there is none.  A line that does
 * not end within what was read must at least name its interpreter whole. */
static error_t parse(char *line, boolean_t ended, char **interp, char **arg)
{
    char *end = line + strlen(line);

    while (ended && end > line && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = 0;
    line += strspn(line, " \t");
    *interp = line;
    line += strcspn(line, " \t");
    *arg = NULL;
    if (line == *interp)
        return ended ? HURD_ENOEXEC : HURD_EACCES;
    if (*line == 0)
        return 0;
    *line++ = 0;
    line += strspn(line, " \t");
    if (*line)
        *arg = line;
    return 0;
}

/* The first line without its end, which *ENDED says it has. */
static error_t read_line(file_t file, char line[LINE_MAX_SIZE],
                         boolean_t *ended)
{
    size_t got;
    error_t err = file_read(file, 0, line, LINE_MAX_SIZE, &got);

    if (err)
        return err;
    if (got < 2 || line[0] != '#' || line[1] != '!')
        return HURD_ENOEXEC;
    char *nl = memchr(line, '\n', got);
    *ended = nl != NULL;
    if (nl) {
        *nl = 0;
    } else if (got < LINE_MAX_SIZE) {
        line[got] = 0;
    } else {
        line[LINE_MAX_SIZE - 1] = 0;
        char *name = line + 2 + strspn(line + 2, " \t");
        if (!*name || !name[strcspn(name, " \t")])
            return HURD_ENOEXEC;
    }
    return 0;
}

/* How the interpreter will find the script: by name if there is one, else by a
 * descriptor, which is added to the table. */
static error_t name_script(const struct request *rq, struct request *new,
                           char name[1024], mach_port_t **table)
{
    int allowed = 0;

    if (rq->path[0]) {
        mig_strncpy(name, rq->path, 1024);
        return 0;
    }
    /* The right that came here is one to read, even if the caller may not. */
    error_t err = file_check_access(rq->file, &allowed);
    if (err || !(allowed & HO_READ))
        return HURD_EACCES;
    *table = calloc(rq->dtable_count + 1, sizeof **table);
    if (!*table)
        return HURD_ENOMEM;
    if (rq->dtable_count)
        memcpy(*table, rq->dtable, rq->dtable_count * sizeof **table);
    (*table)[rq->dtable_count] = rq->file;
    new->dtable = *table;
    new->dtable_count = rq->dtable_count + 1;
    snprintf(name, 1024, "/dev/fd/%u", rq->dtable_count);
    return 0;
}

/* Interpreter, argument, script, and all arguments but the first. */
static error_t make_argv(const struct request *rq, struct request *new,
                         const char *interp, const char *arg,
                         const char *script, char **argv)
{
    size_t skip = strnlen(rq->argv, rq->argv_size);
    char *to;

    if (skip < rq->argv_size)
        skip++;
    to = *argv = malloc(strlen(interp) + (arg ? strlen(arg) : 0) +
                        strlen(script) + rq->argv_size + 4);
    if (!to)
        return HURD_ENOMEM;
    to = stpcpy(to, interp) + 1;
    if (arg)
        to = stpcpy(to, arg) + 1;
    to = stpcpy(to, script) + 1;
    memcpy(to, rq->argv + skip, rq->argv_size - skip);
    new->argv = *argv;
    new->argv_size = to + (rq->argv_size - skip) - *argv;
    return 0;
}

error_t exec_script(const struct request *rq)
{
    char line[LINE_MAX_SIZE], script[1024], *interp, *arg, *argv = NULL;
    mach_port_t *table = NULL, ports[INIT_PORT_MAX] = {0};
    struct request new = *rq;
    file_t file = MACH_PORT_NULL;
    boolean_t ended;
    error_t err = read_line(rq->file, line, &ended);

    if (!err)
        err = parse(line + 2, ended, &interp, &arg);
    if (err)
        return err;
    if (rq->depth >= DEPTH_MAX)
        return HURD_ELOOP;
    /* File systems take no set-id bits from scripts; who says so is wrong. */
    if (rq->flags & EXEC_SECURE)
        return HURD_EACCES;
    for (unsigned i = 0; i < rq->port_count && i < INIT_PORT_MAX; i++)
        ports[i] = rq->ports[i];
    err = hurd_lookup_as(ports, interp, HO_READ | HO_EXEC, 0, &file);
    if (err)
        return err == HURD_EISDIR ? HURD_EACCES : err;
    err = name_script(rq, &new, script, &table);
    if (!err)
        err = make_argv(rq, &new, interp, arg, script, &argv);
    if (!err) {
        new.file = file;
        new.path = interp;
        new.abspath = interp[0] == '/' ? interp : "";
        new.depth++;
        err = do_exec(&new);
    }
    free(argv);
    free(table);
    mach_port_drop(file);
    return err == HURD_EISDIR ? HURD_EACCES : err;
}
