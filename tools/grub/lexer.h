/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/grub/lexer.h: from characters to words.
 *
 * A word is made of parts, since what a variable holds is not known before the
 * word is used, and then it matters whether it stood in quotes.
 */
#ifndef TOOLS_GRUB_LEXER_H
#define TOOLS_GRUB_LEXER_H

#include "tools/grub/arena.h"
#include <stdbool.h>

/* A place in a configuration, for complaints. */
struct place {
    const char *name;
    unsigned line;
};

struct word_part {
    struct word_part *next;
    bool is_variable; /* TEXT is its name */
    bool is_quoted;
    const char *text;
};

struct word {
    struct word *next;
    struct word_part *parts;
    const char *plain; /* the text, if nothing in it was quoted; or NULL */
};

enum token_kind {
    TOKEN_END,
    TOKEN_NEWLINE, /* or a semicolon */
    TOKEN_OPEN,    /* a brace as a word of its own */
    TOKEN_CLOSE,
    TOKEN_WORD
};

struct lexer {
    struct arena *arena;
    const char *at;
    struct place place;         /* of AT */
    struct place command_place; /* of the first word since a line's beginning */
    const char *token;          /* where the token last read begins */
    /* the token last read */
    enum token_kind kind;
    struct place token_place;
    struct word *word;
};

/* Reads the next token.  Returns 0, or -1 after a complaint. */
int lexer_next(struct lexer *lexer);

/* Complains of WORD at PLACE (of nothing but the place if it is NULL).  Returns
 * -1. */
int refuse(const struct place *place, const char *what, const char *word);

/* How much of TEXT is a variable's name. */
size_t variable_name_length(const char *text);

#endif /* TOOLS_GRUB_LEXER_H */
