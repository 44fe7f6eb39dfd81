/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for people, without a C library. */
#include "machine/private.h"

void text_add(struct text *text, const char *more)
{
    while (*more != '\0' && text->length < sizeof text->line - 1) {
        text->line[text->length++] = *more++;
    }
    text->line[text->length] = '\0';
}

static void add_in_base(struct text *text, uint64_t number, unsigned base)
{
    char digits[24];
    unsigned at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    text_add(text, digits + at);
}

void text_add_hex(struct text *text, uint64_t number)
{
    text_add(text, "0x");
    add_in_base(text, number, 16);
}

void text_add_number(struct text *text, unsigned number)
{
    add_in_base(text, number, 10);
}
