/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/core.h"
#include "core/kernel.h"

/* Where formatted text goes: SIZE bytes at most, counting what did not fit. */
struct output {
    char *buffer;
    size_t size, length;
};

struct format {
    unsigned width;
    bool zero, left, is_long;
};

static void output_char(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->buffer[out->length] = c;
    out->length++;
}

static void output_padded(struct output *out, const char *s, size_t length,
                          const struct format *format)
{
    size_t pad = format->width > length ? format->width - length : 0;

    for (; pad && !format->left; pad--)
        output_char(out, format->zero ? '0' : ' ');
    for (size_t i = 0; i < length; i++)
        output_char(out, s[i]);
    for (; pad; pad--)
        output_char(out, ' ');
}

static void output_number(struct output *out, uint64_t value, bool negative,
                          unsigned base, const struct format *format)
{
    char digits[24], *p = digits + sizeof digits;

    do
        *--p = "0123456789abcdef"[value % base];
    while (value /= base);
    if (negative)
        *--p = '-';
    output_padded(out, p, (size_t)(digits + sizeof digits - p), format);
}

static void output_signed(struct output *out, int64_t value,
                          const struct format *format)
{
    bool negative = value < 0;

    output_number(out, negative ? 0 - (uint64_t)value : (uint64_t)value,
                  negative, 10, format);
}

static const char *format_parse(const char *s, struct format *format)
{
    *format = (struct format){0};
    for (; *s == '0' || *s == '-'; s++) {
        format->zero |= *s == '0';
        format->left |= *s == '-';
    }
    for (; *s >= '0' && *s <= '9'; s++)
        format->width = format->width * 10 + (unsigned)(*s - '0');
    for (; *s == 'l' || *s == 'z'; s++)
        format->is_long = true;
    return s;
}

/* Where the next argument is, shared by the helpers through a pointer. */
struct arguments {
    va_list list;
};

static void output_item(struct output *out, char kind,
                        const struct format *format, struct arguments *args)
{
    const char *s;
    char c;

    switch (kind) {
    case 's':
        s = va_arg(args->list, const char *);
        s = s ? s : "(null)";
        output_padded(out, s, strlen(s), format);
        break;
    case 'c':
        c = (char)va_arg(args->list, int);
        output_padded(out, &c, 1, format);
        break;
    case 'd':
        output_signed(out,
                      format->is_long ? va_arg(args->list, long)
                                      : va_arg(args->list, int),
                      format);
        break;
    case 'u':
    case 'x':
        output_number(out,
                      format->is_long ? va_arg(args->list, unsigned long)
                                      : va_arg(args->list, unsigned),
                      false, kind == 'u' ? 10 : 16, format);
        break;
    case 'p':
        output_number(out, (uint64_t)va_arg(args->list, void *), false, 16,
                      format);
        break;
    default:
        output_char(out, kind);
    }
}

int kvsnprintf(char *buffer, size_t size, const char *format, va_list list)
{
    struct output out = {buffer, size, 0};
    struct arguments args;
    struct format item;

    va_copy(args.list, list);
    for (const char *s = format; *s; s++) {
        if (*s != '%') {
            output_char(&out, *s);
            continue;
        }
        s = format_parse(s + 1, &item);
        if (!*s)
            break;
        output_item(&out, *s, &item, &args);
    }
    va_end(args.list);
    if (size)
        buffer[min_of(out.length, size - 1)] = 0;
    return (int)out.length;
}

int ksnprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = kvsnprintf(buffer, size, format, args);
    va_end(args);
    return length;
}

void kprintf(const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    size_t length = (size_t)kvsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length >= sizeof line) {
        /* What does not fit is cut, but not the line's end. */
        length = sizeof line - 1;
        if (format[strlen(format) - 1] == '\n')
            ksnprintf(line + length - 4, 5, "...\n");
    }
    kernel_print(line, length);
}

void kpanic(const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    kvsnprintf(line, sizeof line, format, args);
    va_end(args);
    platform_panic(line);
}
