/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entry is wanted, and what it boots. */
#include "tools/complain.h"
#include "tools/grub/state.h"
#include <stdlib.h>
#include <string.h>

#define PATH_LENGTH_MAX 1024

/* An entry, and the menu that it stands in. */
struct choice {
    const struct menu *menu;
    struct item *item;
};

/* Whether LIST has a multiboot line, run or not. */
static bool boots(const struct statement *list)
{
    for (; list; list = list->next) {
        const char *name = list->words ? list->words->plain : NULL;
        if (list->kind == STATEMENT_COMMAND && name &&
            (strcmp(name, "multiboot") == 0 || strcmp(name, "multiboot2") == 0))
            return true;
        if (boots(list->body) || boots(list->otherwise))
            return true;
    }
    return false;
}

/* The first entry of MENU or its submenus that boots something.  Returns a
 * status, FALSE if there is none. */
static int first_that_boots(struct grub *grub, const struct menu *menu,
                            struct choice *choice)
{
    for (struct item *item = menu->first; item; item = item->next) {
        if (!boots(item->body))
            continue;
        if (!item->is_submenu) {
            *choice = (struct choice){menu, item};
            return TRUE;
        }
        const struct menu *inner = menu_open(grub, menu, item);
        int status = inner ? first_that_boots(grub, inner, choice) : FAILED;
        if (status != FALSE)
            return status;
    }
    return FALSE;
}

/* The item of MENU with an identifier or title of LENGTH characters. */
static struct item *find_name(const struct menu *menu, const char *name,
                              size_t length)
{
    for (struct item *item = menu->first; item; item = item->next)
        if ((item->id && strlen(item->id) == length &&
             memcmp(item->id, name, length) == 0) ||
            (strlen(item->title) == length &&
             memcmp(item->title, name, length) == 0))
            return item;
    return NULL;
}

/* The same, or with that number. */
static struct item *find_item(const struct menu *menu, const char *name,
                              size_t length)
{
    struct item *item = menu->first;
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    if (end != name + length || *name < '0' || *name > '9')
        return find_name(menu, name, length);
    while (item && number-- > 0)
        item = item->next;
    return item ? item : find_name(menu, name, length);
}

/* By PATH, whose parts have `>' between them.  Titles may have one, too. */
static int find_path(struct grub *grub, const struct menu *menu,
                     const char *path, struct choice *choice)
{
    size_t whole = strlen(path);

    if (whole > PATH_LENGTH_MAX)
        return FALSE;
    for (size_t length = whole; length > 0; length--) {
        if (path[length] && path[length] != '>')
            continue;
        struct item *item = find_item(menu, path, length);
        if (!item)
            continue;
        if (length == whole) {
            *choice = (struct choice){menu, item};
            return TRUE;
        }
        const struct menu *inner =
            item->is_submenu ? menu_open(grub, menu, item) : NULL;
        if (!inner)
            return item->is_submenu ? FAILED : FALSE;
        const char *rest = path + length + 1;
        return find_path(grub, inner, rest + strspn(rest, " "), choice);
    }
    return FALSE;
}

/* By identifier or title alone, in whatever submenu. */
static int find_anywhere(struct grub *grub, const struct menu *menu,
                         const char *name, struct choice *choice)
{
    for (struct item *item = menu->first; item; item = item->next) {
        if (!item->is_submenu)
            continue;
        const struct menu *inner = menu_open(grub, menu, item);
        if (!inner)
            return FAILED;
        struct item *found = find_name(inner, name, strlen(name));
        if (found) {
            *choice = (struct choice){inner, found};
            return TRUE;
        }
        int status = find_anywhere(grub, inner, name, choice);
        if (status != FALSE)
            return status;
    }
    return FALSE;
}

static int find_wanted(struct grub *grub, const char *wanted,
                       struct choice *choice)
{
    int status = find_path(grub, &grub->top, wanted, choice);

    if (status == FALSE)
        status = find_anywhere(grub, &grub->top, wanted, choice);
    if (status == FALSE)
        return complain("%s: no menuentry `%s' that boots something",
                        grub->name, wanted);
    return status;
}

/* What would boot if nobody touched a key. */
static int find_default(struct grub *grub, struct choice *choice)
{
    const char *name = variable_get(grub, "default");
    int status = FALSE;

    if (*name)
        status = find_path(grub, &grub->top, name, choice);
    if (*name && status == FALSE && grub->top.first) {
        *choice = (struct choice){&grub->top, grub->top.first};
        status = TRUE;
    }
    if (!*name && !grub->outside.kernel.file)
        status = first_that_boots(grub, &grub->top, choice);
    return status;
}

static const struct grub_entry *run_entry(struct grub *grub,
                                          const struct choice *choice)
{
    const struct item *item = choice->item;
    struct grub_entry *entry = arena_take(&grub->arena, sizeof(*entry));

    if (item->before.name) {
        refuse(&item->before.place, "unknown command", item->before.name);
        return NULL;
    }
    grub->environment = choice->menu->environment;
    grub->entry = entry;
    grub->menu = NULL;
    grub->is_strict = true;
    if (evaluate_with(grub, item->body, item->arguments) == FAILED)
        return NULL;
    if (entry->kernel.file)
        return entry;
    complain("%s:%u: the entry `%s' boots nothing: no multiboot line in it",
             item->place.name, item->place.line, item->title);
    return NULL;
}

static const struct grub_entry *run_outside(struct grub *grub)
{
    if (grub->top_unknown.name) {
        refuse(&grub->top_unknown.place, "unknown command",
               grub->top_unknown.name);
        return NULL;
    }
    if (grub->outside.kernel.file)
        return &grub->outside;
    complain("%s: nothing to boot in it", grub->name);
    return NULL;
}

const struct grub_entry *grub_choose(struct grub *grub, const char *wanted)
{
    struct choice choice = {0};
    int status = wanted ? find_wanted(grub, wanted, &choice)
                        : find_default(grub, &choice);

    if (status == TRUE && choice.item->is_submenu) {
        const struct menu *inner = menu_open(grub, choice.menu, choice.item);
        status = inner ? first_that_boots(grub, inner, &choice) : FAILED;
    }
    if (status == FAILED)
        return NULL;
    if (status == TRUE)
        return run_entry(grub, &choice);
    return run_outside(grub);
}
