/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/trace_event.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "/hurd/proc" is proc to everybody. */
static void take_name(char *to, const char *from)
{
    const char *slash = strrchr(from, '/');

    snprintf(to, TRACE_NAME_SIZE, "%.*s", TRACE_NAME_SIZE - 1,
             slash && slash[1] ? slash + 1 : from);
}

static void take_word(struct trace_event *event, const char *word)
{
    const char *at = strchr(word, '@');

    if (word[0] == '@')
        event->port = strtoul(word + 1, NULL, 10);
    else if (word[0] == '^')
        event->reply_port = strtoul(word + 1, NULL, 10);
    else if (strncmp(word, "task:", 5) == 0 && !event->target[0])
        take_name(event->target, word + 5);
    else if (word[0] == '+' && at && !event->right)
        event->right = strtoul(at + 1, NULL, 10);
}

/* The rest of a line, behind the size. */
static void take_details(struct trace_event *event, char *rest)
{
    char *quote = strchr(rest, '"'), *end, *state;

    if (quote && (end = strchr(quote + 1, '"'))) {
        snprintf(event->string, sizeof(event->string), "%.*s",
                 (int)(end - quote - 1), quote + 1);
        memset(quote, ' ', (size_t)(end - quote + 1));
    }
    for (char *word = strtok_r(rest, " ", &state); word;
         word = strtok_r(NULL, " ", &state)) {
        if (strcmp(word, "=") == 0 && (word = strtok_r(NULL, " ", &state)))
            event->result = strtol(word, NULL, 10);
        if (!word)
            break;
        take_word(event, word);
    }
}

bool trace_event_read(char *line, struct trace_event *event)
{
    char sender[256], receiver[256];
    int at = 0;

    memset(event, 0, sizeof(*event));
    if (sscanf(line, "%23s %255s -> %255s %63s %n", event->time, sender,
               receiver, event->rpc, &at) != 4 ||
        at == 0)
        return false;
    event->reply = strncmp(line + at, "reply ", 6) == 0;
    if (event->reply)
        at += 6;
    take_name(event->sender, sender);
    take_name(event->receiver, receiver);
    event->size = strtoul(line + at, NULL, 10);
    at += (int)strcspn(line + at, " \n");
    line[strcspn(line, "\n")] = 0;
    take_details(event, line + at);
    return true;
}
