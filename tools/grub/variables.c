/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/grub/state.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a word costs beyond its characters. */
#define FIELD_COST 8

static struct variable *find(struct environment *environment, const char *name,
                             size_t length)
{
    for (unsigned i = 0; i < environment->count; i++) {
        struct variable *variable = &environment->variables[i];
        if (strlen(variable->name) == length &&
            memcmp(variable->name, name, length) == 0)
            return variable;
    }
    return NULL;
}

/* $1 and on, $# and $?. */
static const char *positional(const struct grub *grub, const char *name)
{
    static _Thread_local char number[12];

    if (isdigit((unsigned char)*name)) {
        unsigned long index = strtoul(name, NULL, 10);
        return index < grub->arguments.count ? grub->arguments.values[index]
                                             : "";
    }
    if (*name == '#')
        snprintf(number, sizeof(number), "%u",
                 grub->arguments.count > 0 ? grub->arguments.count - 1 : 0);
    else
        snprintf(number, sizeof(number), "%d", grub->status);
    return number;
}

const char *variable_get(const struct grub *grub, const char *name)
{
    if (isdigit((unsigned char)*name) || *name == '#' || *name == '?')
        return positional(grub, name);
    const struct variable *variable =
        find((struct environment *)&grub->environment, name, strlen(name));
    return variable ? variable->value : "";
}

int variable_set(struct grub *grub, const struct place *place, const char *name,
                 size_t length, const char *value)
{
    struct environment *environment = &grub->environment;
    struct variable *variable = find(environment, name, length);

    if (!variable) {
        if (environment->count == VARIABLES_MAX)
            return refuse(place, "too many variables:", name);
        variable = &environment->variables[environment->count++];
        variable->name = arena_copy(&grub->arena, name, length);
    }
    variable->value = arena_copy(&grub->arena, value, strlen(value));
    return TRUE;
}

void variable_unset(struct grub *grub, const char *name)
{
    struct environment *environment = &grub->environment;
    struct variable *variable = find(environment, name, strlen(name));

    if (variable)
        *variable = environment->variables[--environment->count];
}

/* --- words ---------------------------------------------------------------------- */

/* The field that is being made of a word's parts. */
struct maker {
    struct grub *grub;
    struct fields *fields;
    struct text text;
};

static void end_field(struct maker *maker)
{
    struct fields *fields = maker->fields;

    if (!maker->text.data)
        return;
    if (fields->count == fields->room) {
        unsigned room = fields->room * 2 + 8;
        const char **values =
            arena_take(&maker->grub->arena, room * sizeof(*values));
        if (fields->count > 0)
            memcpy(values, fields->values, fields->count * sizeof(*values));
        fields->values = values;
        fields->room = room;
    }
    fields->values[fields->count++] = maker->text.data;
    maker->text = (struct text){.arena = &maker->grub->arena};
}

static void add_in_pieces(struct maker *maker, const char *value)
{
    while (*value) {
        size_t length = strcspn(value, " \t\n");
        if (length == 0)
            end_field(maker);
        else
            grub_text_add(&maker->text, value, length);
        value += length ? length : 1;
    }
}

/* $* and $@. */
static void add_arguments(struct maker *maker, bool in_one_word)
{
    const struct fields *arguments = &maker->grub->arguments;

    for (unsigned i = 1; i < arguments->count; i++) {
        if (i > 1 && in_one_word)
            grub_text_add(&maker->text, " ", 1);
        else if (i > 1)
            end_field(maker);
        grub_text_add_string(&maker->text, arguments->values[i]);
    }
}

static size_t arguments_size(const struct grub *grub)
{
    size_t size = 0;

    for (unsigned i = 1; i < grub->arguments.count; i++)
        size += strlen(grub->arguments.values[i]) + FIELD_COST;
    return size;
}

static int add_part(struct maker *maker, const struct place *place,
                    const struct word_part *part)
{
    struct grub *grub = maker->grub;
    bool all = part->is_variable && (*part->text == '*' || *part->text == '@');
    const char *value =
        part->is_variable && !all ? variable_get(grub, part->text) : part->text;
    size_t size = (all ? arguments_size(grub) : strlen(value)) + FIELD_COST;

    if (size > grub->bytes_left)
        return refuse(place,
                      "too much comes from variables, here:", part->text);
    grub->bytes_left -= size;
    if (all)
        add_arguments(maker, part->is_quoted && *part->text == '*');
    else if (part->is_variable && !part->is_quoted)
        add_in_pieces(maker, value);
    else
        grub_text_add_string(&maker->text, value);
    return TRUE;
}

int words_expand(struct grub *grub, const struct place *place,
                 const struct word *words, struct fields *fields_out)
{
    struct maker maker = {
        .grub = grub, .fields = fields_out, .text = {.arena = &grub->arena}};

    *fields_out = (struct fields){0};
    for (; words; words = words->next) {
        for (const struct word_part *part = words->parts; part;
             part = part->next)
            if (add_part(&maker, place, part) != TRUE)
                return FAILED;
        end_field(&maker);
    }
    return TRUE;
}
