/* SPDX-License-Identifier: GPL-2.0-or-later */
/* menuentry and submenu, and the lines of an entry that name what it boots. */
#include "tools/grub/state.h"
#include <string.h>

#define MODULES_MAX 256

/* An option of menuentry's that has a value: behind `=' or in the next word.
 * NULL if the word at *INDEX is another. */
static const char *option_value(const struct fields *words, unsigned *index,
                                const char *option)
{
    const char *word = words->values[*index];
    size_t length = strlen(option);

    if (!word || strncmp(word, option, length) != 0)
        return NULL;
    if (word[length] == '=')
        return word + length + 1;
    if (word[length] || *index + 1 >= words->count)
        return NULL;
    return words->values[++*index];
}

static void read_item_words(struct item *item, const struct fields *words)
{
    static const char *const others[] = {"--class", "--users", "--hotkey",
                                         "--source"};

    /* $0 is the command, $1 the title, and so on. */
    item->arguments = *words;
    item->arguments.count = 1;
    for (unsigned i = 1; i < words->count; i++) {
        const char *value = option_value(words, &i, "--id");
        if (value)
            item->id = value;
        for (unsigned j = 0; j < 4 && !value; j++)
            value = option_value(words, &i, others[j]);
        if (!value && strcmp(words->values[i], "--unrestricted") != 0)
            item->arguments.values[item->arguments.count++] = words->values[i];
    }
    if (item->arguments.count > 1)
        item->title = item->arguments.values[1];
}

static int define(struct grub *grub, const struct call *call, bool is_submenu)
{
    const struct place *place = &call->statement->place;
    struct item *item = arena_take(&grub->arena, sizeof(*item));

    read_item_words(item, &call->words);
    if (!item->title || !call->statement->has_body)
        return refuse(place, "a title and a `{' are missing behind",
                      call->words.values[0]);
    if (!grub->menu)
        return refuse(place, "an entry inside an entry:", item->title);
    item->place = *place;
    item->body = call->statement->body;
    item->before = grub->unknown;
    item->is_submenu = is_submenu;
    item->depth = grub->menu_depth;
    *grub->menu->end = item;
    grub->menu->end = &item->next;
    return TRUE;
}

int command_menuentry(struct grub *grub, const struct call *call)
{
    return define(grub, call, false);
}

int command_submenu(struct grub *grub, const struct call *call)
{
    return define(grub, call, true);
}

/* --- what an entry boots ---------------------------------------------------- */

static int fill_line(struct grub *grub, const struct call *call,
                     struct grub_line *line)
{
    const struct fields *words = &call->words;
    struct text text = {.arena = &grub->arena};
    unsigned first = 1;

    while (first < words->count && strncmp(words->values[first], "--", 2) == 0)
        first++;
    if (first >= words->count)
        return refuse(&call->statement->place, "a file name is missing behind",
                      words->values[0]);
    grub_text_add(&text, "", 0);
    for (unsigned i = first + 1; i < words->count; i++) {
        if (text.size > 0)
            grub_text_add(&text, " ", 1);
        grub_text_add_string(&text, words->values[i]);
    }
    line->file = words->values[first];
    line->device = file_device(grub, &line->file);
    line->command_line = text.data;
    line->name = call->statement->place.name;
    line->number = call->statement->place.line;
    return TRUE;
}

int command_multiboot(struct grub *grub, const struct call *call)
{
    if (grub->entry->kernel.file)
        return refuse(&call->statement->place, "a second",
                      call->words.values[0]);
    return fill_line(grub, call, &grub->entry->kernel);
}

int command_module(struct grub *grub, const struct call *call)
{
    struct grub_entry *entry = grub->entry;

    if (!entry->kernel.file)
        return refuse(&call->statement->place, "no multiboot line before",
                      call->words.values[0]);
    if (entry->module_count == MODULES_MAX)
        return refuse(&call->statement->place, "too many modules", NULL);
    if (!entry->modules)
        entry->modules =
            arena_take(&grub->arena, MODULES_MAX * sizeof(*entry->modules));
    return fill_line(grub, call, &entry->modules[entry->module_count++]);
}
