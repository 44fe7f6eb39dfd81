/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hell trace: what a message trace tells, as a chart or as a table.
 *
 * Ports that dir_lookup answered with are remembered by their path, so that what
 * is done to a file can be shown by its name. */
#define _GNU_SOURCE
#include "tools/trace.h"
#include "tools/complain.h"
#include "tools/settings.h"
#include "tools/trace_event.h"
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTORS_MAX    24
#define COLUMN        12
#define RPC_COUNT_MAX 512

/* The messages by which a system is started, handed on and introduced. */
static const char *const dance[] = {"task_set_special_port",
                                    "task_resume",
                                    "fsys_startup",
                                    "fsys_getpriv",
                                    "fsys_init",
                                    "exec_init",
                                    "startup_procinit",
                                    "startup_authinit",
                                    "exec_exec",
                                    "exec_exec_paths",
                                    "proc_child",
                                    "startup_essential_task",
                                    "file_set_translator",
                                    "startup_request_notification",
                                    "i386_io_perm_create",
                                    "device_intr_register",
                                    NULL};
/* Of these the answer is part of the story. */
static const char *const answered[] = {"fsys_startup",     "fsys_init",
                                       "startup_procinit", "startup_authinit",
                                       "exec_init",        NULL};

struct rpc_count {
    char name[64];
    unsigned long messages, bytes;
};

struct trace {
    bool sequence;
    char **wanted; /* RPCs, or NULL for the dance */
    unsigned actor_count;
    char actors[ACTORS_MAX][TRACE_NAME_SIZE];
    /* By port number: the path that led to it, or that it will answer. */
    char **paths;
    unsigned long path_room;
    struct trace_event *events; /* of the chart */
    unsigned event_count, event_room;
    struct rpc_count counts[RPC_COUNT_MAX];
    unsigned count_count;
};

/* --- paths ---------------------------------------------------------------------- */

static void remember_path(struct trace *trace, unsigned long port,
                          const char *path)
{
    if (port >= trace->path_room) {
        unsigned long room = port * 2 + 64;
        char **paths = realloc(trace->paths, room * sizeof(*paths));
        if (!paths)
            return;
        memset(paths + trace->path_room, 0,
               (room - trace->path_room) * sizeof(*paths));
        trace->paths = paths;
        trace->path_room = room;
    }
    free(trace->paths[port]);
    trace->paths[port] = path ? strdup(path) : NULL;
}

static const char *path_of(const struct trace *trace, unsigned long port)
{
    return port < trace->path_room ? trace->paths[port] : NULL;
}

/* A lookup's reply port stands for the path until the answer comes. */
static void follow_lookup(struct trace *trace, const struct trace_event *event)
{
    const char *path;

    if (strcmp(event->rpc, "dir_lookup") != 0)
        return;
    if (!event->reply) {
        remember_path(trace, event->reply_port, event->string);
        return;
    }
    path = path_of(trace, event->port);
    if (event->right && path)
        remember_path(trace, event->right, path);
}

/* --- the chart -------------------------------------------------------------------- */

