/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/script.c: files that name their interpreter in the first line:
 * "#!", its name, and perhaps one argument. */

#include <exec/exec.h>
#include <hurd/libhurd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE 1024
#define DEPTH_MAX     4

/* Splits the line after "#!"; *ARG is null if there is none. */
static error_t parse(char *line, char **interp, char **arg)
{
    char *end;

    line += strspn(line, " \t");
    *interp = line;
    line += strcspn(line, " \t");
    if (line == *interp)
        return HURD_ENOEXEC;
    *arg = NULL;
    if (*line == 0)
        return 0;
    *line++ = 0;
    line += strspn(line, " \t");
    end = line + strlen(line);
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = 0;
    if (*line)
        *arg = line;
    return 0;
}

static error_t read_line(file_t file, char line[LINE_MAX_SIZE])
{
    size_t got;
    error_t err = file_read(file, 0, line, LINE_MAX_SIZE - 1, &got);

    if (err)
        return err;
    line[got] = 0;
    if (got < 3 || line[0] != '#' || line[1] != '!')
        return HURD_ENOEXEC;
    char *nl = strchr(line, '\n');
    if (!nl)
        return HURD_ENOEXEC;
    *nl = 0;
    return 0;
}

/* How the interpreter will find the script: by name if there is one, else by a
 * descriptor, which is added to the table. */
static error_t name_script(const struct request *rq, struct request *new,
                           char name[1024], mach_port_t **table)
{
    if (rq->path[0]) {
        mig_strncpy(name, rq->path, 1024);
        return 0;
    }
    *table = calloc(rq->dtable_count + 1, sizeof **table);
    if (!*table)
        return HURD_ENOMEM;
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
    error_t err = read_line(rq->file, line);

    if (!err)
        err = parse(line + 2, &interp, &arg);
    if (err)
        return err;
    if (rq->depth >= DEPTH_MAX)
        return HURD_ELOOP;
    for (unsigned i = 0; i < rq->port_count && i < INIT_PORT_MAX; i++)
        ports[i] = rq->ports[i];
    err = hurd_lookup_as(ports, interp, HO_READ, 0, &file);
    if (err)
        return err;
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
    return err;
}
