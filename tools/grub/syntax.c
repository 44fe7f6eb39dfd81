/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function for each kind of statement.  Each begins with the statement's
 * first token at hand, and leaves the one behind its last. */
#include "tools/grub/syntax.h"
#include <string.h>

#define DEPTH_MAX 64

struct parser {
    struct lexer lexer;
    unsigned depth;
};

static int read_list(struct parser *parser, struct statement **list_out);

static bool at_word(const struct parser *parser, const char *word)
{
    return parser->lexer.kind == TOKEN_WORD && parser->lexer.word->plain &&
           strcmp(parser->lexer.word->plain, word) == 0;
}

/* Words that end a list of statements. */
static bool at_end_of_list(const struct parser *parser)
{
    static const char *const words[] = {"then", "elif", "else",
                                        "fi",   "do",   "done"};

    if (parser->lexer.kind == TOKEN_END || parser->lexer.kind == TOKEN_CLOSE)
        return true;
    for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (at_word(parser, words[i]))
            return true;
    return false;
}

/* What stands where something else should. */
static int unexpected(const struct parser *parser, const struct place *begun,
                      const char *wanted)
{
    static const char *const names[] = {[TOKEN_NEWLINE] = "end of line",
                                        [TOKEN_OPEN] = "{",
                                        [TOKEN_CLOSE] = "}"};
    const struct lexer *lexer = &parser->lexer;

    if (lexer->kind == TOKEN_END)
        return refuse(begun, "the file ends before this has its", wanted);
    if (lexer->kind == TOKEN_WORD)
        return refuse(&lexer->token_place, "out of place:",
                      lexer->word->plain ? lexer->word->plain : "");
    return refuse(&lexer->token_place, "out of place:", names[lexer->kind]);
}

static int expect(struct parser *parser, const struct place *begun,
                  const char *word)
{
    if (!at_word(parser, word))
        return unexpected(parser, begun, word);
    return lexer_next(&parser->lexer);
}

/* One word more at the end of the statement's. */
static int take_word(struct parser *parser, struct word ***end)
{
    **end = parser->lexer.word;
    *end = &parser->lexer.word->next;
    return lexer_next(&parser->lexer);
}

static int read_block(struct parser *parser, struct statement *statement)
{
    statement->has_body = true;
    if (lexer_next(&parser->lexer) != 0 ||
        read_list(parser, &statement->body) != 0)
        return -1;
    if (parser->lexer.kind != TOKEN_CLOSE)
        return unexpected(parser, &statement->place, "}");
    return lexer_next(&parser->lexer);
}

static int read_command(struct parser *parser, struct statement *statement)
{
    struct word **end = &statement->words;

    while (parser->lexer.kind == TOKEN_WORD)
        if (take_word(parser, &end) != 0)
            return -1;
    if (parser->lexer.kind == TOKEN_OPEN)
        return statement->words ? read_block(parser, statement)
                                : unexpected(parser, NULL, NULL);
    return 0;
}

/* Behind `if' or `elif'. */
static int read_if(struct parser *parser, struct statement *statement)
{
    struct statement *other;

    statement->kind = STATEMENT_IF;
    if (lexer_next(&parser->lexer) != 0 ||
        read_list(parser, &statement->condition) != 0 ||
        expect(parser, &statement->place, "then") != 0 ||
        read_list(parser, &statement->body) != 0)
        return -1;
    if (at_word(parser, "elif")) {
        other = arena_take(parser->lexer.arena, sizeof(*other));
        other->place = parser->lexer.token_place;
        statement->otherwise = other;
        return ++parser->depth > DEPTH_MAX
                   ? refuse(&other->place, "too deep here:", "elif")
                   : read_if(parser, other);
    }
    if (at_word(parser, "else") &&
        (lexer_next(&parser->lexer) != 0 ||
         read_list(parser, &statement->otherwise) != 0))
        return -1;
    return expect(parser, &statement->place, "fi");
}

