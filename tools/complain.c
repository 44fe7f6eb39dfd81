/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/complain.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int complain(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    for (char *s = text; s && *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            *s = '?';
    fprintf(stderr, "hell: %s\n", text ? text : "no memory");
    free(text);
    return -1;
}