static bool is_in(const char *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static unsigned actor(struct trace *trace, const char *name)
{
    for (unsigned i = 0; i < trace->actor_count; i++)
        if (strcmp(trace->actors[i], name) == 0)
            return i;
    if (trace->actor_count == ACTORS_MAX)
        return ACTORS_MAX - 1;
    memcpy(trace->actors[trace->actor_count], name, TRACE_NAME_SIZE);
    return trace->actor_count++;
}

/* What the kernel does to a task is an arrow to that task. */
static void redirect(struct trace_event *event)
{
    if (strcmp(event->receiver, "kernel") == 0 && event->target[0])
        memcpy(event->receiver, event->target, TRACE_NAME_SIZE);
}

static bool is_wanted(const struct trace *trace,
                      const struct trace_event *event)
{
    if (trace->wanted)
        return is_in((const char *const *)trace->wanted, event->rpc);
    return is_in(dance, event->rpc) &&
           (!event->reply || is_in(answered, event->rpc));
}

static int keep_event(struct trace *trace, struct trace_event *event)
{
    const char *path = path_of(trace, event->port);

    if (!path && strncmp(event->rpc, "exec_exec", 9) == 0)
        path = path_of(trace, event->right); /* the program */
    redirect(event);
    if (!trace->wanted && strcmp(event->rpc, "task_set_special_port") == 0 &&
        strcmp(event->sender, event->receiver) == 0)
        return 0; /* a program's own affair */
    if (trace->event_count == trace->event_room) {
        unsigned room = trace->event_room * 2 + 64;
        struct trace_event *events =
            realloc(trace->events, room * sizeof(*events));
        if (!events)
            return complain("no memory");
        trace->events = events;
        trace->event_room = room;
    }
    if (!event->reply && !event->string[0] && path)
        snprintf(event->string, sizeof(event->string), "/%s", path);
    trace->events[trace->event_count++] = *event;
    return 0;
}

static void print_names(const struct trace *trace)
{
    for (unsigned i = 0; i < trace->actor_count; i++)
        printf("%*.*s%s", COLUMN - 1, COLUMN - 1, trace->actors[i],
               i + 1 < trace->actor_count ? " " : "\n");
}

static void print_event(struct trace *trace, const struct trace_event *event)
{
    unsigned from = actor(trace, event->sender);
    unsigned to = actor(trace, event->receiver);
    unsigned left = from < to ? from : to, right = from < to ? to : from;
    char line[ACTORS_MAX * COLUMN + 1];
    size_t width = trace->actor_count * COLUMN;

    memset(line, ' ', width);
    line[width] = 0;
    for (unsigned i = 0; i < trace->actor_count; i++)
        line[i * COLUMN + COLUMN / 2 + 2] = '|';
    if (from != to) {
        size_t start = left * COLUMN + COLUMN / 2 + 3;
        size_t end = right * COLUMN + COLUMN / 2 + 2;
        memset(line + start, event->reply ? '.' : '-', end - start);
        line[from < to ? end - 1 : start] = from < to ? '>' : '<';
    } else {
        line[from * COLUMN + COLUMN / 2 + 2] = '*';
    }
    printf("%s %s%s%s%s", line, event->rpc, event->reply ? " reply" : "",
           event->string[0] ? " " : "", event->string);
    if (event->reply && event->result != 0)
        printf(" = %ld", event->result);
    putchar('\n');
}

/* The system has started when its servers have said so. */
static void cut_at_start(struct trace *trace)
{
    unsigned count = trace->event_count;

    while (count > 0 && strncmp(trace->events[count - 1].rpc, "startup_", 8))
        count--;
    if (count > 0)
        trace->event_count = count;
}

static void print_sequence(struct trace *trace)
{
    if (!trace->wanted)
        cut_at_start(trace);
    for (unsigned i = 0; i < trace->event_count; i++) {
        actor(trace, trace->events[i].sender);
        actor(trace, trace->events[i].receiver);
    }
    print_names(trace);
    for (unsigned i = 0; i < trace->event_count; i++)
        print_event(trace, &trace->events[i]);
    print_names(trace);
}

/* --- the table -------------------------------------------------------------------- */

static void count_event(struct trace *trace, const struct trace_event *event)
{
    unsigned i = 0;

    while (i < trace->count_count &&
           strcmp(trace->counts[i].name, event->rpc) != 0)
        i++;
    if (i == RPC_COUNT_MAX)
        return;
    if (i == trace->count_count) {
        trace->count_count++;
        memcpy(trace->counts[i].name, event->rpc, sizeof(event->rpc));
    }
    trace->counts[i].messages++;
    trace->counts[i].bytes += event->size;
}

static int more_messages(const void *a, const void *b)
{
    const struct rpc_count *left = a, *right = b;

    return left->messages < right->messages   ? 1
           : left->messages > right->messages ? -1
                                              : strcmp(left->name, right->name);
}

static void print_counts(struct trace *trace)
{
    qsort(trace->counts, trace->count_count, sizeof(trace->counts[0]),
          more_messages);
    printf("%9s %11s  %s\n", "messages", "bytes", "rpc");
    for (unsigned i = 0; i < trace->count_count; i++)
        printf("%9lu %11lu  %s\n", trace->counts[i].messages,
               trace->counts[i].bytes, trace->counts[i].name);
}

/* --- the command ------------------------------------------------------------------ */

static int read_trace(struct trace *trace, FILE *file, const char *name)
{
    char *line = NULL;
    size_t room = 0;
    unsigned number = 0;
    int result = 0;

    while (result == 0 && getline(&line, &room, file) >= 0) {
        struct trace_event event;

        number++;
        if (!trace_event_read(line, &event)) {
            result =
                complain("%s:%u: no line of a message trace", name, number);
            break;
        }
        follow_lookup(trace, &event);
        if (!trace->sequence)
            count_event(trace, &event);
        else if (is_wanted(trace, &event))
            result = keep_event(trace, &event);
    }
    if (result == 0 && number == 0)
        result = complain("%s: no message trace: it is empty", name);
    free(line);
    return result;
}

static void forget(struct trace *trace)
{
    for (unsigned long i = 0; i < trace->path_room; i++)
        free(trace->paths[i]);
    free(trace->paths);
    free(trace->events);
    free(trace->wanted);
    free(trace);
}

/* Cuts LIST at its commas. */
static char **split(char *list)
{
    size_t count = 1, at = 0;
    char **words, *state;

    for (const char *c = list; *c; c++)
        count += *c == ',';
    words = calloc(count + 1, sizeof(*words));
    for (char *word = strtok_r(list, ",", &state); words && word;
         word = strtok_r(NULL, ",", &state))
        words[at++] = word;
    return words;
}

static const char help[] =
    "usage: hell trace [--sequence] [--rpc NAME,...] [FILE]\n"
    "Shows what a message trace (hell boot --trace FILE) tells; reads "
    "standard\n"
    "input if no file is named.  Without --sequence: how many messages of "
    "each\n"
    "kind there were.\n"
    "\n"
    "  -s, --sequence        draw who told whom what, from top to bottom\n"
    "  -r, --rpc NAME,...    of these messages only; otherwise of those that\n"
    "                        start the system\n"
    "      --help            this text\n";

static int parse(struct trace *trace, char **words, const char **file_out)
{
    static const struct option options[] = {
        {"sequence", no_argument, NULL, 's'},
        {"rpc", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {0}};
    int count = 0, option;

    while (words[count])
        count++;
    optind = 0;
    while ((option = getopt_long(count, words, "sr:", options, NULL)) != -1) {
        if (option == 's') {
            trace->sequence = true;
        } else if (option == 'r') {
            free(trace->wanted);
            trace->wanted = split(optarg);
        } else if (option == 'h') {
            fputs(help, stdout);
            return 1;
        } else {
            return -1;
        }
    }
    *file_out = words[optind];
    if (words[optind] && words[optind + 1])
        return complain("trace: one word too many: %s", words[optind + 1]);
    return 0;
}

int trace_command(char **words)
{
    struct trace *trace = calloc(1, sizeof(*trace));
    const char *name;
    FILE *file = stdin;
    int result;

    if (!trace)
        return complain("no memory") ? 1 : 0;
    result = parse(trace, words, &name);
    if (result == 0 && name && strcmp(name, "-") != 0 &&
        !(file = fopen(name, "re")))
        result = complain("%s: %s", name, strerror(errno));
    if (result == 0)
        result = read_trace(trace, file, name ? name : "standard input");
    if (file && file != stdin)
        fclose(file);
    if (result == 0 && trace->sequence)
        print_sequence(trace);
    else if (result == 0)
        print_counts(trace);
    forget(trace);
    return result < 0 ? 1 : 0;
}