static int read_loop_body(struct parser *parser, struct statement *statement)
{
    while (parser->lexer.kind == TOKEN_NEWLINE)
        if (lexer_next(&parser->lexer) != 0)
            return -1;
    if (expect(parser, &statement->place, "do") != 0 ||
        read_list(parser, &statement->body) != 0)
        return -1;
    return expect(parser, &statement->place, "done");
}

static int read_while(struct parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_WHILE;
    statement->is_negated = at_word(parser, "until");
    if (lexer_next(&parser->lexer) != 0 ||
        read_list(parser, &statement->condition) != 0)
        return -1;
    return read_loop_body(parser, statement);
}

static int read_for(struct parser *parser, struct statement *statement)
{
    struct word **end = &statement->words;

    statement->kind = STATEMENT_FOR;
    if (lexer_next(&parser->lexer) != 0)
        return -1;
    if (parser->lexer.kind != TOKEN_WORD || !parser->lexer.word->plain)
        return unexpected(parser, &statement->place, "variable");
    if (take_word(parser, &end) != 0 ||
        expect(parser, &statement->place, "in") != 0)
        return -1;
    while (parser->lexer.kind == TOKEN_WORD)
        if (take_word(parser, &end) != 0)
            return -1;
    return read_loop_body(parser, statement);
}

static int read_function(struct parser *parser, struct statement *statement)
{
    struct word **end = &statement->words;

    statement->kind = STATEMENT_FUNCTION;
    if (lexer_next(&parser->lexer) != 0)
        return -1;
    if (parser->lexer.kind != TOKEN_WORD || !parser->lexer.word->plain)
        return unexpected(parser, &statement->place, "name");
    if (take_word(parser, &end) != 0)
        return -1;
    while (parser->lexer.kind == TOKEN_NEWLINE)
        if (lexer_next(&parser->lexer) != 0)
            return -1;
    if (parser->lexer.kind != TOKEN_OPEN)
        return unexpected(parser, &statement->place, "{");
    return read_block(parser, statement);
}

static int read_statement(struct parser *parser, struct statement *statement)
{
    static const struct {
        const char *word;
        int (*read)(struct parser *, struct statement *);
    } kinds[] = {{"if", read_if},
                 {"while", read_while},
                 {"until", read_while},
                 {"for", read_for},
                 {"function", read_function}};

    statement->place = parser->lexer.token_place;
    if (at_word(parser, "!")) {
        statement->is_negated = true;
        return lexer_next(&parser->lexer) ? -1
                                          : read_command(parser, statement);
    }
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (at_word(parser, kinds[i].word))
            return kinds[i].read(parser, statement);
    return read_command(parser, statement);
}

/* Statements up to a word or brace that is none, which stays at hand. */
static int read_list(struct parser *parser, struct statement **list_out)
{
    unsigned depth = parser->depth;

    if (++parser->depth > DEPTH_MAX)
        return refuse(&parser->lexer.token_place, "too deep", NULL);
    while (!at_end_of_list(parser)) {
        if (parser->lexer.kind == TOKEN_NEWLINE) {
            if (lexer_next(&parser->lexer) != 0)
                return -1;
            continue;
        }
        struct statement *statement =
            arena_take(parser->lexer.arena, sizeof(*statement));
        if (read_statement(parser, statement) != 0)
            return -1;
        *list_out = statement;
        list_out = &statement->next;
    }
    parser->depth = depth;
    return 0;
}

struct statement *syntax_read(struct arena *arena, const char *name,
                              const char *text, int *error_out)
{
    struct parser parser = {
        .lexer = {.arena = arena, .at = text, .place = {name, 1}}};
    struct statement *list = NULL;

    *error_out = -1;
    if (lexer_next(&parser.lexer) != 0 || read_list(&parser, &list) != 0)
        return NULL;
    if (parser.lexer.kind != TOKEN_END) {
        unexpected(&parser, &parser.lexer.token_place, "");
        return NULL;
    }
    *error_out = 0;
    return list;
}
