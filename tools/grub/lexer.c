/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/grub/lexer.h"
#include "tools/complain.h"
#include <ctype.h>
#include <string.h>

#define WORD_SHOWN 100

/* A word that is being read: its parts, and the text since the last one. */
struct reader {
    struct lexer *lexer;
    struct word *word;
    struct word_part **end;
    struct text text;
    bool any_quoted;
};

int refuse(const struct place *place, const char *what, const char *word)
{
    if (!word)
        return complain("%s:%u: %s", place->name, place->line, what);
    return complain("%s:%u: %s `%.*s'", place->name, place->line, what,
                    WORD_SHOWN, word);
}

/* --- parts of words ----------------------------------------------------------- */

static void add_part(struct reader *reader, bool is_variable, bool is_quoted,
                     const char *text)
{
    struct word_part *part = arena_take(reader->lexer->arena, sizeof(*part));

    *part = (struct word_part){
        .is_variable = is_variable, .is_quoted = is_quoted, .text = text};
    *reader->end = part;
    reader->end = &part->next;
}

/* What was read so far becomes a part; an empty one only if it was quoted. */
static void end_part(struct reader *reader, bool is_quoted)
{
    if (is_quoted)
        grub_text_add(&reader->text, "", 0);
    if (reader->text.data)
        add_part(reader, false, is_quoted, reader->text.data);
    reader->text = (struct text){.arena = reader->lexer->arena};
}

size_t variable_name_length(const char *text)
{
    size_t length = 0;

    if (isdigit((unsigned char)*text)) {
        while (isdigit((unsigned char)text[length]))
            length++;
        return length;
    }
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    if (length == 0 && *text && strchr("?*@#", *text))
        return 1;
    return length;
}

/* At a `$': a variable, or just the character if no name of GRUB's follows. */
static void read_dollar(struct reader *reader, bool is_quoted)
{
    struct lexer *lexer = reader->lexer;
    bool braces = lexer->at[1] == '{';
    const char *name = lexer->at + 1 + braces;
    size_t length = variable_name_length(name);

    if (length == 0 || (braces && name[length] != '}')) {
        grub_text_add(&reader->text, lexer->at++, 1);
        return;
    }
    end_part(reader, is_quoted);
    add_part(reader, true, is_quoted, arena_copy(lexer->arena, name, length));
    lexer->at = name + length + braces;
}

/* A backslash: takes the next character as it is, or joins two lines. */
static void read_escape(struct reader *reader)
{
    struct lexer *lexer = reader->lexer;

    lexer->at++;
    if (*lexer->at == '\n')
        lexer->place.line++;
    else if (*lexer->at)
        grub_text_add(&reader->text, lexer->at, 1);
    if (*lexer->at)
        lexer->at++;
}

/* From the opening quote to behind the closing one. */
static int read_quoted(struct reader *reader, char quote)
{
    struct lexer *lexer = reader->lexer;

    lexer->at++;
    end_part(reader, false);
    reader->any_quoted = true;
    while (*lexer->at && *lexer->at != quote) {
        if (quote == '"' && lexer->at[0] == '\\' && lexer->at[1] &&
            strchr("$\"\\\n", lexer->at[1])) {
            read_escape(reader);
        } else if (quote == '"' && *lexer->at == '$') {
            read_dollar(reader, true);
        } else {
            lexer->place.line += *lexer->at == '\n';
            grub_text_add(&reader->text, lexer->at++, 1);
        }
    }
    if (!*lexer->at)
        return refuse(&lexer->command_place, "a quote is not closed:",
                      arena_copy(lexer->arena, lexer->token,
                                 strcspn(lexer->token, "\n")));
    lexer->at++;
    end_part(reader, true);
    return 0;
}

static int read_some(struct reader *reader)
{
    struct lexer *lexer = reader->lexer;

    switch (*lexer->at) {
    case '\'':
    case '"':
        return read_quoted(reader, *lexer->at);
    case '$':
        read_dollar(reader, false);
        return 0;
    case '\\':
        reader->any_quoted |= lexer->at[1] != '\n';
        read_escape(reader);
        return 0;
    default:
        grub_text_add(&reader->text, lexer->at++, 1);
        return 0;
    }
}

static int read_word(struct lexer *lexer)
{
    struct word *word = arena_take(lexer->arena, sizeof(*word));
    struct reader reader = {.lexer = lexer,
                            .word = word,
                            .end = &word->parts,
                            .text = {.arena = lexer->arena}};

    while (*lexer->at && !strchr(" \t\r\n;", *lexer->at))
        if (read_some(&reader) != 0)
            return -1;
    end_part(&reader, false);
    if (!reader.any_quoted && word->parts && !word->parts->next &&
        !word->parts->is_variable)
        word->plain = word->parts->text;
    lexer->word = word;
    lexer->kind = TOKEN_WORD;
    return 0;
}

/* --- tokens --------------------------------------------------------------------- */

/* Blanks, joined lines, and a comment if one begins here. */
static void skip_blanks(struct lexer *lexer)
{
    for (;;) {
        while (*lexer->at && strchr(" \t\r", *lexer->at))
            lexer->at++;
        if (lexer->at[0] != '\\' || lexer->at[1] != '\n')
            break;
        lexer->at += 2;
        lexer->place.line++;
    }
    if (*lexer->at == '#')
        lexer->at += strcspn(lexer->at, "\n");
}

int lexer_next(struct lexer *lexer)
{
    bool begins = lexer->kind != TOKEN_WORD;

    skip_blanks(lexer);
    lexer->token = lexer->at;
    lexer->token_place = lexer->place;
    if (begins)
        lexer->command_place = lexer->place;
    lexer->word = NULL;
    lexer->kind = TOKEN_END;
    if (!*lexer->at)
        return 0;
    if (*lexer->at == '\n' || *lexer->at == ';') {
        lexer->place.line += *lexer->at == '\n';
        lexer->at++;
        lexer->kind = TOKEN_NEWLINE;
        return 0;
    }
    if (read_word(lexer) != 0)
        return -1;
    if (lexer->word->plain && strcmp(lexer->word->plain, "{") == 0)
        lexer->kind = TOKEN_OPEN;
    else if (lexer->word->plain && strcmp(lexer->word->plain, "}") == 0)
        lexer->kind = TOKEN_CLOSE;
    return 0;
}
