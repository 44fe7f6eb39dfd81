/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/mutate.h: texts changed at random (chance.h). */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "tests/kernel/chance.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#define MUTANT_MAX 200000u

/* A text with a NUL behind it. */
struct mutant {
    char data[MUTANT_MAX + 1];
    size_t size;
};

/* Puts MORE in before AT, so many times; what goes beyond the end is not put in. */
static inline void mutant_insert(struct mutant *text, size_t at,
                                 const char *more, size_t size, unsigned times)
{
    if (size && times > (MUTANT_MAX - text->size) / size)
        times = (unsigned)((MUTANT_MAX - text->size) / size);
    memmove(text->data + at + size * times, text->data + at, text->size - at);
    for (unsigned n = 0; n < times; n++)
        memcpy(text->data + at + n * size, more, size);
    text->size += size * times;
    text->data[text->size] = 0;
}

static inline void __attribute__((format(printf, 2, 3)))
mutant_print(struct mutant *text, const char *format, ...)
{
    char line[2000];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    mutant_insert(text, text->size, line, strlen(line), 1);
}

static inline void mutant_remove(struct mutant *text, size_t at, size_t size)
{
    if (size > text->size - at)
        size = text->size - at;
    memmove(text->data + at, text->data + at + size, text->size - at - size);
    text->size -= size;
    text->data[text->size] = 0;
}

/* Few mostly, now and then as many as make deep nests and long lines. */
static inline unsigned mutant_times(void)
{
    return below(8) ? 1 : 1 + below(below(4) ? 40 : 30000);
}

/* Repeats a part, or moves it elsewhere. */
static inline void mutant_splice(struct mutant *text)
{
    char part[256];
    size_t from = below((uint32_t)text->size + 1);
    size_t size = below(sizeof part), to;

    if (size > text->size - from)
        size = text->size - from;
    memcpy(part, text->data + from, size);
    if (below(2))
        mutant_remove(text, from, size);
    to = below((uint32_t)text->size + 1);
    mutant_insert(text, to, part, size, mutant_times());
}

/* One change, perhaps by one of TOKENS, of which there are COUNT. */
static inline void mutant_change(struct mutant *text, const char *const *tokens,
                                 unsigned count)
{
    size_t at = below((uint32_t)text->size + 1);
    const char *token;

    switch (below(6)) {
    case 0:
        if (at < text->size)
            text->data[at] ^= (char)(1 << below(8));
        break;
    case 1:
        mutant_remove(text, at, below(4) ? below(20) : below(4000));
        break;
    case 2:
        mutant_splice(text);
        break;
    default:
        token = tokens[below(count)];
        mutant_insert(text, at, token, strlen(token), mutant_times());
        break;
    }
}

/* The text in memory of its very size, so that who reads past it is caught; to
 * be freed. */
static inline char *mutant_copy(const struct mutant *text)
{
    size_t size = strlen(text->data) + 1;
    char *copy = malloc(size);

    if (copy)
        memcpy(copy, text->data, size);
    return copy;
}

#endif
