/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/grub/syntax.h: from words to statements. */
#ifndef TOOLS_GRUB_SYNTAX_H
#define TOOLS_GRUB_SYNTAX_H

#include "tools/grub/lexer.h"

enum statement_kind {
    STATEMENT_COMMAND,
    STATEMENT_IF,
    STATEMENT_WHILE, /* is_negated: until */
    STATEMENT_FOR,
    STATEMENT_FUNCTION
};

struct statement {
    struct statement *next;
    enum statement_kind kind;
    bool is_negated; /* `!' stood before it */
    struct place place;
    /* A command's words; a loop's variable and what it goes through; the name of
     * a function. */
    struct word *words;
    struct statement *condition;
    /* What a command has in braces, a loop repeats, or is done if the condition
     * is true. */
    struct statement *body;
    bool has_body;
    struct statement *otherwise;
};

/* Reads all of TEXT; NULL with *ERROR_OUT 0 is an empty program.  *ERROR_OUT is
 * -1 after a complaint. */
struct statement *syntax_read(struct arena *arena, const char *name,
                              const char *text, int *error_out);

#endif /* TOOLS_GRUB_SYNTAX_H */
