/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/grub.h"
#include "tools/complain.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX     256
#define VARIABLES_MAX 64
#define WORD_SHOWN    100

struct variable {
    char *name, *value;
};

struct parser {
    struct grub_config *config;
    const char *name, *at;
    unsigned line;       /* where AT is */
    unsigned start_line; /* where the command began */
    char *words[WORDS_MAX];
    unsigned word_count;
    struct variable variables[VARIABLES_MAX];
    unsigned variable_count;
    size_t expanded; /* bytes that variables have added */
    unsigned depth;  /* of open blocks */
    int entry;       /* the open menuentry's index, -1 for none */
};

struct text {
    char *data;
    size_t size, room;
};

static int refuse(const struct parser *parser, const char *what,
                  const char *word)
{
    if (!word)
        return complain("%s:%u: %s", parser->name, parser->start_line, what);
    return complain("%s:%u: %s `%.*s'", parser->name, parser->start_line, what,
                    WORD_SHOWN, word);
}

static void *must(void *memory)
{
    if (!memory) {
        fprintf(stderr, "hell: no memory\n");
        exit(125);
    }
    return memory;
}

static void add(struct text *text, const char *data, size_t size)
{
    if (text->size + size + 1 > text->room) {
        text->room = (text->size + size + 1) * 2;
        text->data = must(realloc(text->data, text->room));
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = 0;
}

/* --- words ---------------------------------------------------------------- */

static const char *variable_value(const struct parser *parser, const char *name,
                                  size_t size)
{
    for (unsigned i = 0; i < parser->variable_count; i++)
        if (strlen(parser->variables[i].name) == size &&
            memcmp(parser->variables[i].name, name, size) == 0)
            return parser->variables[i].value;
    return "";
}

/* At a `$': adds the variable's value, or the `$' if it is not GRUB's.  Values
 * that are made of values grow without end, where they may. */
static int expand(struct parser *parser, struct text *word)
{
    const char *name = parser->at + 1, *end;
    bool braces = *name == '{';

    name += braces;
    for (end = name; isalnum((unsigned char)*end) || *end == '_'; end++)
        continue;
    if (end == name || isdigit((unsigned char)*name) ||
        (braces && *end != '}')) {
        add(word, "$", 1);
        parser->at++;
        return 0;
    }
    const char *value = variable_value(parser, name, (size_t)(end - name));
    size_t size = strlen(value);
    if (size > GRUB_EXPANDED_MAX - parser->expanded)
        return refuse(parser, "too much comes from variables, here:", name);
    parser->expanded += size;
    add(word, value, size);
    parser->at = end + braces;
    return 0;
}

/* A backslash: takes the next character as it is, or joins two lines. */
static void escape(struct parser *parser, struct text *word)
{
    parser->at++;
    if (*parser->at == '\n')
        parser->line++;
    else if (*parser->at)
        add(word, parser->at, 1);
    if (*parser->at)
        parser->at++;
}

/* From behind the opening quote to behind the closing one. */
static int quoted(struct parser *parser, struct text *word, char quote)
{
    while (*parser->at && *parser->at != quote) {
        char c = *parser->at;
        if (c == '\n')
            parser->line++;
        if (quote == '"' && c == '\\' && parser->at[1] &&
            strchr("$\"\\\n", parser->at[1]))
            escape(parser, word);
        else if (quote == '"' && c == '$') {
            if (expand(parser, word) != 0)
                return -1;
        } else {
            add(word, &c, 1);
            parser->at++;
        }
    }
    if (!*parser->at) {
        word->data[strcspn(word->data, "\n")] = 0;
        return refuse(parser, "a quote is not closed:", word->data);
    }
    parser->at++;
    return 0;
}

/* The next character of a word, or all that its quotes hold. */
static int read_part(struct parser *parser, struct text *word)
{
    char c = *parser->at;

    if (c == '$')
        return expand(parser, word);
    if (c == '\\') {
        escape(parser, word);
        return 0;
    }
    parser->at++;
    if (c == '\'' || c == '"')
        return quoted(parser, word, c);
    add(word, &c, 1);
    return 0;
}

static int read_word(struct parser *parser)
{
    struct text word = {0};
    int error = 0;

    add(&word, "", 0);
    while (!error && *parser->at && !strchr(" \t\r\n;", *parser->at))
        error = read_part(parser, &word);
    if (!error && parser->word_count == WORDS_MAX)
        error = refuse(parser, "too many words", NULL);
    if (error) {
        free(word.data);
        return error;
    }
    parser->words[parser->word_count++] = word.data;
    return 0;
}

static void drop_words(struct parser *parser)
{
    while (parser->word_count > 0)
        free(parser->words[--parser->word_count]);
}

/* Skips blanks and joined lines; false at the end of a command. */
static bool skip_blanks(struct parser *parser)
{
    for (;;) {
        while (*parser->at && strchr(" \t\r", *parser->at))
            parser->at++;
        if (parser->at[0] != '\\' || parser->at[1] != '\n')
            break;
        parser->at += 2;
        parser->line++;
    }
    if (*parser->at == '#' && parser->word_count == 0)
        parser->at += strcspn(parser->at, "\n");
    return *parser->at && *parser->at != '\n' && *parser->at != ';';
}

/* Reads the next command's words; 0 also if it has none.  A block's braces are
 * words of their own command. */
static int read_command(struct parser *parser)
{
    drop_words(parser);
    parser->start_line = parser->line;
    while (skip_blanks(parser)) {
        if (parser->word_count == 0)
            parser->start_line = parser->line;
        if (read_word(parser) != 0)
            return -1;
        const char *last = parser->words[parser->word_count - 1];
        if (strcmp(last, "{") == 0 || strcmp(last, "}") == 0)
            return 0;
    }
    if (*parser->at == '\n')
        parser->line++;
    if (*parser->at)
        parser->at++;
    return 0;
}

/* --- commands ------------------------------------------------------------- */

static struct grub_entry *current_entry(struct parser *parser)
{
    struct grub_config *config = parser->config;

    if (parser->entry >= 0)
        return &config->entries[parser->entry];
    for (unsigned i = 0; i < config->entry_count; i++)
        if (!config->entries[i].title)
            return &config->entries[i];
    config->entries = must(realloc(
        config->entries, (config->entry_count + 1) * sizeof(*config->entries)));
    config->entries[config->entry_count] = (struct grub_entry){0};
    return &config->entries[config->entry_count++];
}

static int menuentry(struct parser *parser)
{
    struct grub_config *config = parser->config;

    if (parser->word_count < 3 ||
        strcmp(parser->words[parser->word_count - 1], "{") != 0)
        return refuse(parser, "menuentry needs a title and a `{':",
                      parser->words[parser->word_count - 1]);
    if (parser->entry >= 0)
        return refuse(parser,
                      "menuentry inside a menuentry:", parser->words[1]);
    config->entries = must(realloc(
        config->entries, (config->entry_count + 1) * sizeof(*config->entries)));
    config->entries[config->entry_count] =
        (struct grub_entry){.title = must(strdup(parser->words[1]))};
    parser->entry = (int)config->entry_count++;
    parser->depth++;
    return 0;
}

static int close_block(struct parser *parser)
{
    if (parser->depth == 0)
        return refuse(parser, "nothing is open before", "}");
    parser->depth--;
    parser->entry = -1;
    return 0;
}

static int fill_line(struct parser *parser, struct grub_line *line)
{
    struct text text = {0};

    /* GRUB's own options of these commands. */
    unsigned first = 1;
    while (first < parser->word_count &&
           strncmp(parser->words[first], "--", 2) == 0)
        first++;
    if (first >= parser->word_count)
        return refuse(parser, "a file name is missing after", parser->words[0]);
    add(&text, "", 0);
    for (unsigned i = first + 1; i < parser->word_count; i++) {
        if (text.size > 0)
            add(&text, " ", 1);
        add(&text, parser->words[i], strlen(parser->words[i]));
    }
    line->file = must(strdup(parser->words[first]));
    line->command_line = text.data;
    line->number = parser->start_line;
    return 0;
}

static int multiboot(struct parser *parser)
{
    struct grub_entry *entry = current_entry(parser);

    if (entry->kernel.file)
        return refuse(parser, "a second", parser->words[0]);
    return fill_line(parser, &entry->kernel);
}

static int module(struct parser *parser)
{
    struct grub_entry *entry = current_entry(parser);

    if (!entry->kernel.file)
        return refuse(parser, "no multiboot line before", parser->words[0]);
    entry->modules = must(realloc(entry->modules, (entry->module_count + 1) *
                                                      sizeof(*entry->modules)));
    entry->modules[entry->module_count] = (struct grub_line){0};
    if (fill_line(parser, &entry->modules[entry->module_count]) != 0)
        return -1;
    entry->module_count++;
    return 0;
}

static int set(struct parser *parser)
{
    char *equals =
        parser->word_count == 2 ? strchr(parser->words[1], '=') : NULL;
    unsigned i;

    if (!equals)
        return refuse(parser, "not NAME=VALUE:",
                      parser->word_count > 1 ? parser->words[1] : "");
    *equals = 0;
    for (i = 0; i < parser->variable_count; i++)
        if (strcmp(parser->variables[i].name, parser->words[1]) == 0)
            break;
    if (i == VARIABLES_MAX)
        return refuse(parser, "too many variables:", parser->words[1]);
    if (i == parser->variable_count) {
        parser->variables[i].name = must(strdup(parser->words[1]));
        parser->variable_count++;
    } else {
        free(parser->variables[i].value);
    }
    parser->variables[i].value = must(strdup(equals + 1));
    return 0;
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static int run_command(struct parser *parser)
{
    static const char *const ignored[] = {
        "insmod",         "search",      "echo",
        "boot",           "load_env",    "terminal_output",
        "terminal_input", "savedefault", "export",
        "loadfont",       "recordfail",  "load_video",
        "gfxmode",        "clear",       NULL};
    const char *word = parser->words[0];

    if (strcmp(word, "}") == 0)
        return close_block(parser);
    if (strcmp(word, "menuentry") == 0)
        return menuentry(parser);
    if (strcmp(word, "submenu") == 0) {
        parser->depth++;
        return 0;
    }
    if (strcmp(word, "multiboot") == 0 || strcmp(word, "multiboot2") == 0)
        return multiboot(parser);
    if (strcmp(word, "module") == 0 || strcmp(word, "module2") == 0)
        return module(parser);
    if (strcmp(word, "set") == 0)
        return set(parser);
    if (is_one_of(word, ignored))
        return 0;
    return refuse(parser, "unknown command", word);
}

int grub_parse(struct grub_config *config, const char *name, const char *text)
{
    struct parser parser = {.config = config,
                            .name = name,
                            .at = text,
                            .line = 1,
                            .start_line = 1,
                            .entry = -1};
    int error = 0;

    *config = (struct grub_config){0};
    while (!error && (*parser.at || parser.word_count > 0)) {
        error = read_command(&parser);
        if (!error && parser.word_count > 0)
            error = run_command(&parser);
        if (!*parser.at)
            break;
    }
    if (!error && parser.depth > 0)
        error = refuse(&parser, "the file ends before", "}");
    drop_words(&parser);
    for (unsigned i = 0; i < parser.variable_count; i++) {
        free(parser.variables[i].name);
        free(parser.variables[i].value);
    }
    if (error)
        grub_free(config);
    return error;
}

const struct grub_entry *grub_find(const struct grub_config *config,
                                   const char *title)
{
    for (unsigned i = 0; i < config->entry_count; i++) {
        const struct grub_entry *entry = &config->entries[i];
        if (!title ? entry->kernel.file != NULL
                   : entry->title && strcmp(entry->title, title) == 0)
            return entry;
    }
    return NULL;
}

static void free_line(struct grub_line *line)
{
    free(line->file);
    free(line->command_line);
}

void grub_free(struct grub_config *config)
{
    for (unsigned i = 0; i < config->entry_count; i++) {
        struct grub_entry *entry = &config->entries[i];
        free(entry->title);
        free_line(&entry->kernel);
        for (unsigned j = 0; j < entry->module_count; j++)
            free_line(&entry->modules[j]);
        free(entry->modules);
    }
    free(config->entries);
    *config = (struct grub_config){0};
}
